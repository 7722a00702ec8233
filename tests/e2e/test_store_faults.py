"""A store that does not keep what was written: nobody could look, which is never a good verdict."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from witnessmark.content import faults
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(240),
]

BROKEN = ("store-truncated", "store-corrupt-line", "store-unknown-shape")
ROTATED = "store-rotated"
HOSTS = (*BROKEN, ROTATED)


@pytest.fixture(scope="module")
def cases() -> Iterator[dict[str, dict[str, object]]]:
    """One run over four hosts, each with its own fault."""
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        state, reports = Path(name, "state"), Path(name, "reports")
        given = {item: list(map(dict, faults.load(item).faults)) for item in HOSTS}
        standin.boot(state, list(HOSTS), given, tied=True, timeout_s=120)
        try:
            subprocess.run(
                [
                    *(sys.executable, "-m", "witnessmark", "run", "--profile", "demo", "-q"),
                    *("--state", str(state), "--reports", str(reports), "-s", "p11", "-s", "n14"),
                ],
                env=dict(os.environ),
                check=False,
                capture_output=True,
                timeout=200,
            )
            found = json.loads((reports / "latest/verdicts.json").read_text("utf-8"))
        finally:
            standin.shutdown(state, remove=True)
        yield {case["id"]: case for case in found["cases"]}


@pytest.mark.parametrize("host", BROKEN)
@pytest.mark.parametrize("case", ["p11-quarantined-download.downloads", "n14-run-after-window"])
def test_what_the_fault_touches_is_inconclusive_and_never_good(
    cases: dict[str, dict[str, object]], host: str, case: str
) -> None:
    found = cases[f"{case}:{host}"]
    assert (found["verdict"], found["first_broken_link"]) == ("inconclusive", "recorded")
    assert found["ok"] is False


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ("p11-quarantined-download.downloads", "detected"),
        ("n14-run-after-window", "silent as expected"),
    ],
)
def test_a_store_is_followed_through_its_rotation(
    cases: dict[str, dict[str, object]], case: str, verdict: str
) -> None:
    found = cases[f"{case}:{ROTATED}"]
    assert (found["verdict"], found["first_broken_link"]) == (verdict, None), found["findings"]
    assert found["ok"] is True
