"""What `make coverage` holds is what the architecture calls pure, and nothing is left out of it."""

import re
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
REPORT = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["tool"]["coverage"]["report"]
PURE = (
    "model",
    "content",
    "inventory",
    "telemetry",
    "analytic",
    "judge",
    "compare",
    "report",
    "validators",
)


def covered() -> set[Path]:
    return {file for pattern in REPORT["include"] for file in TOP.glob(pattern)}


@pytest.mark.parametrize("pattern", REPORT["include"])
def test_every_pure_part_is_there(pattern: str) -> None:
    assert any(file.suffix == ".py" for file in TOP.glob(pattern))


def test_every_module_of_a_pure_folder_is_covered() -> None:
    folders = [TOP / "src" / "witnessmark" / name for name in (*PURE, "validators")]
    folders.append(TOP / "validators")
    modules = {file for folder in folders for file in folder.rglob("*.py")}
    assert modules - covered() == set()


def test_nothing_below_all_of_it_will_do() -> None:
    assert REPORT["fail_under"] == 100


def test_only_what_cannot_run_is_left_out() -> None:
    """The list replaces coverage's own, so that a comment in a file leaves nothing out."""
    left_out = [re.compile(item) for item in REPORT["exclude_lines"]]
    for file in covered() - {file for file in covered() if file.suffix != ".py"}:
        for line in file.read_text("utf-8").splitlines():
            if any(item.search(line) for item in left_out):
                assert line == "if TYPE_CHECKING:" or line.endswith("(Protocol):"), (file, line)
            assert "pragma: no" not in line, file
