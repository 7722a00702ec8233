"""What the kernel says about a file: statx(2) by ctypes, since only it gives the birth time."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import NamedTuple

_AT_FDCWD, _AT_EMPTY_PATH, _AT_SYMLINK_NOFOLLOW = -100, 0x1000, 0x100
_BASIC_AND_BIRTH = 0xFFF
BIRTH = 0x800
"""STATX_BTIME in `FileStat.mask`: the file system told the birth time."""
_LAYOUT = struct.Struct("=IIQIIIHxxQQQQqI4xqI4xqI4xqI4xIIII")

_buffer = ctypes.create_string_buffer(256)
_statx = getattr(ctypes.CDLL(None), "statx", None)
if _statx is not None:
    _statx.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_void_p,
    )
_buffer_at = ctypes.addressof(_buffer)


class FileStat(NamedTuple):
    """One file's metadata in the order of ``struct statx``; times in seconds and nanoseconds."""

    mask: int
    blksize: int
    attributes: int
    nlink: int
    uid: int
    gid: int
    mode: int
    ino: int
    size: int
    blocks: int
    attributes_mask: int
    atime: int
    atime_ns: int
    btime: int
    btime_ns: int
    ctime: int
    ctime_ns: int
    mtime: int
    mtime_ns: int
    rdev_major: int
    rdev_minor: int
    dev_major: int
    dev_minor: int

    @property
    def identity(self) -> tuple[int, int, int]:
        """Device and inode: the same for every name of one file."""
        return self.dev_major, self.dev_minor, self.ino


def read_link(path: bytes) -> bytes:
    """Where a symbolic link, or a descriptor in /proc, leads."""
    return os.readlink(path)  # noqa: PTH115 - bytes: any name can be undecodable


def stat(path: bytes, *, follow: bool = True) -> FileStat | None:
    """Metadata of `path`, or ``None`` if there is no such file or it cannot be reached."""
    return _call(_AT_FDCWD, path, 0 if follow else _AT_SYMLINK_NOFOLLOW)


def stat_fd(fd: int) -> FileStat | None:
    """Metadata of an open file."""
    return _call(fd, b"", _AT_EMPTY_PATH)


def _call(dirfd: int, path: bytes, flags: int) -> FileStat | None:
    if _statx is None or _statx(dirfd, path, flags, _BASIC_AND_BIRTH, _buffer_at) != 0:
        return None
    return FileStat._make(_LAYOUT.unpack_from(_buffer))


def stat_at(folder: int, name: bytes) -> FileStat | None:
    """Metadata of a name in an open folder; a symbolic link's own."""
    return _call(folder, name, _AT_SYMLINK_NOFOLLOW)


def make_empty(path: str) -> None:
    """An empty file, if there is none: something that another file can be mounted on."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
