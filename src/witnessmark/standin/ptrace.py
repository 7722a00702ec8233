"""ptrace(2), seccomp(2) and process_vm_readv(2) by ctypes: as little as the recorder needs.

Every request on a process that died meanwhile (ESRCH) is ignored: its end is reported by wait.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import Any, NamedTuple

CONT, SYSCALL = 7, 24
_POKE_USER = 6
_ORIG_RAX, _RAX = 120, 80
"""Places in ``struct user`` of x86_64 (sys/user.h)."""
_SEIZE, _LISTEN, _GET_EVENT_MESSAGE, _GET_SYSCALL_INFO = 0x4206, 0x4208, 0x4201, 0x420E

EVENT_FORK, EVENT_VFORK, EVENT_CLONE, EVENT_EXEC, EVENT_SECCOMP, EVENT_STOP = 1, 2, 3, 4, 7, 128
WALL = 0x40000000
SYSCALL_STOP = 5 | 0x80
"""SIGTRAP as PTRACE_O_TRACESYSGOOD marks it."""
OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
"""TRACESYSGOOD, FORK, VFORK, CLONE, EXEC, SECCOMP, EXITKILL: no process outlives the recorder."""

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER = 38, 22, 36
_SECCOMP_MODE_FILTER = 2
_INFO_SIZE = 88
_PAGE = 4096
_SHORT = 256

_libc = ctypes.CDLL(None, use_errno=True)
_ptrace: Any = getattr(_libc, "ptrace", None)
_prctl: Any = getattr(_libc, "prctl", None)
_read_memory: Any = getattr(_libc, "process_vm_readv", None)
if _ptrace and _prctl and _read_memory:  # absent on macOS, where only refusal() is asked for
    _ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    _ptrace.restype = ctypes.c_long
    _prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
    _read_memory.argtypes = (ctypes.c_int, *(ctypes.c_void_p, ctypes.c_ulong) * 2, ctypes.c_ulong)
    _read_memory.restype = ctypes.c_ssize_t


class _IoVec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _request(request: int, tid: int, address: int, data: int) -> bool:
    if _ptrace(request, tid, address, data) != -1:
        return True
    number = ctypes.get_errno()
    if number != errno.ESRCH:
        raise OSError(number, os.strerror(number))
    return False


def seize(pid: int) -> None:
    """Start tracing `pid` and all it will ever start, without stopping it."""
    if not _request(_SEIZE, pid, 0, OPTIONS):
        raise ProcessLookupError(errno.ESRCH, f"process {pid} ended before it could be traced")


def resume(tid: int, request: int = CONT, sig: int = 0) -> None:
    """Let a stopped thread run on, with `sig` delivered to it."""
    _request(request, tid, 0, sig)


def listen(tid: int) -> None:
    """Leave a thread in its group-stop (SIGSTOP, SIGTSTP), but hear of its SIGCONT."""
    _request(_LISTEN, tid, 0, 0)


def refuse(tid: int, number: int) -> None:
    """Skip the call at whose entry the filter stopped a thread; it fails with this error.

    Only on x86_64, where the registers lie at `_ORIG_RAX` and `_RAX`.
    """
    unsigned = (1 << 64) - 1
    for place, value in ((_ORIG_RAX, -1), (_RAX, -number)):
        _request(_POKE_USER, tid, place, value & unsigned)


class Entry(NamedTuple):
    """A call at which the filter stopped a thread, before it is carried out."""

    number: int
    args: tuple[int, ...]
    position: int
    """Position in `syscalls.CALLS`."""


class Reader:
    """Reads stopped threads; holds the buffers so that no stop allocates them anew."""

    def __init__(self) -> None:
        self._info = ctypes.create_string_buffer(_INFO_SIZE)
        self._info_at = ctypes.addressof(self._info)
        self._message = ctypes.c_ulong()
        self._message_at = ctypes.addressof(self._message)
        self._text = ctypes.create_string_buffer(2 * _PAGE)
        self._text_at = ctypes.addressof(self._text)
        self._local = _IoVec(self._text_at, 2 * _PAGE)
        self._local_at = ctypes.addressof(self._local)
        self._remote = (_IoVec * 2)()
        self._remote_at = ctypes.addressof(self._remote)
        self._block = ctypes.create_string_buffer(16 * _PAGE)

    def message(self, tid: int) -> int | None:
        """The number that came with an event stop: the child's id, or the former thread id."""
        if not _request(_GET_EVENT_MESSAGE, tid, 0, self._message_at):
            return None
        return self._message.value

    def entry(self, tid: int) -> Entry | None:
        """Number, arguments and filter data at a seccomp stop."""
        if not _request(_GET_SYSCALL_INFO, tid, _INFO_SIZE, self._info_at):
            return None
        number, *args, data = struct.unpack_from("=7QI", self._info, 24)
        return Entry(number, tuple(args), data)

    def result(self, tid: int) -> int | None:
        """What the call answered: its value, negative for an error; ``None``: the thread died."""
        if not _request(_GET_SYSCALL_INFO, tid, _INFO_SIZE, self._info_at):
            return None
        value: int = struct.unpack_from("=q", self._info, 24)[0]
        return value

    def text(self, pid: int, address: int) -> bytes | None:
        """A C string of at most 4,096 bytes (PATH_MAX) in the memory of `pid`."""
        first = _PAGE - address % _PAGE  # the next page may not exist
        found = self._read(pid, (address, min(first, _SHORT)))
        if found is not None and b"\0" not in found:
            found = self._read(pid, (address, first), (address + first, _PAGE))
        return None if found is None else found.partition(b"\0")[0]

    def _read(self, pid: int, *parts: tuple[int, int]) -> bytes | None:
        for position, part in enumerate(parts):
            self._remote[position].base, self._remote[position].length = part
        count = _read_memory(pid, self._local_at, 1, self._remote_at, len(parts), 0)
        return None if count <= 0 else ctypes.string_at(self._text_at, count)

    def memory(self, pid: int, address: int, length: int) -> bytes:
        """Up to `length` bytes at `address`; shorter where the mapping ends."""
        if length > len(self._block):
            self._block = ctypes.create_string_buffer(length)
        at = ctypes.addressof(self._block)
        local, remote = _IoVec(at, length), _IoVec(address, length)
        count = _read_memory(pid, ctypes.addressof(local), 1, ctypes.addressof(remote), 1, 0)
        return ctypes.string_at(at, max(count, 0))


def adopt_orphans() -> None:
    """Make this process the parent of every orphan of the host, as launchd is on a Mac."""
    _checked(_prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def install_filter(program: bytes) -> None:
    """Put this process, and all it will start, under a seccomp filter. There is no way back."""
    code = ctypes.create_string_buffer(program, len(program))
    header = _FilterProgram(len(program) // 8, ctypes.addressof(code))
    _checked(_prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(_prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(header), 0, 0))
