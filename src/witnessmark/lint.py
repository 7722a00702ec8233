"""Checks content before anybody runs it: every problem of every file at once, with its place.

A file is known by its name and folder, as the shipped content lies: ``scenario.yaml``,
``analytic.yaml``, ``*.sh``, and YAML in a folder ``faults``, ``retention`` or ``workflows``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark import inventory
from witnessmark.analytic import parameters
from witnessmark.content import faults, root, scenarios, steps
from witnessmark.content.durations import seconds
from witnessmark.content.located import load, read
from witnessmark.errors import ContentError, WitnessmarkError
from witnessmark.model.run import RetentionProfile
from witnessmark.model.workflows import Workflow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

_PLACE = re.compile(r"(?P<file>[^\n]+?)(?::(?P<line>[0-9]+))?: (?P<what>.*)", re.DOTALL)
NOWHERE = "-"
"""Stands for the file of a problem that no file has, such as that ansible-runner failed here."""
SHELLS = ("dash", "bash", "sh")
"""Shells whose parsers are asked, where this machine has them: a script must suit each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, and where; line 0 where the whole file is meant."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        """``file:line: what``."""
        return f"{self.file}:{self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


def lint(paths: Sequence[Path], inventories: Sequence[Path] = ()) -> tuple[Problem, ...]:
    """Every problem of the given files and folders (none given: all shipped content)."""
    places = paths or [root() / name for name in ("scenarios", "analytics", "inventory")]
    said: list[str] = []
    for place in places:
        said += _place(place, named=bool(paths))
    if inventories:
        said += _complaints(lambda: inventory.load(inventories))
    return tuple(_problem(text) for text in dict.fromkeys(said))


def _place(place: Path, *, named: bool) -> Iterator[str]:
    if not place.is_dir():
        yield from _file(place, named=named)
        return
    if any(place.glob("*/*/scenario.yaml")):
        yield from _complaints(lambda: scenarios.load_all(place))
    for file in sorted(item for item in place.rglob("*") if item.is_file()):
        if file.suffix in (".sh", ".yaml"):
            yield from _file(file, named=False)


def _file(file: Path, *, named: bool) -> Iterable[str]:
    if not file.is_file():
        return [f"{file}: is no file or folder"]
    if file.suffix == ".sh":
        return _script(file)
    if file.name == "scenario.yaml":
        return _complaints(lambda: scenarios.load_one(file)) if named else []
    if file.name == "analytic.yaml":
        return _complaints(lambda: parameters.load(file))
    check = _BY_FOLDER.get(file.parent.name)
    if check is not None:
        return check(file)
    unknown = f"{file}: is no content that lint knows; give an inventory with -i"
    return [unknown] if named else []


def _complaints(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except ContentError as error:
        return list(error.problems)
    except WitnessmarkError as error:
        return [f"{NOWHERE}: {error}"]
    return []


def _script(file: Path) -> Iterator[str]:
    if file.name == "run.sh" or file.parent.name == "lib":
        yield from steps.unknown(file)
    for shell in SHELLS:
        if shutil.which(shell) is None:
            continue
        done = subprocess.run(
            [shell, "-n", str(file.absolute())],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=30,
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
            line = re.search(r"(?:line )?([0-9]+): ", said.removeprefix(str(file.absolute())))
            where = f"{file}:{line[1]}" if line else f"{file}"
            yield f"{where}: {shell} cannot read it: {said.rpartition(': ')[2]}"


def _fault(file: Path) -> list[str]:
    return _complaints(lambda: faults.load(str(file))) + _named(file)


def _retention(file: Path) -> list[str]:
    def check() -> None:
        profile = load(file, RetentionProfile)
        try:
            seconds(profile.required)
        except ValueError as problem:
            raise ContentError([f"{file}: required: {problem}"]) from problem

    return _complaints(check) + _named(file)


def _workflow(file: Path) -> list[str]:
    return _complaints(lambda: load(file, Workflow)) + _named(file)


def _named(file: Path) -> list[str]:
    """Content is found by its file's name, so its id must be that."""
    try:
        document = read(file)
    except ContentError:
        return []
    found = document.data.get("id") if isinstance(document.data, dict) else None
    if not isinstance(found, str) or found == file.stem:
        return []
    return [f"{document.where(('id',))}: id {found} must be the file's name, {file.stem}"]


_BY_FOLDER: dict[str, Callable[[Path], list[str]]] = {
    "faults": _fault,
    "retention": _retention,
    "workflows": _workflow,
}


def _problem(text: str) -> Problem:
    found = _PLACE.fullmatch(text)
    if found is None:
        return Problem(file=NOWHERE, line=0, what=text)
    return Problem(file=found["file"], line=int(found["line"] or 0), what=found["what"])
