"""How a run stands, asked without touching it: over, going on, or unfinished."""

from __future__ import annotations

import fcntl
import json
from enum import Enum
from typing import TYPE_CHECKING

from witnessmark.bag.read import RECORD, Bag, open_bag
from witnessmark.errors import BagError
from witnessmark.journal.file import NAME
from witnessmark.plan import RUN_ID

if TYPE_CHECKING:
    from pathlib import Path


class Standing(Enum):
    """What the last entry of a run's journal means."""

    JUDGED = "it was sealed and judged"
    REVERTED = "it ended before its bag was sealed, and its hosts were cleaned"
    GOING_ON = "it is still going on"
    UNFINISHED = "it is unfinished"
    UNTOUCHED = "it ended before it touched any host"


def standing(folder: Path) -> Standing | None:
    """How the run in a folder stands; None where there is no journal that can be read.

    Nothing is written, and a controller that holds the run is not disturbed.
    """
    try:
        with (folder / NAME).open("rb") as file:
            last = _last(file.read())
            held = _held(file.fileno())
    except OSError:
        return None
    entry = None if last is None else last.get("entry")
    if entry == "judged":
        return Standing.JUDGED
    if held:
        return Standing.GOING_ON
    if entry == "reverted":
        return Standing.REVERTED
    return Standing.UNTOUCHED if last is None else Standing.UNFINISHED


def newest(reports: Path) -> Path | None:
    """The newest run with a journal below a folder of runs."""
    runs = [item.parent for item in reports.glob(f"*/{NAME}") if RUN_ID.fullmatch(item.parent.name)]
    return max(runs, default=None)


def is_latest(path: Path) -> bool:
    """Whether a path is the link to the run that was *sealed* last, or stands where it would be."""
    return path.name == "latest" and (path.is_symlink() or not path.exists())


def newer(path: Path) -> str | None:
    """The sentence about an unfinished run that is newer than the one ``latest`` points at."""
    found = newest(path.parent) if is_latest(path) else None
    sealed = path.resolve().name if path.exists() else None
    if found is None or (sealed is not None and found.name <= sealed):
        return None
    is_now = f"{path} is {sealed}" if sealed else f"no {path} yet"
    how = standing(found)
    if how is Standing.UNFINISHED:
        mend = f"finish it with `witnessmark resume {found.name}`"
        return f"{is_now}; {found.name} is newer and unfinished: {mend}"
    if how is Standing.GOING_ON:
        return f"{is_now}; {found.name} is newer and still going on"
    return None


def open_run(path: Path) -> Bag:
    """Open a bag, or the bag inside a run folder.

    Raises:
        BagError: as ``open_bag``; of a run without a sealed bag, with how the run stands.
    """
    folder = path / "bag" if (path / "bag").is_dir() else path
    run = folder.parent if folder.name == "bag" else folder
    if not (folder / RECORD).is_file() and (how := standing(run)) is not None:
        raise BagError(f"{path}: {_unsealed(run, how)}")
    return open_bag(path)


def _unsealed(run: Path, how: Standing) -> str:
    if how is Standing.REVERTED:
        return (
            f"this run was interrupted and reverted{_why(run)}; its bag was never sealed, so there "
            "is nothing to judge"
        )
    if how is Standing.GOING_ON:
        return "this run is still going on; its bag is sealed at its end"
    if how is Standing.UNFINISHED:
        return (
            "this run is unfinished, so its bag is not sealed yet: finish it with "
            f"`witnessmark resume {run.resolve().name}`"
        )
    return f"no evidence bag here: {how.value}"


def _why(run: Path) -> str:
    """Why it was reverted, where it says more than that it was interrupted."""
    why = (_last((run / NAME).read_bytes()) or {}).get("why")
    return f" ({why})" if isinstance(why, str) and why != "it was interrupted" else ""


def _last(raw: bytes) -> dict[str, object] | None:
    """The last whole entry; None where there is none, empty where it is no entry."""
    lines = raw[: raw.rfind(b"\n") + 1].splitlines()
    if not lines:
        return None
    try:
        found = json.loads(lines[-1])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _held(fd: int) -> bool:
    """Whether a controller holds the run; asking lets go of it at once."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False
