"""Starts a stand-in host's processes and reaps every one of them, orphans included."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FileAction = tuple[int, ...] | tuple[int, int, str, int, int]
"""One of os.posix_spawn's file actions."""

RESETTABLE = tuple(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})
"""Given their default again in a new process: Python ignores some, and nohup or & others."""


class Bell:
    """A descriptor that becomes readable once rung; ringing after ``close`` is harmless."""

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._lock = threading.Lock()
        self._open = True

    def ring(self) -> None:
        with self._lock:
            if self._open:
                os.eventfd_write(self.fd, 1)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                os.close(self.fd)


class Child:
    """A process that this host started; ``ended`` rings when it was reaped."""

    def __init__(self) -> None:
        self.pid = 0
        self.ended = Bell()
        self.code: int | None = None
        """Exit code, or minus the number of the signal that killed it; None while it runs."""


class ProcessTable:
    """What an init knows of its children: those it started, and the orphans it inherits.

    One thread waits for all of them, so no zombie stays; nobody else may call ``waitpid``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._children: dict[int, Child] = {}
        self._started = threading.Event()
        threading.Thread(target=self._reap, name="reaper", daemon=True).start()

    def spawn(
        self,
        path: str,
        argv: Sequence[str | bytes],
        environment: Mapping[str, str],
        actions: Sequence[FileAction],
    ) -> Child:
        """Starts ``path`` in a session of its own; raises OSError if it cannot be executed.

        posix_spawn is used because no Python code may run between fork and exec in a process with
        threads, and because its session leader opens its terminal *after* setsid, which makes it
        the controlling one. All other descriptors of this process are close-on-exec (PEP 446).
        """
        child = Child()
        try:
            with self._lock:
                child.pid = os.posix_spawn(
                    path,
                    list(argv),
                    environment,
                    file_actions=actions,
                    setsid=True,
                    setsigmask=(),
                    setsigdef=RESETTABLE,
                )
                self._children[child.pid] = child
        except BaseException:
            child.ended.close()
            raise
        self._started.set()
        return child

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:  # no descendants at all: an orphan always has a live ancestor
                self._started.wait()
                self._started.clear()
                continue
            with self._lock:
                child = self._children.pop(pid, None)
            if child is not None:
                child.code = os.waitstatus_to_exitcode(status)
                child.ended.ring()
