"""What a path argument of a stopped call means: whose `/` and whose working folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .syscalls import AT_FDCWD
from .view import Given

if TYPE_CHECKING:
    from .ptrace import Entry, Reader

_OWN_FOLDER = re.compile(rb"(cwd|root|fd/\d+|task/\d+/cwd)(?:/+(.*))?", re.DOTALL)


def given_path(
    reader: Reader, tid: int, entry: Entry, dirfd: int | None, position: int
) -> Given | None:
    """A path argument in a form that `View` can open: relative ones through /proc.

    /proc is asked for the thread, not its process, whose first thread may have ended alone.
    """
    text = reader.text(tid, entry.args[position])
    if text is None:
        return None
    if text.startswith(b"/"):
        return own(text, tid)
    number = AT_FDCWD if dirfd is None else _signed(entry.args[dirfd])
    base = b"/proc/%d/cwd" % tid if number == AT_FDCWD else b"/proc/%d/fd/%d" % (tid, number)
    return Given(base, text)


def own(path: bytes, tid: int) -> Given:
    """Paths that mean "my own" mean those of the stopped thread, not of the recorder."""
    for start in (b"/proc/self/", b"/proc/thread-self/", b"/dev/"):
        if path.startswith(start):
            rest = path[len(start) :]
            if start != b"/dev/" or rest.startswith(b"fd/"):
                return _through_proc(rest, tid)
    return Given(b"", path)


def _through_proc(rest: bytes, tid: int) -> Given:
    folder = _OWN_FOLDER.fullmatch(rest)
    if folder is None:
        return Given(b"/proc/%d" % tid, rest)
    return Given(b"/proc/%d/%s" % (tid, folder[1]), folder[2] or b"")


def _signed(argument: int) -> int:
    low = argument & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low
