"""Births, changes of image and deaths of a host's processes: fork, exec and exit events."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from . import ptrace
from .early import Early
from .files import read_link, stat
from .images import Image, read_image
from .processes import Process, Processes, Thread
from .procfs import parent_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .emit import Emitter
    from .ptrace import Reader
    from .shape import Shape
    from .syscalls import Architecture
    from .writers import Writers

STOPPED = 0x7F
"""The low byte of the wait status of a stopped thread."""


class Lives:
    """Every traced thread, and the host's processes that they make up."""

    def __init__(
        self,
        *,
        arch: Architecture,
        reader: Reader,
        processes: Processes,
        shape: Shape,
        emitter: Emitter,
        writers: Writers,
        started: Callable[[], None],
    ) -> None:
        self._arch = arch
        self._reader = reader
        self._processes = processes
        self._shape = shape
        self._emitter = emitter
        self._writers = writers
        self._started = started
        self._zombies: set[int] = set()
        self._init = 0
        self._running = False
        self.threads: dict[int, Thread] = {}
        self.early = Early()
        self.init_status = 0
        self.ending = False
        """Once set, whatever is born is killed at once."""

    def begin(self, init: Process) -> None:
        """The host's first process, about to exec."""
        self._init = init.pid
        self.threads[init.pid] = Thread.first_of(init)

    def kill_all(self) -> None:
        """End the host as a power cut does; the ends are recorded as they come."""
        self.ending = True
        for pid in list(self._processes.by_pid):
            kill(pid)

    def forked(self, thread: Thread, event: int) -> None:
        """A fork, vfork or clone stop: `thread` made another thread or a process."""
        self._writers.drain()
        tid = self._reader.message(thread.tid)
        if tid is not None:
            self._born(thread, tid, event)

    def _born(self, thread: Thread, tid: int, event: int = ptrace.EVENT_FORK) -> None:
        """Record a new process, or only note a new thread; then let it run if it already waits."""
        maker, held = thread.process, self.early.release(tid)
        dead = held is not None and held.death is not None
        ppid = parent_of(tid)
        self._zombies.discard(tid)
        if ppid != maker.pid and (_in(maker, tid) or (dead and event == ptrace.EVENT_CLONE)):
            self.threads[tid] = Thread(tid, maker, self._processes.numbers.of_thread(tid))
            maker.threaded = True
        else:
            now, own = time.time_ns(), None if held is None else held.own
            try:
                child = self._processes.forked(maker, tid, ppid, now, own)
            except OSError:
                self._unnumbered(maker)
                return
            self.threads[tid] = Thread.first_of(child)
            body = {"child": self._shape.process(child)}
            self._emitter.event("fork", thread, maker, body, (child.path,))
        if self.ending:
            kill(tid)
        if held is not None and held.stopped:
            ptrace.resume(tid)
        if held is not None and held.death is not None:
            self.ended(self.threads[tid], held.death)

    def execed(self, thread: Thread) -> None:
        """An exec stop: the process runs another image, with all of it still to be read."""
        process = thread.process
        if process.threaded:
            former = self._reader.message(thread.tid)
            if former is not None and former != thread.tid:
                self.threads.pop(former, None)  # that thread took over the process's id
            process.threaded = False
        thread.pending = None
        self._writers.drain()
        before, rules = self._shape.process(process), process.rules
        self._processes.execed(process)
        try:
            image = read_image(self._reader, process.pid, self._shape.view)
        except (OSError, ValueError) as error:
            vanished(self._emitter, "exec", process, error)
            return
        self._renew(process, image)
        body = self._shape.exec_body(image, process, self._arch)
        script = () if body.script is None else (body.script.path,)
        names = (process.path, *script)
        cut = ("args",) if image.args_cut else ()
        self._emitter.event(
            "exec", thread, process, body, names, before=before, rules=rules, cut=cut
        )
        if process.pid == self._init and not self._running:
            self._running = True
            self._started()

    def _renew(self, process: Process, image: Image) -> None:
        process.path, process.executable, process.rules = self._shape.image(image)
        own = self._processes.numbers.of_known(process.pid, image.stat)
        process.group, process.session = own.group, own.session
        if image.stat.tty != process.tty_number:
            process.tty_number, process.tty = image.stat.tty, self._shape.tty(image.stat.tty)

    def ended(self, thread: Thread, status: int) -> None:
        """A thread has gone; with the one of the process's own id, which goes last, the process."""
        del self.threads[thread.tid]
        process = thread.process
        pending = thread.pending
        if pending and pending.event and not (pending.killed and pending.killed()):
            self._emitter.lost(pending.event, 1, f"process {process.pid} was killed in the call")
        if thread.tid != process.pid:
            return
        self._writers.drain()
        for tid in self.early.made_by(process.pid):
            self._born(thread, tid)  # killed inside its fork, it never told of the child
        self._writers.left_behind(process)
        self._emitter.event("exit", thread, process, {"stat": status}, (process.path,))
        if process.parent is not None:
            self._zombies.add(process.pid)  # its parent has yet to see it, or never will
        self._processes.exited(process)
        if process.pid == self._init:
            self.init_status = status

    def stranger(self, tid: int, status: int) -> None:
        """A new process stopped before its fork was heard of, or an orphan's second, true end."""
        if status & 0xFF == STOPPED:
            self.early.hold(tid, self._processes.numbers)
        elif tid in self._zombies:
            self._zombies.discard(tid)
        else:
            self.early.bury(tid, status)

    def take_in_lost(self) -> None:
        """Held threads whose maker was killed inside its fork and has gone: nobody will tell."""
        for tid in self.early.without_maker(self._processes.by_pid):
            held = self.early.release(tid)
            if held is None or held.death is not None:
                continue  # it never ran
            try:
                found = self._processes.first(tid, time.time_ns())
                self._show(found, tid)
            except OSError:
                continue  # killed as well
            self._emitter.lost("fork", 1, f"process {tid}'s maker was killed while forking")
            self.threads[tid] = Thread.first_of(found)
            if self.ending:
                kill(tid)
            ptrace.resume(tid)

    def _unnumbered(self, maker: Process) -> None:
        """A child was killed before it ran, and reaped before its number could be read."""
        for event in ("fork", "exit"):
            self._emitter.lost(event, 1, f"a child of process {maker.number} was never seen alive")

    def _show(self, process: Process, pid: int) -> None:
        link = b"/proc/%d/exe" % pid
        process.path, process.executable, process.rules = self._shape.program(
            read_link(link), stat(link)
        )


def _in(process: Process, tid: int) -> bool:
    return os.path.exists(b"/proc/%d/task/%d" % (process.pid, tid))  # noqa: PTH110 - bytes


def vanished(emitter: Emitter, event: str, process: Process, error: Exception) -> None:
    """A process was killed between its stop and the look at it: its event is lost, loudly."""
    emitter.lost(event, 1, f"process {process.pid} vanished: {error}")


def kill(pid: int) -> None:
    """SIGKILL; one that has gone already is as good."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
