"""Keeps a recorder and its host on one CPU, since only one of them ever runs at a time.

Each stop hands over from a process to the recorder and back; across CPUs that costs a wake-up each
way. benchmarks/recorder.py shows what it is worth. Several hosts spread over the CPUs by their pid.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def one_cpu() -> Iterator[None]:
    """Bind this thread, and all that it starts, to one of the CPUs it may use; undone at the end.

    Where binding is not allowed nothing is bound: it is for speed alone.
    """
    allowed = sorted(os.sched_getaffinity(0))
    try:
        os.sched_setaffinity(0, {allowed[os.getpid() % len(allowed)]})
    except OSError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
