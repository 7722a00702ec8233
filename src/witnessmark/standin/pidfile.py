"""Names a process beyond doubt: its pid and when it started, so that a reused pid is noticed."""

from __future__ import annotations

import os
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process as written to a pid file; ``started`` is in clock ticks since boot."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this pid now, or None. A zombie counts as gone."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        state, parent, *rest = stat[stat.rindex(b")") + 2 :].split()  # the name may hold anything
        if state in (b"Z", b"X"):
            if int(parent) == os.getpid():
                _reap(pid)
            return None
        return cls(pid, int(rest[17]))

    def alive(self) -> bool:
        return Process.of(self.pid) == self

    def end(self, *, patience_s: float) -> None:
        """SIGTERM, then after ``patience_s`` seconds SIGKILL; returns when it is gone."""
        for number, limit in ((signal.SIGTERM, patience_s), (signal.SIGKILL, 10.0)):
            if not self._signal(number):
                return
            deadline = time.monotonic() + limit
            while self.alive():
                if time.monotonic() > deadline:
                    break
                time.sleep(0.005)
            else:
                return

    def wait(self) -> None:
        """Returns when the process has ended."""
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive():
                select.select([fd], [], [])
        finally:
            os.close(fd)

    def _signal(self, number: int) -> bool:
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if not self.alive():  # checked while the descriptor pins the pid
                return False
            signal.pidfd_send_signal(fd, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(fd)
        return True


def write_pid(path: Path, pid: int) -> None:
    """Records a living process, whole or not at all."""
    process = Process.of(pid)
    if process is None:
        raise ProcessLookupError(pid)
    partial = path.with_suffix(".partial")
    partial.write_text(f"{process.pid} {process.started}\n", encoding="ascii")
    partial.replace(path)


def read_pid(path: Path) -> Process | None:
    """The process that ``path`` names if it still lives; None if it does not or there is none."""
    try:
        pid, started = path.read_text(encoding="ascii").split()
        process = Process(int(pid), int(started))
    except (OSError, ValueError):
        return None
    return process if process.alive() else None


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
