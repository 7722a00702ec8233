"""A disk that is full: what needs room on it is answered ENOSPC, as any file system would.

The program that asks is a real one and hears it from the kernel: its call is skipped and its answer
is set while it is stopped (ptrace(2), seccomp(2) "SECCOMP_RET_TRACE"). So an ordinary user can have
a full disk without a file system of its own. Removing files makes no room again.
"""

from __future__ import annotations

import errno
import stat as modes
from typing import TYPE_CHECKING

from . import ptrace
from .files import read_link, stat
from .opening import makes
from .syscalls import CALLS, ROOM, Op

if TYPE_CHECKING:
    from .faults.outside import OutsideFaults
    from .look import Look
    from .processes import Thread
    from .ptrace import Entry
    from .syscalls import Call


class Room:
    """Whether a host's disk has room; asked for every trapped call."""

    def __init__(self, outside: OutsideFaults, look: Look) -> None:
        self._outside = outside
        self._look = look

    def denied(self, thread: Thread, entry: Entry) -> bool:
        """Whether the call needed room that is not there; it is then already answered."""
        if not self._outside.full:
            return False
        call = (*CALLS, *ROOM)[entry.position]
        if not self._needs_room(thread, call, entry):
            return False
        ptrace.refuse(thread.tid, errno.ENOSPC)
        return True

    def _needs_room(self, thread: Thread, call: Call, entry: Entry) -> bool:
        if call.op is Op.WRITE:
            return self._on_disk(thread, entry.args[call.fd or 0] & 0xFFFFFFFF)
        if call.op is Op.OPEN:
            path = makes(self._look, thread, call, entry)
            return path is not None and self._look.inside(self._look.view.locate(path))
        if call.op is Op.MKDIR:
            place = self._look.first_place(thread, call, entry)
            return place is not None and place.found is None and self._look.inside(place)
        return False

    def _on_disk(self, thread: Thread, number: int) -> bool:
        link = b"/proc/%d/fd/%d" % (thread.tid, number)
        try:
            path = read_link(link)
        except OSError:
            return False  # no such descriptor: the kernel will say so itself
        found = stat(link)
        return (
            found is not None and modes.S_ISREG(found.mode) and self._look.translator.inside(path)
        )
