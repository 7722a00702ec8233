"""Every example of docs/commands/ is run as it stands, and must say what the page shows.

In a fenced ``console`` block a line ``$ COMMAND`` is run by sh in a folder where one stand-in is up
and ``reports/latest`` is a finished demo; the exit status must be 0, or N where the line ends in
``# exit N``. The lines below it must appear in its output in that order; ``...`` stands for any
text within a line, and a line ``...`` is no more than a reader's hint that others come between.
A block ``console fresh`` is run in an empty folder of its own, where nothing is up.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from witnessmark.standin.launch import refusal
from witnessmark.standin.state import shutdown

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(refusal() is not None, reason=str(refusal())),
    pytest.mark.skipif(shutil.which("ssh") is None, reason="needs an OpenSSH client"),
    pytest.mark.timeout(300),
]

BASE = Path(__file__).parents[2]
PAGES = sorted(BASE.glob("docs/commands/*.md"))
BLOCK = re.compile(r"(?ms)^```console( fresh)?\n(.*?)^```$")
STATE = Path(".witnessmark/standin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One command of a page, with what the page promises of it."""

    command: str
    status: int
    lines: tuple[str, ...]
    fresh: bool


def shown(text: str) -> list[Shown]:
    """The commands of a page, in order."""
    found = []
    for block in BLOCK.finditer(text):
        for part in re.split(r"(?m)^\$ ", block[2])[1:]:
            command, *lines = part.replace("\\\n", " ").splitlines()
            status = re.search(r"# exit (\d+)$", command)
            found.append(
                Shown(
                    command=command,
                    status=int(status[1]) if status else 0,
                    lines=tuple(line for line in lines if line.strip() not in ("", "...")),
                    fresh=bool(block[1]),
                )
            )
    return found


def fits(line: str, said: str) -> bool:
    """Whether a line of output is the one that the page shows."""
    pattern = ".*".join(re.escape(part) for part in line.rstrip().split("..."))
    return re.fullmatch(pattern, said.rstrip()) is not None


def missing(lines: tuple[str, ...], output: str) -> str | None:
    """The first shown line that the output does not have in its turn."""
    said = iter(output.splitlines())
    return next((line for line in lines if not any(fits(line, item) for item in said)), None)


def sh(command: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one stand-in up and a finished demo."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "home").mkdir()
    try:
        for command in ("witnessmark demo -q -s p11 -s p07 -s n14", "witnessmark standin up"):
            done = sh(command, folder, folder / "home")
            assert done.returncode == 0, done.stdout
        yield folder
    finally:
        shutdown(folder / STATE, remove=True)


@pytest.fixture
def finished(place: Path) -> Iterator[Path]:
    """The same, and whatever an example made of ``reports/latest`` is undone."""
    latest = place / "reports/latest"
    target = latest.readlink()
    yield place
    latest.unlink()
    latest.symlink_to(target)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutdown(tmp_path / STATE, remove=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_example_does_what_its_page_shows(page: Path, finished: Path, fresh: Path) -> None:
    examples = shown(page.read_text("utf-8"))
    assert examples or page.stem == "README", "a page without an example"
    for example in examples:
        done = sh(example.command, fresh if example.fresh else finished, finished / "home")
        told = f"$ {example.command}\n{done.stdout}"
        assert done.returncode == example.status, told
        assert missing(example.lines, done.stdout) is None, told


def test_the_reader_of_pages_is_no_pushover() -> None:
    page = "```console\n$ a b  # exit 3\none ... two\n...\nlast\n$ c \\\n  d\n```\n"
    page += "```console fresh\n$ e\n```\n"
    first, second, third = shown(page)
    assert (first.command, first.status, first.lines) == (
        "a b  # exit 3",
        3,
        ("one ... two", "last"),
    )
    assert second.command.split() == ["c", "d"]
    assert (second.fresh, third.fresh) == (False, True)
    assert missing(first.lines, "zero\none x two\nthree\nlast") is None
    assert missing(first.lines, "last\none x two") == "last", "the order counts"
    assert missing(("a",), "ab") == "a", "the whole line counts"
    assert missing(("a.c",), "abc") == "a.c"
