"""The host's processes as Endpoint Security would tell them apart: (pid, pidversion)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from .numbers import Numbers
from .procfs import parent_of, proc_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .look import Pending
    from .numbers import Own


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
    """This machine's number of it, by which it is traced."""
    number: int
    """The host's own number of it, as are all below."""
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
    number: int
    """The host's own number of it; ``tid`` is this machine's."""
    pending: Pending | None = None

    @classmethod
    def first_of(cls, process: Process) -> Thread:
        """The thread that has its process's own number."""
        return cls(process.pid, process, process.number)


class Processes:
    """Every process by pid; hands out pidversions that never come twice for one pid."""

    def __init__(self, numbers: Numbers | None = None) -> None:
        self.numbers = numbers or Numbers()
        self.by_pid: dict[int, Process] = {}
        self._version = 1

    def first(self, pid: int, now: int) -> Process:
        """A process whose parent is outside the host, as init's is: found, not forked."""
        own = self.numbers.of(pid)
        process = Process(
            pid=pid,
            number=own.number,
            version=self._next(),
            parent=None,
            original_ppid=self.numbers.outside(own.number),
            group=own.group,
            session=own.session,
            credentials=credentials(pid),
            started=now,
        )
        self.by_pid[pid] = process
        return process

    def forked(
        self, maker: Process, pid: int, ppid: int | None, now: int, own: Own | None = None
    ) -> Process:
        """A new process: its maker's image, a new pidversion. OSError: nobody knows its number.

        Its parent is its maker, unless clone(CLONE_PARENT) made it a sibling, or the maker died.
        """
        own = own or self.numbers.of_child(pid, maker.group, maker.session)
        parent = maker if ppid in (maker.pid, None) else self.by_pid.get(ppid)
        process = Process(
            pid=pid,
            number=own.number,
            version=self._next(),
            parent=parent,
            original_ppid=(parent or maker).number,
            group=own.group,
            session=own.session,
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


def credentials(pid: int) -> Credentials:
    """Real and effective ids from /proc/PID/status."""
    lines = proc_file(b"/proc/%d/status" % pid).split(b"\n")
    found = {line[:3]: line[4:].split() for line in lines if line[:4] in (b"Uid:", b"Gid:")}
    uid, gid = found[b"Uid"], found[b"Gid"]
    return Credentials(int(uid[1]), int(uid[0]), int(gid[1]), int(gid[0]))
