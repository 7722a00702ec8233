"""Gives a host users, processes, files and a name of its own, by Linux namespaces (namespaces(7)).

Needs no rights where the kernel lets users make user namespaces. Inside, whoever runs the recorder
is uid 501 and gid 20, init is process 1, the host's folder is `/`, and of this machine's files only
those are there that `layout.py` lists, read-only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import socket
from typing import TYPE_CHECKING, Any

from .files import make_empty

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout

MAC_UID, MAC_GID = 501, 20
"""The first account of a Mac, and its group, staff."""

_NEW_MOUNTS, _NEW_NAME, _NEW_IPC, _NEW_USERS, _NEW_PIDS = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000,
)  # fmt: skip
_NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_DETACH = 2
_ATTR_READ_ONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4
_AT_EMPTY_PATH, _AT_RECURSIVE = 0x1000, 0x8000
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_CLONE, _PIVOT_ROOT = {"x86_64": (56, 155), "aarch64": (220, 41)}.get(platform.machine(), (-1, -1))
_MOUNT_SETATTR = 442

_libc = ctypes.CDLL(None, use_errno=True)
_syscall: Any = getattr(_libc, "syscall", None)
_mount: Any = getattr(_libc, "mount", None)
_umount: Any = getattr(_libc, "umount2", None)


class NamespaceError(OSError):
    """A step that this kernel, or who configured it, does not allow; ``filename`` names it."""


def fork() -> int:
    """As os.fork, with the child in new namespaces. Only for a process without other threads."""
    flags = _NEW_USERS | _NEW_MOUNTS | _NEW_PIDS | _NEW_NAME | _NEW_IPC | signal.SIGCHLD
    return _checked(_syscall(_CLONE, flags, 0, 0, 0, 0), "clone")


def enter(root: Path, layout: Layout, host: str, uid: int, gid: int) -> None:
    """In the child: becomes ``purple`` of the host in ``root``; ``uid`` and ``gid`` made it."""
    _map_ids(uid, gid)
    top = str(root)
    # Some of them lie where something is about to be mounted over them.
    files = [(os.open(source, os.O_PATH), target) for source, target in layout.files]
    _do("none", "/", None, _REC | _PRIVATE)
    _do(top, top, None, _BIND)
    _set(top, _ATTR_NOSUID | _ATTR_NODEV, 0)
    for folder in layout.covers:
        _do("tmpfs", top + folder, "tmpfs", _NOSUID | _NODEV, "mode=0755")
    _fill(top, layout, files)
    for folder in layout.covers:
        _set(top + folder, _ATTR_READ_ONLY | _ATTR_NOSUID | _ATTR_NODEV, _AT_RECURSIVE)
    _devices(f"{top}/dev")
    _do("proc", f"{top}/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    _no_namespaces_inside(f"{top}/proc")
    os.chdir(top)
    _checked(_syscall(_PIVOT_ROOT, b".", b"."), "pivot_root")
    _checked(_umount(b".", _DETACH), "umount the machine's files")
    os.chdir(layout.home)
    try:
        socket.sethostname(host)
    except OSError:
        pass  # some containers forbid it; nothing depends on it


def _map_ids(uid: int, gid: int) -> None:
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{MAC_UID} {uid} 1"),
        ("gid_map", f"{MAC_GID} {gid} 1"),
    ):
        try:
            fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
            try:
                os.write(fd, text.encode())
            finally:
                os.close(fd)
        except OSError as problem:
            raise NamespaceError(problem.errno, problem.strerror, name) from problem


def _fill(top: str, layout: Layout, files: list[tuple[int, str]]) -> None:
    for folder in layout.folders:
        os.makedirs(top + folder, exist_ok=True)  # noqa: PTH103
    for name, target in layout.links:
        os.symlink(target, top + name)  # noqa: PTH211
    for opened, target in files:
        make_empty(top + target)
        _do(f"/proc/self/fd/{opened}", top + target, None, _BIND)
        os.close(opened)
    for source, target in layout.trees:
        os.makedirs(top + target, exist_ok=True)  # noqa: PTH103
        _do(source, top + target, None, _BIND | _REC)


def _devices(folder: str) -> None:
    _do("tmpfs", folder, "tmpfs", _NOSUID, "mode=0755")
    for name in _DEVICES:
        make_empty(f"{folder}/{name}")
        _do(f"/dev/{name}", f"{folder}/{name}", None, _BIND)
    os.mkdir(f"{folder}/pts")  # noqa: PTH102
    _do(
        "devpts", f"{folder}/pts", "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=0666,mode=620"
    )
    os.mkdir(f"{folder}/shm")  # noqa: PTH102 - where glibc keeps semaphores; this tmpfs has it
    os.chmod(f"{folder}/shm", 0o1777)  # noqa: PTH101, S103
    links = {"fd": "/proc/self/fd", "ptmx": "pts/ptmx", "stdin": "fd/0", "stdout": "fd/1"}
    for name, target in {**links, "stderr": "fd/2"}.items():
        os.symlink(target, f"{folder}/{name}")  # noqa: PTH211


def _no_namespaces_inside(proc: str) -> None:
    """Whoever made namespaces in here could hide paths from the recorder."""
    fd = os.open(f"{proc}/sys/user/max_user_namespaces", os.O_WRONLY)
    try:
        os.write(fd, b"0")
    finally:
        os.close(fd)


def _do(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    done = _mount(
        os.fsencode(source),
        os.fsencode(target),
        None if kind is None else kind.encode(),
        ctypes.c_ulong(flags),
        data.encode() if data else None,
    )
    _checked(done, f"mount {kind or source}")


def _set(target: str, attributes: int, flags: int) -> None:
    """mount_setattr(2), Linux 5.12: adds attributes, also to all mounts below."""
    fd = os.open(target, os.O_PATH | os.O_CLOEXEC)
    try:
        change = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
        done = _syscall(_MOUNT_SETATTR, fd, b"", _AT_EMPTY_PATH | flags, ctypes.byref(change), 32)
        _checked(done, "mount_setattr")
    finally:
        os.close(fd)


def _checked(result: int, what: str) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise NamespaceError(number, os.strerror(number), what)
    return result
