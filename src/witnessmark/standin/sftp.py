"""The host's SFTP subsystem: the machine's own paths, as a plain sshd's sftp-server shows them.

Relative paths start at the home folder, which is the host process's working directory. Protocol
version 3 (draft-ietf-secsh-filexfer-02) with OpenSSH's order of symlink arguments.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from paramiko.message import Message
from paramiko.sftp import (
    CMD_INIT,
    CMD_VERSION,
    SFTP_EOF,
    SFTP_FAILURE,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTP_PERMISSION_DENIED,
    SFTPError,
)
from paramiko.sftp_attr import SFTPAttributes
from paramiko.sftp_handle import SFTPHandle
from paramiko.sftp_server import SFTPServer
from paramiko.sftp_si import SFTPServerInterface

if TYPE_CHECKING:
    from collections.abc import Callable

    from paramiko.channel import Channel
    from paramiko.server import ServerInterface

_PROTOCOL = 3
_MAX_READ = 256 * 1024
_CODES = {
    errno.EACCES: SFTP_PERMISSION_DENIED,
    errno.EPERM: SFTP_PERMISSION_DENIED,
    errno.ENOENT: SFTP_NO_SUCH_FILE,
    errno.ENOTDIR: SFTP_NO_SUCH_FILE,
}


def sftp_server(channel: Channel, server: ServerInterface) -> SFTPServer:
    """A thread, not yet started, that serves SFTP on ``channel``."""
    thread = _Server(channel, "sftp", server, _Files)
    thread.daemon = True
    return thread


def _status(act: Callable[[], object]) -> int:
    try:
        act()
    except OSError as problem:
        return _CODES.get(problem.errno or 0, SFTP_FAILURE)
    except ValueError:  # a NUL in a path
        return SFTP_FAILURE
    return SFTP_OK


def _attributes(act: Callable[[], os.stat_result]) -> SFTPAttributes | int:
    try:
        return SFTPAttributes.from_stat(act())
    except OSError as problem:
        return _CODES.get(problem.errno or 0, SFTP_FAILURE)
    except ValueError:
        return SFTP_FAILURE


def _apply(target: str | int, attr: SFTPAttributes) -> None:
    """Sets what the client named (paramiko's own helper empties a file to change its size)."""
    flags = attr._flags  # type: ignore[attr-defined]
    if flags & attr.FLAG_SIZE and attr.st_size is not None:
        os.truncate(target, attr.st_size)
    if flags & attr.FLAG_UIDGID and attr.st_uid is not None and attr.st_gid is not None:
        os.chown(target, attr.st_uid, attr.st_gid)
    if flags & attr.FLAG_PERMISSIONS and attr.st_mode is not None:
        os.chmod(target, stat.S_IMODE(attr.st_mode))  # noqa: PTH101 - may be a descriptor
    if flags & attr.FLAG_AMTIME and attr.st_atime is not None and attr.st_mtime is not None:
        os.utime(target, (attr.st_atime, attr.st_mtime))


class _Server(SFTPServer):
    """paramiko's server, plus two manners of sftp-server: posix-rename and an exit status."""

    def _send_server_version(self) -> int:
        kind, data = self._read_packet()  # type: ignore[attr-defined]
        if kind != CMD_INIT:
            raise SFTPError("the client did not begin with INIT")
        message = Message()
        message.add_int(_PROTOCOL)
        message.add_string("posix-rename@openssh.com")
        message.add_string("1")
        self._send_packet(CMD_VERSION, message)  # type: ignore[attr-defined]
        return int.from_bytes(data[:4], "big")

    def finish_subsystem(self) -> None:
        try:
            if self.sock is not None:
                self.sock.send_exit_status(0)  # scp reports failure without one
        except (OSError, EOFError):
            pass
        super().finish_subsystem()


class _Handle(SFTPHandle):
    """An open file."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def read(self, offset: int, length: int) -> bytes | int:
        try:
            return os.pread(self._fd, min(length, _MAX_READ), offset) or SFTP_EOF
        except OSError as problem:
            return _CODES.get(problem.errno or 0, SFTP_FAILURE)

    def write(self, offset: int, data: bytes) -> int:  # type: ignore[override]
        return _status(lambda: self._write(offset, memoryview(data)))

    def _write(self, offset: int, view: memoryview) -> None:
        while view:
            done = os.pwrite(self._fd, view, offset)  # Linux appends anyway under O_APPEND
            view, offset = view[done:], offset + done

    def stat(self) -> SFTPAttributes | int:
        return _attributes(lambda: os.fstat(self._fd))

    def chattr(self, attr: SFTPAttributes) -> int:
        return _status(lambda: _apply(self._fd, attr))


class _Files(SFTPServerInterface):
    """Every request on a path, carried out as the host's user."""

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        mode = 0o666 if attr.st_mode is None else stat.S_IMODE(attr.st_mode)
        try:
            fd = os.open(path, flags | os.O_NOCTTY | os.O_CLOEXEC, mode)
        except OSError as problem:
            return _CODES.get(problem.errno or 0, SFTP_FAILURE)
        except ValueError:
            return SFTP_FAILURE
        return _Handle(fd)

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        try:
            with os.scandir(path or ".") as entries:
                return [_listed(entry) for entry in entries]
        except OSError as problem:
            return _CODES.get(problem.errno or 0, SFTP_FAILURE)
        except ValueError:
            return SFTP_FAILURE

    def stat(self, path: str) -> SFTPAttributes | int:
        return _attributes(lambda: os.stat(path or "."))  # noqa: PTH116

    def lstat(self, path: str) -> SFTPAttributes | int:
        return _attributes(lambda: os.lstat(path or "."))

    def remove(self, path: str) -> int:
        return _status(lambda: os.unlink(path))  # noqa: PTH108

    def rename(self, oldpath: str, newpath: str) -> int:
        return _status(lambda: _rename(oldpath, newpath))

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return _status(lambda: os.rename(oldpath, newpath))  # noqa: PTH104

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        mode = 0o777 if attr.st_mode is None else stat.S_IMODE(attr.st_mode)
        return _status(lambda: os.mkdir(path, mode))  # noqa: PTH102

    def rmdir(self, path: str) -> int:
        return _status(lambda: os.rmdir(path))  # noqa: PTH106

    def chattr(self, path: str, attr: SFTPAttributes) -> int:
        return _status(lambda: _apply(path, attr))

    def canonicalize(self, path: str) -> str:
        return os.path.realpath(path or ".")

    def readlink(self, path: str) -> str | int:
        try:
            return os.readlink(path)  # noqa: PTH115
        except (OSError, ValueError) as problem:
            return _CODES.get(getattr(problem, "errno", 0) or 0, SFTP_FAILURE)

    def symlink(self, target_path: str, path: str) -> int:
        return _status(lambda: os.symlink(target_path, path))  # noqa: PTH211


def _listed(entry: os.DirEntry[str]) -> SFTPAttributes:
    try:
        return SFTPAttributes.from_stat(entry.stat(follow_symlinks=False), entry.name)
    except OSError:  # gone since it was listed: its name is still what the folder said
        attributes = SFTPAttributes()
        attributes.filename = entry.name
        return attributes


def _rename(old: str, new: str) -> None:
    """Version 3's rename never replaces: a file is linked first, which fails if ``new`` exists."""
    if stat.S_ISREG(os.lstat(old).st_mode):
        os.link(old, new)
        os.unlink(old)  # noqa: PTH108
    elif os.path.lexists(new):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
    else:
        os.rename(old, new)  # noqa: PTH104
