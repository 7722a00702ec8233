"""No rule may take more than its share of processor time, whatever its patterns are."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

AGAIN_S = 0.5
"""How soon the limit speaks again, if a library has swallowed what it raised."""


class OutOfTime(BaseException):
    """Not an ``Exception``: what runs a rule may swallow those."""


class Limit:
    """Whether the time is up; a long query asks it now and then."""

    passed = False


@contextmanager
def processor_time(seconds: float) -> Iterator[Limit]:
    """Raise ``OutOfTime`` in the block once it has used this much processor time of its own.

    Time of the processor, not of the clock: a busy machine makes no rule slow. Outside the main
    thread, where no signal arrives, nothing is limited.
    """
    limit = Limit()
    if threading.current_thread() is not threading.main_thread():
        yield limit
        return

    def up(_signal: int, _frame: object) -> None:
        limit.passed = True
        raise OutOfTime

    before = signal.signal(signal.SIGVTALRM, up)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds, AGAIN_S)
        yield limit
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
