"""Puts one source's events into the order in which the sensor numbered them, within late_arrival.

As TCP reassembles: the next number passes at once, a hole holds back what follows until it is
filled or ``late_arrival`` has passed on the events' own clock. Events without numbers, or with
those of several counters, wait that long each and pass by time; where times are whole seconds, what
files got in a second comes before what ran in it, for nobody can tell, and a drop must not be
missed. Memory is what arrives in that time, and never more than ``MOST``.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from witnessmark.analytic.pace import IN_A_ROW, Pace
from witnessmark.telemetry.runs import forget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.events import Event

MOST = 100_000
RECENT = 20_000
SECOND = 1_000_000_000


class Order:
    """A reordering buffer for one host's one source."""

    def __init__(self, late_ns: int, *, grain_ns: int = 1) -> None:
        self.late = 0
        """Events that came after their turn was given up; they pass when they come."""
        self._late_ns = late_ns
        self._coarse = grain_ns >= SECOND
        self.pace = Pace()
        self._idle_ns = 0
        self.newest_ns = 0
        self._oldest: int | None = None
        self._next: int | None = None
        self._top = -1
        self._numbered: list[tuple[int, int, Event]] = []
        self._timed: list[tuple[int, bool, int, int, Event]] = []
        self._recent: dict[int, int] = {}
        self._arrivals = 0

    def feed(self, event: Event) -> Iterator[Event]:
        """Take one event; yield those whose turn has come."""
        self._arrivals += 1
        self._idle_ns = 0
        number = None if event.numbered_apart else event.global_seq
        if number is None:
            runs = self._coarse and event.file is None
            heappush(self._timed, (event.time_ns, runs, event.line, self._arrivals, event))
        else:
            if self._restarted(event, number):
                yield from self._drain(None)
                self._recent.clear()
                self._next, self._top = number, number
            yield from self._numbered_event(event, number)
        self.newest_ns = max(self.newest_ns, event.time_ns)
        self.pace.move(event.time_ns)
        yield from self._drain(self.pace.now_ns - self._late_ns)

    def straight(self, event: Event) -> bool:
        """Whether an event is simply the next one: it is taken in then, and its turn has come."""
        number, time_ns = event.global_seq, event.time_ns
        if number is None or event.numbered_apart or not self.follows(number):
            return False
        self._arrivals += 1
        self._idle_ns = 0
        self._top = number
        if time_ns > self.newest_ns or time_ns < self.newest_ns - SECOND:
            self.newest_ns = time_ns  # else a record before it was dated ahead
        self._pass(number, time_ns)
        self.pace.move(time_ns)
        return True

    def follows(self, number: int) -> bool:
        """Whether a number is the next one, and nothing waits for another."""
        return self._next == number > self._top and not self._numbered and not self._timed

    def passed(self, first: int, times: list[int]) -> None:
        """Take in as many events, each the next one from ``first``, that nobody needs to see."""
        self._arrivals += len(times)
        self._idle_ns = 0
        self._next = first + len(times)
        self._top = self._next - 1
        self.newest_ns = max(self.newest_ns, *times)
        self._recent.update(zip(range(first, self._next), times, strict=True))
        forget(self._recent, RECENT)
        for time_ns in times[-IN_A_ROW:]:
            self.pace.move(time_ns)

    def advance(self, now_ns: int) -> Iterator[Event]:
        """Let time pass without an event, as on a quiet live stream."""
        self._idle_ns = max(self._idle_ns, now_ns)
        yield from self._drain(self._now() - self._late_ns)

    def finish(self) -> Iterator[Event]:
        """Everything that still waits, in order."""
        yield from self._drain(None)

    def settled_ns(self) -> int:
        """No event older than this is still waited for."""
        waiting = [heap[0][-1].time_ns for heap in (self._numbered, self._timed) if heap]
        return min([self._now(), *waiting])

    def _now(self) -> int:
        return max(self.pace.now_ns, self._idle_ns)

    def _numbered_event(self, event: Event, number: int) -> Iterator[Event]:
        if number > self._top:
            self._top = number
            if event.time_ns < self.newest_ns - SECOND:
                self.newest_ns = event.time_ns  # a record before it was dated ahead
        if self._next is None:
            self._oldest = min(event.time_ns, self._oldest or event.time_ns)
        if self._next is not None and number < self._next:
            if self._recent.get(number) != event.time_ns:
                self.late += 1
                yield event
        elif number == self._next and not self._numbered:
            self._pass(number, event.time_ns)
            yield event
        else:
            heappush(self._numbered, (number, self._arrivals, event))

    def _drain(self, limit: int | None) -> Iterator[Event]:
        while self._numbered and self._may_pass(limit):
            number, _, event = heappop(self._numbered)
            if self._next is not None and number < self._next:
                continue  # the same number twice; the first of them has passed
            self._pass(number, event.time_ns)
            yield event
        while self._timed and (
            limit is None or self._timed[0][0] <= limit or len(self._timed) > MOST
        ):
            yield heappop(self._timed)[-1]

    def _may_pass(self, limit: int | None) -> bool:
        if limit is None or len(self._numbered) > MOST:
            return True
        number, _, event = self._numbered[0]
        if self._next is None:
            # Until the first number is settled, a smaller one may still arrive; ES starts at 0.
            return number == 0 or (self._oldest is not None and self._oldest <= limit)
        return number <= self._next or event.time_ns <= limit

    def _restarted(self, event: Event, number: int) -> bool:
        """Whether the sensor began to count anew: a smaller number at a later time."""
        after = event.time_ns - self.newest_ns
        if number > self._top or after <= 0:
            return False
        seen = self._recent.get(number, event.time_ns) != event.time_ns
        return after > SECOND or seen or self._top - number > RECENT

    def _pass(self, number: int, time_ns: int) -> None:
        self._next = number + 1
        self._recent[number] = time_ns
        forget(self._recent, RECENT)
