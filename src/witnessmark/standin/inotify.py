"""inotify(7) by ctypes: hears that files were changed and closed, each watched by inode.

A file is watched through a descriptor at the moment it was opened for writing, so that no rename,
new directory or race can hide its close.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator

MODIFIED, CLOSED, OVERFLOWED, GONE = 0x2, 0x8, 0x4000, 0x8000
"""IN_MODIFY, IN_CLOSE_WRITE, IN_Q_OVERFLOW, IN_IGNORED."""

_HEADER = struct.Struct("=iIII")
_F_SETSIG = 10
_BUFFER = 1 << 16

_libc = ctypes.CDLL(None, use_errno=True)


class Inotify:
    """One queue of file events, in the order in which the kernel made them."""

    def __init__(self) -> None:
        self.fd = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))

    def announce_by(self, sig: signal.Signals) -> None:
        """Raise `sig` in this process whenever the queue has something to read."""
        fcntl.fcntl(self.fd, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(self.fd, _F_SETSIG, sig)
        fcntl.fcntl(self.fd, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)

    def watch(self, path: bytes, mask: int) -> int:
        """Watch the file at `path`; the same file always gets the same number. OSError: limits."""
        return _checked(_libc.inotify_add_watch(self.fd, path, mask))

    def unwatch(self, watch: int) -> None:
        """Stop watching. A watch that ended by itself (its file was deleted) is no error."""
        _libc.inotify_rm_watch(self.fd, watch)

    def read(self) -> Iterator[tuple[int, int]]:
        """Every waiting event as (watch, mask)."""
        while True:
            try:
                data = os.read(self.fd, _BUFFER)
            except BlockingIOError:
                return
            yield from decode(data)
            if len(data) < _BUFFER // 2:
                return

    def close(self) -> None:
        """Forget all watches."""
        os.close(self.fd)


def decode(data: bytes) -> Iterator[tuple[int, int]]:
    """(watch, mask) of each ``struct inotify_event`` in `data`."""
    offset = 0
    while offset < len(data):
        watch, mask, _cookie, length = _HEADER.unpack_from(data, offset)
        yield watch, mask
        offset += _HEADER.size + length


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, _REASONS.get(number, os.strerror(number)))
    return result


_REASONS = {
    errno.ENOSPC: "no inotify watch left (fs.inotify.max_user_watches)",
    errno.EMFILE: "no inotify instance left (fs.inotify.max_user_instances)",
}
