"""The loop that follows every process of a host from stop to stop.

A stopped process waits until its event is written, so what /proc says of it cannot be stale. Three
rules keep the order true: closes that have happened are written before every exec, exit, rename and
unlink; a new process's first stop is held until its fork is written; a call is told only after it
succeeded.
"""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING

from . import ptrace
from .calls import look_at
from .emit import warn
from .lives import STOPPED, Lives, vanished

if TYPE_CHECKING:
    import threading

    from .look import Look
    from .processes import Process, Thread
    from .ptrace import Reader
    from .room import Room
    from .writers import Writers

_STOPPING = frozenset({signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
_FORKS = frozenset({ptrace.EVENT_FORK, ptrace.EVENT_VFORK, ptrace.EVENT_CLONE})
_MAX_ERROR = -4095


class Tracer:
    """Follows one host. `quiet` is free exactly while no stop is being handled."""

    def __init__(
        self,
        *,
        lives: Lives,
        look: Look,
        reader: Reader,
        writers: Writers,
        quiet: threading.Lock,
        room: Room | None = None,
    ) -> None:
        self._room = room
        self._lives = lives
        self._look = look
        self._reader = reader
        self._writers = writers
        self._quiet = quiet

    def run(self, init: Process) -> int:
        """Follow `init`, already seized, and all its descendants until the last has gone.

        Returns init's wait status.
        """
        lives = self._lives
        lives.begin(init)
        with self._quiet:
            while lives.threads or lives.early:
                try:
                    tid, status = self._next()
                except ChildProcessError:
                    warn(f"lost sight of {len(lives.threads)} thread(s) that ended unseen")
                    break
                self._on_status(tid, status)
            self._writers.drain()
        return lives.init_status

    def _next(self) -> tuple[int, int]:
        if self._lives.early:
            tid, status = os.waitpid(-1, ptrace.WALL | os.WNOHANG)
            if tid:
                return tid, status
            self._lives.take_in_lost()
        self._quiet.release()
        try:
            return os.waitpid(-1, ptrace.WALL)
        finally:
            self._quiet.acquire()

    def _on_status(self, tid: int, status: int) -> None:
        thread = self._lives.threads.get(tid)
        if thread is None:
            self._lives.stranger(tid, status)
        elif status & 0xFF != STOPPED:
            self._lives.ended(thread, status)
        else:
            self._stopped(thread, status >> 16, status >> 8 & 0xFF)

    def _stopped(self, thread: Thread, event: int, sig: int) -> None:
        tid = thread.tid
        if event == ptrace.EVENT_SECCOMP:
            self._enter(thread)
        elif sig == ptrace.SYSCALL_STOP:
            self._leave(thread)
        elif event in _FORKS:
            self._lives.forked(thread, event)
            ptrace.resume(tid)
        elif event == ptrace.EVENT_EXEC:
            self._lives.execed(thread)
            ptrace.resume(tid)
        elif event == ptrace.EVENT_STOP and sig in _STOPPING:
            ptrace.listen(tid)
        elif event == ptrace.EVENT_STOP:
            ptrace.resume(tid)  # its first stop, or the end of a group-stop
        else:
            ptrace.resume(tid, sig=sig)

    def _enter(self, thread: Thread) -> None:
        self._writers.drain()
        try:
            entry = self._reader.entry(thread.tid)
            if entry is not None and self._room is not None and self._room.denied(thread, entry):
                entry = None
            thread.pending = None if entry is None else look_at(self._look, thread, entry)
        except OSError as error:
            thread.pending = None  # killed while it was looked at: the call will not happen
            if error.errno == errno.ENAMETOOLONG:
                self._look.emitter.lost(
                    "rename", 1, f"process {thread.process.pid}: {error.strerror}"
                )
        ptrace.resume(thread.tid, ptrace.SYSCALL if thread.pending else ptrace.CONT)

    def _leave(self, thread: Thread) -> None:
        pending, result = thread.pending, self._reader.result(thread.tid)
        if result is None:
            return  # killed: its end will be told
        thread.pending = None
        if pending is not None and not _MAX_ERROR <= result < 0:
            try:
                pending.tell(result)
            except OSError as error:
                if pending.event is not None:
                    vanished(self._look.emitter, pending.event, thread.process, error)
        ptrace.resume(thread.tid)
