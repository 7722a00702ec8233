"""journal.jsonl: appended, flushed to the disk, locked while its run is going on."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field, RootModel, ValidationError
from pydantic_core import to_json

from witnessmark import plainfile
from witnessmark.bag.record import encodable
from witnessmark.errors import JournalError, UsageError
from witnessmark.model.journal import Entry

if TYPE_CHECKING:
    from pathlib import Path

NAME = "journal.jsonl"
FORMAT = 1
PATIENCE_S = 2.0


class _Line(RootModel[Annotated[Entry, Field(discriminator="entry")]]):
    model_config = ConfigDict(allow_inf_nan=False)


class Journal:
    """An open journal. Holding it is holding the run: nobody else can open it meanwhile."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd
        self._lock = threading.Lock()

    def add(self, entry: Entry, *, sync: bool = True) -> None:
        """Append one entry. With ``sync`` it is on the disk when this returns.

        Without it, it survives the death of this process, but not a loss of power.
        """
        line = to_json(encodable(_Line(entry).model_dump(mode="python"))) + b"\n"
        try:
            with self._lock:
                while line:
                    line = line[os.write(self._fd, line) :]
                if sync:
                    os.fsync(self._fd)
        except OSError as problem:
            raise JournalError(
                f"{self.path}: cannot be written any more ({problem.strerror}); without it nothing "
                "is done on a host"
            ) from problem

    def close(self) -> None:
        """Let go of the run."""
        os.close(self._fd)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def create(folder: Path) -> Journal:
    """A new journal in a run's folder.

    Raises:
        JournalError: if it cannot be written: without it nothing is done on any host.
    """
    path = folder / NAME
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
    try:
        journal = Journal(path, os.open(path, flags, 0o600))
        _hold(journal)
        _sync_folder(folder)
    except OSError as problem:
        raise JournalError(
            f"{path}: cannot be written ({problem.strerror}); name another folder with --reports"
        ) from problem
    return journal


def reopen(folder: Path) -> tuple[Journal, list[tuple[int, Entry]]]:
    """The journal of a run whose controller died, and its entries with their line numbers.

    A last line that was cut off in the middle is dropped: it was never promised to anybody.

    Raises:
        UsageError: if there is none, or if its run is still going on.
        JournalError: for a line that is no entry; names file, line and the mend.
    """
    path = folder / NAME
    try:
        flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(path, flags)
    except FileNotFoundError:
        raise UsageError(f"{folder}: no {NAME} here, so there is no run to resume") from None
    except OSError as problem:
        raise JournalError(f"{path}: cannot be opened ({problem.strerror})") from problem
    journal = Journal(path, fd)
    try:
        if kind := plainfile.other(path):
            raise JournalError(f"{path}: is {kind}, and no journal of a run")
        _hold(journal)
        return journal, _entries(path, fd)
    except BaseException:
        journal.close()
        raise


def _hold(journal: Journal) -> None:
    """Take the lock. A child that a killed controller was just starting may hold it a moment."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(journal._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise UsageError(
                    f"{journal.path.parent}: this run is still going on, or is being resumed just "
                    "now; wait for it or stop it first"
                ) from None
            time.sleep(0.05)
        else:
            return


def _entries(path: Path, fd: int) -> list[tuple[int, Entry]]:
    raw = path.read_bytes()
    whole = raw.rfind(b"\n") + 1
    os.ftruncate(fd, whole)
    found = []
    for number, line in enumerate(raw[:whole].splitlines(), 1):
        try:
            found.append((number, _Line.model_validate_json(line).root))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise broken(path, number, f"is no entry{f' at {where}' if where else ''}") from None
    return found


def broken(path: Path, line: int, what: str) -> JournalError:
    """A journal that cannot be trusted: the hosts can be cleaned without it all the same."""
    return JournalError(
        f"{path}:{line}: {what}, so this run cannot be resumed; clean its hosts with "
        f"`witnessmark cleanup --run {path.parent.name}`"
    )


def _sync_folder(folder: Path) -> None:
    """A new file is on the disk only once its folder is."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
