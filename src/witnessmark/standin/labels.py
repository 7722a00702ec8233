"""The host's labelled jobs, which init keeps up until they are removed: ``launchctl submit``."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from witnessmark.standin.spawn import Child

THROTTLE_S = 10.0
"""launchd.plist(5), ThrottleInterval: a job is not started more often than this."""


class JobError(Exception):
    """A job that cannot be had or is not there."""


@dataclass(slots=True, eq=False)
class Job:
    """One labelled job; ``child`` is None between two of its lives."""

    argv: list[str]
    child: Child | None = None
    status: int | None = None
    """How it ended last: its exit code, or minus a signal's number; None: it never ended."""
    over: threading.Event = field(default_factory=threading.Event)


class Labels:
    """All jobs by their labels."""

    def __init__(self, spawn: Callable[[list[str]], Child]) -> None:
        self._spawn = spawn
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def submit(self, label: str, argv: list[str]) -> None:
        """Starts a job now, and whenever it has ended. OSError: it cannot be executed."""
        with self._lock:
            if label in self._jobs:
                raise JobError("job already loaded")
            job = self._jobs[label] = Job(argv)
            try:
                job.child = self._spawn(argv)
            except OSError:
                del self._jobs[label]
                raise
        threading.Thread(target=self._keep_up, args=(job,), daemon=True).start()

    def remove(self, label: str) -> None:
        """Ends a job, if it runs, and forgets it."""
        with self._lock:
            job = self._jobs.pop(label, None)
            if job is None:
                raise JobError("no such job")
            job.over.set()
            if job.child is not None:
                _terminate(job.child)

    def told(self) -> list[dict[str, object]]:
        """What ``launchctl list`` knows of each."""
        with self._lock:
            return [
                {
                    "label": label,
                    "pid": None if job.child is None else job.child.pid,
                    "status": job.status,
                    "argv": job.argv,
                }
                for label, job in sorted(self._jobs.items())
            ]

    def _keep_up(self, job: Job) -> None:
        while (child := job.child) is not None:
            began = time.monotonic()
            select.select([child.ended.fd], [], [])
            child.ended.close()
            with self._lock:
                job.status, job.child = child.code, None
            if job.over.wait(max(0.0, THROTTLE_S - (time.monotonic() - began))):
                return
            with self._lock:
                if not job.over.is_set():
                    job.child = self._again(job)

    def _again(self, job: Job) -> Child | None:
        try:
            return self._spawn(job.argv)
        except OSError:  # its file has gone: launchd says so and gives up
            return None


def _terminate(child: Child) -> None:
    """It leads a session of its own; what it started in its group goes with it, as by launchd."""
    if child.code is None:
        try:
            os.killpg(child.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
