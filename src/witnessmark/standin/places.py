"""Where a path argument of a stopped call leads, resolved by the kernel itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .files import FileStat, read_link, stat, stat_fd
from .syscalls import AT_FDCWD

if TYPE_CHECKING:
    from .ptrace import Entry, Reader

_O_PATH = os.O_PATH if hasattr(os, "O_PATH") else 0


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a folder: what rename, unlink and their kind work on."""

    folder: bytes
    folder_stat: FileStat | None
    name: bytes
    found: FileStat | None
    """The file there before the call; ``None``: none."""

    @property
    def path(self) -> bytes:
        """The real path."""
        return self.folder.rstrip(b"/") + b"/" + self.name


def given_path(
    reader: Reader, tid: int, entry: Entry, dirfd: int | None, position: int
) -> bytes | None:
    """A path argument in a form that this process can open: relative ones through /proc.

    /proc is asked for the thread, not its process, whose first thread may have ended alone.
    """
    text = reader.text(tid, entry.args[position])
    if text is None:
        return None
    if text.startswith(b"/"):
        return _not_ours(text, tid)
    number = AT_FDCWD if dirfd is None else _signed(entry.args[dirfd])
    base = b"/proc/%d/cwd" % tid if number == AT_FDCWD else b"/proc/%d/fd/%d" % (tid, number)
    return base + b"/" + text if text else base


def locate(path: bytes) -> Place | None:
    """Resolve the folder of a path but not its last part. ``None``: there is no such folder."""
    folder, _, name = path.rstrip(b"/").rpartition(b"/")
    try:
        fd = os.open(folder or b"/", _O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        real = read_link(b"/proc/self/fd/%d" % fd)
        return Place(real, stat_fd(fd), name, stat(path, follow=False))
    finally:
        os.close(fd)


def resolve(path: bytes, *, follow: bool) -> tuple[bytes, FileStat] | None:
    """The real path and metadata of an existing file."""
    if not follow:
        place = locate(path)
        return None if place is None or place.found is None else (place.path, place.found)
    try:
        fd = os.open(path, _O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = stat_fd(fd)
        return None if found is None else (read_link(b"/proc/self/fd/%d" % fd), found)
    finally:
        os.close(fd)


def _not_ours(path: bytes, tid: int) -> bytes:
    """Paths that mean "my own" mean those of the stopped thread, not of the recorder."""
    for own in (b"/proc/self/", b"/proc/thread-self/", b"/dev/"):
        if path.startswith(own):
            rest = path[len(own) :]
            if own != b"/dev/" or rest.startswith(b"fd/"):
                return b"/proc/%d/%s" % (tid, rest)
    return path


def _signed(argument: int) -> int:
    low = argument & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low
