"""Where the recorder finds what a stopped process means by a path.

In prefix mode both see the same `/`. In namespace mode the host has its own, so a path is opened as
the process would open it: from the host's root, symbolic links included (openat2(2), Linux 5.6).
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Any, NamedTuple

from .files import FileStat, read_link, stat, stat_at, stat_fd

_O_PATH = os.O_PATH if hasattr(os, "O_PATH") else 0
_OPENAT2 = 437
_BENEATH, _IN_ROOT = 0x08, 0x10
_OFTEN = 16
"""How often a look is repeated that somebody's rename disturbed (EAGAIN)."""

_syscall: Any = getattr(ctypes.CDLL(None, use_errno=True), "syscall", None)


class Given(NamedTuple):
    """A path as a process gave it."""

    base: bytes
    """A link of this machine's /proc to start from; empty if ``text`` is absolute."""
    text: bytes


class Place(NamedTuple):
    """A name in a folder: what rename, unlink and their kind work on."""

    folder: bytes
    folder_stat: FileStat | None
    name: bytes
    found: FileStat | None
    """The file there before the call; ``None``: none."""

    @property
    def path(self) -> bytes:
        """The real path, as /proc shows it."""
        return self.folder.rstrip(b"/") + b"/" + self.name


class View:
    """The machine's own `/`: prefix mode."""

    def of(self, init: int) -> None:
        """The host's first process, by this machine's number."""

    def open(self, given: Given) -> int:
        """A descriptor (O_PATH) of what a path leads to. OSError: it leads nowhere."""
        return os.open(self._plain(given), _O_PATH | os.O_CLOEXEC)

    def real(self, path: bytes, *, follow: bool = False) -> FileStat | None:
        """Metadata of a path as /proc shows it, so without a symbolic link before its end."""
        return stat(path, follow=follow)

    def given(self, given: Given) -> FileStat | None:
        """Metadata of what a path leads to."""
        found = self.resolve(given, follow=True)
        return None if found is None else found[1]

    def locate(self, given: Given) -> Place | None:
        """Resolve the folder of a path but not its last part. ``None``: there is no such folder."""
        folder, _, name = given.text.rstrip(b"/").rpartition(b"/")
        if given.base and not given.text:
            return None
        try:
            fd = self.open(Given(given.base, folder if given.base else folder or b"/"))
        except OSError:
            return None
        try:
            real = read_link(b"/proc/self/fd/%d" % fd)
            found = stat_at(fd, name) if name else None
            return Place(real, stat_fd(fd), name, found)
        finally:
            os.close(fd)

    def resolve(self, given: Given, *, follow: bool) -> tuple[bytes, FileStat] | None:
        """The real path and metadata of an existing file."""
        if not follow:
            place = self.locate(given)
            return None if place is None or place.found is None else (place.path, place.found)
        try:
            fd = self.open(given)
        except OSError:
            return None
        try:
            found = stat_fd(fd)
            return None if found is None else (read_link(b"/proc/self/fd/%d" % fd), found)
        finally:
            os.close(fd)

    @staticmethod
    def _plain(given: Given) -> bytes:
        if not given.base:
            return given.text
        return given.base + b"/" + given.text if given.text else given.base


class HostView(View):
    """A host's own `/`: namespace mode."""

    def __init__(self) -> None:
        self._init = 0
        self._fd: int | None = None

    def of(self, init: int) -> None:
        self._init = init

    def open(self, given: Given) -> int:
        if not given.base:
            return self._from_root(given.text)
        if not given.text:
            return os.open(given.base, _O_PATH | os.O_CLOEXEC)
        base = os.open(given.base, _O_PATH | os.O_CLOEXEC)
        try:
            return _openat2(base, given.text, _BENEATH)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.ELOOP):
                raise
            # Out of the folder, by `..` or by an absolute link: then as seen from the root.
            return self._from_root(read_link(b"/proc/self/fd/%d" % base) + b"/" + given.text)
        finally:
            os.close(base)

    def real(self, path: bytes, *, follow: bool = False) -> FileStat | None:
        if follow:
            return self.given(Given(b"", path))
        return stat(self._link() + path, follow=False)

    def _from_root(self, path: bytes) -> int:
        try:
            return _openat2(self._opened(), path, _IN_ROOT)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            return os.open(self._link() + path, _O_PATH | os.O_CLOEXEC)  # through /proc/N/fd

    def _link(self) -> bytes:
        return b"/proc/self/fd/%d" % self._opened()

    def _opened(self) -> int:
        if self._fd is None:  # not before its first exec: then it has its root
            os.open(f"/proc/{self._init}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
            # The mounts live while this is held, also after the host's last process.
            self._fd = os.open(f"/proc/{self._init}/root", _O_PATH | os.O_CLOEXEC)
        return self._fd


def _openat2(folder: int, path: bytes, resolve: int) -> int:
    how = (ctypes.c_uint64 * 3)(_O_PATH | os.O_CLOEXEC, 0, resolve)
    for _ in range(_OFTEN):
        fd: int = _syscall(_OPENAT2, folder, path, ctypes.byref(how), 24)
        if fd >= 0:
            return fd
        number = ctypes.get_errno()
        if number != errno.EAGAIN:
            break
    raise OSError(number, os.strerror(number))
