"""The state directory itself: made private, locked while it changes, removed when empty."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = frozenset({"client_key", "client_key.pub", "known_hosts", "inventory.yaml", "lock"})
_PATIENCE_S = 60.0


def default() -> Path:
    """$WITNESSMARK_STATE, else ``.witnessmark/standin`` in the working directory."""
    return Path(os.environ.get("WITNESSMARK_STATE") or ".witnessmark/standin")


@contextlib.contextmanager
def locked(state: Path, *, create: bool) -> Iterator[Path]:
    """Holds the directory for one process at a time; gives its real path, without symlinks.

    Raises FileNotFoundError if it is not there and not to be created; HostError if it is not ours
    to use: another user's, or a folder with other things in it (``down`` deletes what lies here, so
    nothing that a stand-in did not make may).
    """
    state = state.absolute()
    lock = _acquire(state, create=create)
    try:
        yield state.resolve()
    finally:
        os.close(lock)


def dissolve(state: Path) -> None:
    """Removes the directory's own files and, if nothing else is left, the directory."""
    for name in FILES:
        (state / name).unlink(missing_ok=True)
    for partial in state.glob(".*.*"):
        partial.unlink()
    with contextlib.suppress(OSError):  # something else lies in it, which is not ours to delete
        state.rmdir()
        if state.parent.name == ".witnessmark":
            state.parent.rmdir()


def _create(state: Path) -> None:
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = state.stat()
        strangers = {path.name for path in state.iterdir()} - FILES
    except OSError as problem:
        raise HostError(
            f"{state}: a stand-in's files cannot be kept here ({problem.strerror}); name another "
            "folder with --state DIR"
        ) from problem
    if found.st_uid != os.geteuid():
        raise HostError(f"the state directory {state} belongs to another user")
    known = (state / "lock").exists()
    if strangers and not known:
        raise HostError(f"{state} holds files that no stand-in made: choose an empty or new folder")
    if stat.S_IMODE(found.st_mode) != 0o700:
        state.chmod(0o700)


def _acquire(state: Path, *, create: bool) -> int:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        if create:
            _create(state)
        lock = _try(state / "lock")
        if lock is not None:
            return lock
        if time.monotonic() > deadline:
            raise HostError(
                f"another process has been booting or stopping stand-ins in {state} "
                f"for {_PATIENCE_S:.0f} s"
            )
        time.sleep(0.02)


def _try(path: Path) -> int | None:
    """The held lock, or None if another holds it or took the file away under our hands."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock).st_ino == path.stat().st_ino:
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None
