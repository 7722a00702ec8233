"""Which system calls the recorder must see, and where each keeps its arguments.

Numbers: `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h` of Linux.
The x86_64 table is run by the tests; the aarch64 table was written from the same sources and is
untested.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from enum import Enum, auto

O_WRITES = 0o1 | 0o2 | 0o100 | 0o1000
"""O_WRONLY | O_RDWR | O_CREAT | O_TRUNC: an open without any of these cannot change a file."""
CREAT_FLAGS = 0o1 | 0o100 | 0o1000
AT_FDCWD = -100


class Op(Enum):
    """What a system call does to a host, whatever its spelling."""

    OPEN = auto()
    MAP = auto()
    RENAME = auto()
    LINK = auto()
    UNLINK = auto()
    MKDIR = auto()
    CHMOD = auto()
    SETXATTR = auto()
    REMOVEXATTR = auto()
    GROUP = auto()
    CREDENTIALS = auto()
    WRITE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One system call: argument positions, or ``None`` where it has no such argument."""

    name: str
    op: Op
    dirfd: int | None = None
    path: int | None = None
    fd: int | None = None
    dirfd2: int | None = None
    path2: int | None = None
    flags: int | None = None
    """Position of a flags word that decides whether or how the call matters."""
    value: int | None = None
    """Position of the mode or of the attribute's name."""
    follows: bool = False
    """Whether a symbolic link as last part of the path is followed."""
    only_writes: bool = False
    """Trap only when the flags word asks for writing, creating or truncating."""


CALLS = (
    Call(name="openat", op=Op.OPEN, dirfd=0, path=1, flags=2, only_writes=True, follows=True),
    Call(name="open", op=Op.OPEN, path=0, flags=1, only_writes=True, follows=True),
    Call(name="creat", op=Op.OPEN, path=0, follows=True),
    # Its flags lie behind a pointer, where a filter cannot look: every one is trapped.
    Call(name="openat2", op=Op.OPEN, dirfd=0, path=1, follows=True),
    Call(name="open_by_handle_at", op=Op.OPEN, flags=2, only_writes=True),
    Call(name="mmap", op=Op.MAP, fd=4, value=2, flags=3),
    Call(name="rename", op=Op.RENAME, path=0, path2=1),
    Call(name="renameat", op=Op.RENAME, dirfd=0, path=1, dirfd2=2, path2=3),
    Call(name="renameat2", op=Op.RENAME, dirfd=0, path=1, dirfd2=2, path2=3, flags=4),
    Call(name="link", op=Op.LINK, path=0, path2=1),
    Call(name="linkat", op=Op.LINK, dirfd=0, path=1, dirfd2=2, path2=3, flags=4),
    Call(name="unlink", op=Op.UNLINK, path=0),
    Call(name="unlinkat", op=Op.UNLINK, dirfd=0, path=1, flags=2),
    Call(name="rmdir", op=Op.UNLINK, path=0),
    Call(name="mkdir", op=Op.MKDIR, path=0, value=1),
    Call(name="mkdirat", op=Op.MKDIR, dirfd=0, path=1, value=2),
    Call(name="chmod", op=Op.CHMOD, path=0, value=1, follows=True),
    Call(name="fchmod", op=Op.CHMOD, fd=0, value=1),
    Call(name="fchmodat", op=Op.CHMOD, dirfd=0, path=1, value=2, follows=True),
    Call(name="fchmodat2", op=Op.CHMOD, dirfd=0, path=1, value=2, follows=True),
    Call(name="setxattr", op=Op.SETXATTR, path=0, value=1, follows=True),
    Call(name="lsetxattr", op=Op.SETXATTR, path=0, value=1),
    Call(name="fsetxattr", op=Op.SETXATTR, fd=0, value=1),
    Call(name="setxattrat", op=Op.SETXATTR, dirfd=0, path=1, value=3, follows=True),
    Call(name="removexattr", op=Op.REMOVEXATTR, path=0, value=1, follows=True),
    Call(name="lremovexattr", op=Op.REMOVEXATTR, path=0, value=1),
    Call(name="fremovexattr", op=Op.REMOVEXATTR, fd=0, value=1),
    Call(name="removexattrat", op=Op.REMOVEXATTR, dirfd=0, path=1, value=3, follows=True),
    Call(name="setpgid", op=Op.GROUP, value=0),
    Call(name="setsid", op=Op.GROUP),
    *(
        Call(name=name, op=Op.CREDENTIALS)
        for name in ("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid")
    ),
)
"""In this order the filter tests them. execve needs no trap: the kernel reports every success."""

ROOM = (
    Call(name="write", op=Op.WRITE, fd=0),
    Call(name="pwrite64", op=Op.WRITE, fd=0),
    Call(name="writev", op=Op.WRITE, fd=0),
    Call(name="pwritev", op=Op.WRITE, fd=0),
    Call(name="pwritev2", op=Op.WRITE, fd=0),
    Call(name="sendfile", op=Op.WRITE, fd=0),
    Call(name="copy_file_range", op=Op.WRITE, fd=2),
    Call(name="fallocate", op=Op.WRITE, fd=0),
)
"""Calls that take room on a disk; trapped, after `CALLS`, only where a disk is to be full."""

# fmt: off
_X86_64 = {
    "write": 1, "pwrite64": 18, "writev": 20, "sendfile": 40, "fallocate": 285, "pwritev": 296,
    "copy_file_range": 326, "pwritev2": 328,
    "open": 2, "mmap": 9, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
    "unlink": 87, "chmod": 90, "fchmod": 91, "setuid": 105, "setgid": 106, "setpgid": 109,
    "setsid": 112, "setreuid": 113, "setregid": 114, "setresuid": 117, "setresgid": 119,
    "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198,
    "fremovexattr": 199, "openat": 257, "mkdirat": 258, "unlinkat": 263, "renameat": 264,
    "linkat": 265, "fchmodat": 268, "open_by_handle_at": 304, "renameat2": 316,
    "io_uring_setup": 425, "openat2": 437, "fchmodat2": 452, "setxattrat": 463,
    "removexattrat": 466,
}
_AARCH64 = {
    "fallocate": 47, "write": 64, "writev": 66, "pwrite64": 68, "pwritev": 70, "sendfile": 71,
    "copy_file_range": 285, "pwritev2": 287,
    "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15,
    "fremovexattr": 16, "mkdirat": 34, "unlinkat": 35, "linkat": 37, "renameat": 38,
    "fchmod": 52, "fchmodat": 53, "openat": 56, "setregid": 143, "setgid": 144, "setreuid": 145,
    "setuid": 146, "setresuid": 147, "setresgid": 149, "setpgid": 154, "setsid": 157,
    "mmap": 222, "open_by_handle_at": 265, "renameat2": 276, "io_uring_setup": 425,
    "openat2": 437, "fchmodat2": 452, "setxattrat": 463, "removexattrat": 466,
}
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """What differs between processors: the audit constant, the numbers, and Apple's CPU type."""

    audit: int
    numbers: dict[str, int]
    cputype: int
    cpusubtype: int
    foreign_bit: int = 0
    """Numbers from here on belong to another ABI (x32 on x86_64); 0: there is none."""


ARCHITECTURES = {
    "x86_64": Architecture(
        audit=0xC000003E,
        numbers=_X86_64,
        cputype=0x01000007,
        cpusubtype=3,
        foreign_bit=0x40000000,
    ),
    "aarch64": Architecture(audit=0xC00000B7, numbers=_AARCH64, cputype=0x0100000C, cpusubtype=0),
}


def architecture() -> Architecture | None:
    """This machine's entry, or ``None`` where no table was written."""
    return ARCHITECTURES.get(platform.machine())
