"""Accounts for sequence numbers: what was lost, repeated, late, or begun anew.

The first number seen is the baseline (eslogger counts from its start, a file may begin later). A
jump leaves a hole; a late record fills it; what is still open at the end is a gap.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

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


@dataclass(slots=True)
class _Hole:
    first: int
    last: int
    line: int
    since_ns: int
    time_ns: int


class Counter:
    """One counter of one sensor (``global_seq_num``, or an event type's ``seq_num``)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._holes: list[_Hole] = []
        self._restarts: list[Gap] = []
        self._start = 0
        self._next: int | None = None
        self._lowest = 0
        self._newest_ns = 0

    def see(self, number: int, line: int, time_ns: int) -> Seen:
        """Take one record's number in; bytes that repeat must be recognised by the caller."""
        if self._next is None:
            self._next, self._lowest, self._newest_ns = number + 1, number, time_ns
            return Seen.NEXT
        if number >= self._next:
            if number > self._next:
                self._holes.append(_Hole(self._next, number - 1, line, self._newest_ns, time_ns))
            self._next = number + 1
            self._newest_ns = max(self._newest_ns, time_ns)
            return Seen.NEXT
        if self._fill(number, time_ns):
            return Seen.LATE
        early = number < self._lowest
        if time_ns > self._newest_ns + (SECOND if early else 0):
            self.restart(number, line, time_ns)
            return Seen.RESTARTED
        if early:
            if number + 1 < self._lowest:
                hole = _Hole(number + 1, self._lowest - 1, line, time_ns, self._newest_ns)
                self._holes.insert(self._start, hole)
            self._lowest = number
        return Seen.LATE if early else Seen.REPEATED

    def restart(self, number: int | None, line: int, time_ns: int) -> None:
        """Begin anew at ``number``; holes so far stay gaps."""
        if self._next is not None and number is not None:
            self._restarts.append(
                Gap(
                    line=line, time_ns=time_ns, missing=1, counter=RESTART, since_ns=self._newest_ns
                )
            )
        self._start = len(self._holes)
        self._next = None if number is None else number + 1
        self._lowest = number or 0
        self._newest_ns = max(self._newest_ns, time_ns)

    def gaps(self) -> tuple[Gap, ...]:
        """Every hole that is still open, and every restart, in line order."""
        holes = [
            Gap(
                line=hole.line,
                time_ns=hole.time_ns,
                missing=hole.last - hole.first + 1,
                counter=self.name,
                since_ns=hole.since_ns,
            )
            for hole in self._holes
        ]
        return tuple(sorted(holes + self._restarts, key=lambda gap: gap.line))

    def _fill(self, number: int, time_ns: int) -> bool:
        place = bisect_right(self._holes, number, lo=self._start, key=lambda hole: hole.first) - 1
        if place < self._start:
            return False
        hole = self._holes[place]
        if number > hole.last or time_ns > hole.time_ns + SECOND:
            return False
        parts = [
            _Hole(first, last, hole.line, hole.since_ns, hole.time_ns)
            for first, last in ((hole.first, number - 1), (number + 1, hole.last))
            if first <= last
        ]
        self._holes[place : place + 1] = parts
        return True
