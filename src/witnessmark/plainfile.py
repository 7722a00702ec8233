"""Reads and writes plain files only: a pipe would hang, a link would lead out of the folder."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_INERT = os.O_NONBLOCK | os.O_CLOEXEC
"""Opening a pipe then neither waits for its other end nor, for writing, succeeds without one."""
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def append(path: Path, data: bytes) -> None:
    """Add to a file of a folder that somebody else may have made; made if there is none.

    Raises:
        OSError: it is a symbolic link or no plain file, or cannot be written; ``strerror`` says.
    """
    _put(path, data, os.O_APPEND)


def place(path: Path, data: bytes) -> None:
    """Write a whole file into such a folder, in place of what it held.

    Raises:
        OSError: as ``append``.
    """
    _put(path, data, 0)


def read(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of a plain file, or of one that a link leads to.

    Raises:
        OSError: it is no plain file, or cannot be read; ``strerror`` says.
    """
    _plain(path, path.stat().st_mode)
    with os.fdopen(os.open(path, os.O_RDONLY | _INERT), "rb") as file:
        _plain(path, os.fstat(file.fileno()).st_mode)
        return file.read(most)


def other(path: Path) -> str | None:
    """What a path is if it is no plain file, nor a link to one: ``a folder``; None if it is one.

    Raises:
        OSError: there is nothing, or it cannot be looked at.
    """
    return _kind(path.stat().st_mode)


def _put(path: Path, data: bytes, how: int) -> None:
    if path.is_symlink():
        raise OSError(0, "it is a symbolic link", str(path))
    if path.exists():  # a pipe without a reader cannot even be opened to be looked at
        _plain(path, path.stat().st_mode)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | _INERT | how, 0o666)
    with os.fdopen(fd, "wb") as file:
        _plain(path, os.fstat(fd).st_mode)
        if not how:
            file.truncate(0)
        file.write(data)


def _plain(path: Path, mode: int) -> None:
    if kind := _kind(mode):
        raise OSError(0, f"it is {kind}, not a plain file", str(path))


def _kind(mode: int) -> str | None:
    return next((name for test, name in _KINDS if test(mode)), None)
