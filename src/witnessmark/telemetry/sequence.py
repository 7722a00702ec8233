"""Accounts for sequence numbers: what was lost, repeated, late, or begun anew.

The first number seen is the baseline (eslogger counts from its start, a file may begin later). A
jump leaves a hole; a late record fills it; what is still open at the end is a gap.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from operator import le

from witnessmark.model.events import Gap

SECOND = 1_000_000_000
RESTART = "restart"
"""``Gap.counter`` of a sensor that began to count anew; at least one record may be missing."""


class Seen(Enum):
    """What a sequence number meant."""

    NEXT = "next"
    LATE = "late"
    REPEATED = "repeated"
    RESTARTED = "restarted"


_NEXT = Seen.NEXT
"""What nearly every number means; an enum's members are looked up slowly until Python 3.12."""


@dataclass(slots=True)
class _Bounds:
    """Between which moments a hole lies; None: nobody knows."""

    since_ns: int | None
    after_ns: int
    """What the first record behind it says alone: never more than a hint."""
    until_ns: int | None = None


@dataclass(slots=True)
class _Hole:
    first: int
    last: int
    line: int
    bounds: _Bounds


class Course:
    """When one sensor's records happened, in the order in which it numbered them.

    A single time is no bound of anything, for it may be wrong: a hole lies behind the earlier of
    the two records before it, and before the later of the two behind it. Where times run
    backwards against the numbers by more than a second, no time bounds anything any more.
    """

    def __init__(self) -> None:
        self.newest_ns: int | None = None
        self.low_ns: int | None = None
        """The earlier time of the last two records; None until there are two."""
        self.backwards_ns = 0
        self._open: list[_Bounds] = []

    def move(self, time_ns: int) -> None:
        """Take in the time of the next record in order."""
        for bounds in self._open:
            bounds.until_ns = max(bounds.after_ns, time_ns)
        self._open.clear()
        if self.newest_ns is not None:
            self.against(self.newest_ns - time_ns)
            self.low_ns = min(self.newest_ns, time_ns)
        self.newest_ns = time_ns

    def against(self, step_ns: int) -> None:
        """Note how far a time lies before one of a smaller number."""
        if step_ns > SECOND:
            self.backwards_ns = max(self.backwards_ns, step_ns)

    def opened(self, since_ns: int | None, after_ns: int) -> _Bounds:
        """The bounds of a hole before the record that was just moved to; the next closes them."""
        bounds = _Bounds(since_ns, after_ns)
        self._open.append(bounds)
        return bounds


class Counter:
    """One counter of one sensor (``global_seq_num``, or an event type's ``seq_num``).

    ``course`` is the sensor's. One who ``leads`` moves it on; any other's numbers are of records
    that were moved to before.
    """

    def __init__(self, name: str, course: Course | None = None, *, leads: bool = True) -> None:
        self.name = name
        self._course = course or Course()
        self._leads = leads
        self._holes: list[_Hole] = []
        self._restarts: list[tuple[int, _Bounds]] = []
        self._start = 0
        self._next: int | None = None
        self._lowest = 0
        self._newest_ns = 0
        self._low_ns: int | None = None

    def see(self, number: int, line: int, time_ns: int, *, late: bool = False) -> Seen:
        """Take one record's number in; bytes that repeat must be recognised by the caller.

        ``late``: the record is no neighbour of the one that the course moved to last.
        """
        if self._next is None:
            self._lowest = number
            self._accept(number, time_ns, late)
            return _NEXT
        if number >= self._next:
            first, since_ns = self._next, self._since()
            self._accept(number, time_ns, late)
            if number > first:
                bounds = self._course.opened(since_ns, time_ns)
                self._holes.append(_Hole(first, number - 1, line, bounds))
            return _NEXT
        if self._fill(number, time_ns):
            return Seen.LATE
        early = number < self._lowest
        if self._later(time_ns, early):
            self.restart(number, line, time_ns)
            return Seen.RESTARTED
        if early:
            if number + 1 < self._lowest:
                bounds = _Bounds(None, self._newest_ns)
                self._holes.insert(self._start, _Hole(number + 1, self._lowest - 1, line, bounds))
            self._lowest = number
        return Seen.LATE if early else Seen.REPEATED

    def restart(self, number: int | None, line: int, time_ns: int) -> None:
        """Begin anew at ``number``, or (None) at whatever comes next; holes so far stay gaps."""
        since_ns = self._since()
        self._start = len(self._holes)
        self._next = None
        self._lowest = number or 0
        if number is None:
            return
        self._accept(number, time_ns, late=False)
        self._restarts.append((line, self._course.opened(since_ns, time_ns)))

    def _since(self) -> int | None:
        return self._course.low_ns if self._leads else self._low_ns

    def _accept(self, number: int, time_ns: int, late: bool) -> None:
        self._next = number + 1
        backwards = self._newest_ns - time_ns > SECOND
        self._newest_ns = time_ns if backwards else max(self._newest_ns, time_ns)
        if self._leads:
            self._course.move(time_ns)
        self._low_ns = None if late else self._course.low_ns

    def _later(self, time_ns: int, early: bool) -> bool:
        """Whether a smaller number is of a later time: one wrong time ahead hides no restart."""
        low_ns = self._since()
        ahead = low_ns is not None and time_ns > low_ns + SECOND
        return ahead or time_ns > self._newest_ns + (SECOND if early else 0)

    def follows(self, first: int, times: list[int]) -> bool:
        """Whether records that begin with this number are the next ones, and no time is wrong."""
        newest_ns = max(self._newest_ns, self._course.newest_ns or 0)
        if first != self._next or times[0] < newest_ns - SECOND:
            return False
        if all(map(le, times, times[1:])):
            return True
        newest = accumulate(times, max, initial=newest_ns)
        return all(each >= before - SECOND for each, before in zip(times, newest, strict=False))

    def lead(self, times: list[int]) -> list[int | None]:
        """Take in records that follow, as ``see`` would one by one; ``low_ns`` at each of them."""
        course = self._course
        course.move(times[0])
        lows = [course.low_ns, *map(min, times, times[1:])]
        course.newest_ns, course.low_ns = times[-1], lows[-1]
        self.follow(times, course.low_ns)
        return lows

    def follow(self, times: list[int], low_ns: int | None) -> None:
        """The same of one who does not lead; ``low_ns`` is the course's at the last of them."""
        assert self._next is not None
        self._next += len(times)
        self._newest_ns = max(self._newest_ns, *times)
        self._low_ns = low_ns

    def gaps(self) -> tuple[Gap, ...]:
        """Every hole that is still open, and every restart, in line order."""
        gaps = [
            self._gap(hole.line, hole.bounds, self.name, hole.last - hole.first + 1)
            for hole in self._holes
        ]
        gaps += [self._gap(line, bounds, RESTART, 1) for line, bounds in self._restarts]
        return tuple(sorted(gaps, key=lambda gap: gap.line))

    def _gap(self, line: int, bounds: _Bounds, counter: str, missing: int) -> Gap:
        sound = not self._course.backwards_ns
        return Gap(
            line=line,
            time_ns=bounds.until_ns if sound else None,
            missing=missing,
            counter=counter,
            since_ns=bounds.since_ns if sound else None,
        )

    def _fill(self, number: int, time_ns: int) -> bool:
        place = bisect_right(self._holes, number, lo=self._start, key=lambda hole: hole.first) - 1
        if place < self._start:
            return False
        hole = self._holes[place]
        if number > hole.last or time_ns > hole.bounds.after_ns + SECOND:
            return False
        if hole.bounds.since_ns is not None:
            self._course.against(hole.bounds.since_ns - time_ns)
        self._holes[place : place + 1] = [
            _Hole(first, last, hole.line, hole.bounds)
            for first, last in ((hole.first, number - 1), (number + 1, hole.last))
            if first <= last
        ]
        return True
