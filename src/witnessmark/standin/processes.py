"""The host's processes as Endpoint Security would tell them apart: (pid, pidversion)."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .look import Pending


def _nothing() -> msgspec.Raw:
    return msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and group ids as Linux knows them."""

    euid: int
    ruid: int
    egid: int
    rgid: int


@dataclass(slots=True, eq=False)
class Process:
    """One process of the host, with the image it runs now. `parent` ``None``: outside the host."""

    pid: int
    version: int
    parent: Process | None
    original_ppid: int
    group: int
    session: int
    credentials: Credentials
    started: int
    """Nanoseconds since the epoch at its fork."""
    path: str = ""
    executable: msgspec.Raw = field(default_factory=_nothing)
    rules: tuple[str, ...] = ()
    tty_number: int = 0
    tty: msgspec.Raw = field(default_factory=_nothing)
    threaded: bool = False
    """Whether it has started a thread since its last exec."""
    children: set[Process] = field(default_factory=set)
    encoded: msgspec.Raw | None = None
    """The `process` object of its events; ``None`` when something in it changed."""

    def descendants(self) -> Iterator[Process]:
        """Its living children and theirs."""
        for child in self.children:
            yield child
            yield from child.descendants()


@dataclass(slots=True, eq=False)
class Thread:
    """One traced thread and, between the two stops of a call, what that call is about to do."""

    tid: int
    process: Process
    pending: Pending | None = None


class Processes:
    """Every process by pid; hands out pidversions that never come twice for one pid."""

    def __init__(self) -> None:
        self.by_pid: dict[int, Process] = {}
        self._version = 1

    def first(self, pid: int, now: int) -> Process:
        """A process whose parent is outside the host, as init's is: found, not forked."""
        stat = proc_stat(pid)
        process = Process(
            pid=pid,
            version=self._next(),
            parent=None,
            original_ppid=1,
            group=stat.group,
            session=stat.session,
            credentials=credentials(pid),
            started=now,
        )
        self.by_pid[pid] = process
        return process

    def forked(self, maker: Process, pid: int, ppid: int | None, now: int) -> Process:
        """A new process: its maker's image, a new pidversion.

        Its parent is its maker, unless clone(CLONE_PARENT) made it a sibling, or the maker died.
        """
        parent = maker if ppid in (maker.pid, None) else self.by_pid.get(ppid)
        process = Process(
            pid=pid,
            version=self._next(),
            parent=parent,
            original_ppid=(parent or maker).pid,
            group=maker.group,
            session=maker.session,
            credentials=maker.credentials,
            started=now,
            path=maker.path,
            executable=maker.executable,
            rules=maker.rules,
            tty_number=maker.tty_number,
            tty=maker.tty,
        )
        if parent is not None:
            parent.children.add(process)
        self.by_pid[pid] = process
        return process

    def execed(self, process: Process) -> None:
        """A new image in the same process; its children's parent token changes with it."""
        self._version += 1
        process.version += 1
        process.encoded = None
        for child in process.children:
            child.encoded = None

    def exited(self, process: Process) -> None:
        """Gone: its children get the parent that the kernel gave them."""
        if self.by_pid.get(process.pid) is process:
            del self.by_pid[process.pid]
        if process.parent is not None:
            process.parent.children.discard(process)
        for child in tuple(process.children):
            self.adopt(child)

    def adopt(self, orphan: Process) -> None:
        """Read who a process's parent is now."""
        ppid = parent_of(orphan.pid)
        if ppid is None:
            return  # it is gone as well
        parent = self.by_pid.get(ppid)
        if orphan.parent is not None:
            orphan.parent.children.discard(orphan)
        orphan.parent = parent
        orphan.encoded = None
        if parent is not None:
            parent.children.add(orphan)

    def _next(self) -> int:
        self._version += 1
        return self._version


@dataclass(frozen=True, slots=True)
class ProcStat:
    """The fields of /proc/PID/stat that the recorder uses; addresses are of its first stack."""

    ppid: int
    group: int
    session: int
    tty: int
    args: tuple[int, int]
    env: tuple[int, int]


def proc_stat(pid: int) -> ProcStat:
    """Parse /proc/PID/stat; the name in it may hold anything, so count from its last ')'."""
    f = proc_file(b"/proc/%d/stat" % pid).rpartition(b") ")[2].split()
    return ProcStat(
        int(f[1]),
        int(f[2]),
        int(f[3]),
        int(f[4]),
        (int(f[45]), int(f[46])),
        (int(f[47]), int(f[48])),
    )


def parent_of(tid: int) -> int | None:
    """The parent of a thread's process; ``None`` if it has gone."""
    try:
        return int(proc_file(b"/proc/%d/stat" % tid).rpartition(b") ")[2].split(None, 2)[1])
    except OSError:
        return None


def credentials(pid: int) -> Credentials:
    """Real and effective ids from /proc/PID/status."""
    lines = proc_file(b"/proc/%d/status" % pid).split(b"\n")
    found = {line[:3]: line[4:].split() for line in lines if line[:4] in (b"Uid:", b"Gid:")}
    uid, gid = found[b"Uid"], found[b"Gid"]
    return Credentials(int(uid[1]), int(uid[0]), int(gid[1]), int(gid[0]))


def proc_file(path: bytes) -> bytes:
    """The start of a small file of /proc, in as few calls as can be. OSError: no such process."""
    fd = os.open(path, os.O_RDONLY)
    try:
        data = os.read(fd, 4096)
    finally:
        os.close(fd)
    if not data:
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH), os.fsdecode(path))
    return data
