"""Faults of the shipper: what is recorded does not arrive, or arrives late, twice or shuffled."""

from __future__ import annotations

import heapq
import math
import time
from typing import TYPE_CHECKING

from .known import SECONDS, WHOLE, Action, Fault
from .lines import described

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Lines = list[bytes]

ACTIONS: Mapping[str, Action] = {
    "drop": Action(what="the record never arrives"),
    "delay": Action(
        what="the record arrives so many seconds later; others overtake it",
        needs={"seconds": SECONDS},
    ),
    "duplicate": Action(what="the record arrives so many times more", may={"times": WHOLE}),
    "reorder": Action(what="the record arrives after the next so many (by: 3)", may={"by": WHOLE}),
    "stall": Action(
        what="from this record on nothing arrives, for so many seconds or for good",
        may={"seconds": SECONDS},
    ),
}


class ShipperFaults:
    """What the shipper's faults make of the lines that pass through it, in order."""

    def __init__(
        self,
        items: Sequence[Fault],
        clock: Callable[[], float] = time.monotonic,
        *,
        layer: str = "shipper",
        describe: Callable[[bytes], tuple[str, tuple[str, ...]]] = described,
        on_lines: Mapping[str, Callable[[ShipperFaults, Fault, Lines], Lines]] | None = None,
    ) -> None:
        self._faults = [fault for fault in items if fault.layer == layer]
        self._clock, self._describe = clock, describe
        self._on_lines = ON_LINES if on_lines is None else on_lines
        self._delayed: list[tuple[float, int, Lines]] = []
        self._overtaken: list[tuple[int, Lines]] = []
        self._stalled: Lines = []
        self._until = 0.0
        self._count = 0

    def take(self, line: bytes) -> Lines:
        """The lines that are delivered now, because this one came."""
        lines = [line]
        if self._faults:
            event, names = self._describe(line)
            for fault in self._faults:
                if fault.takes(event, names):
                    lines = self._on_lines[fault.action](self, fault, lines)
        return self._through(lines + self._after(len(lines)))

    def due(self) -> Lines:
        """Lines that were held and whose time has come."""
        now = self._clock()
        found: Lines = []
        if self._stalled and now >= self._until:
            found, self._stalled = self._stalled, []
        while self._delayed and self._delayed[0][0] <= now:
            found += heapq.heappop(self._delayed)[2]
        return self._through(found)

    def wait_s(self) -> float | None:
        """Seconds until `due` has something; None if nothing is held for a time."""
        times = [self._delayed[0][0]] if self._delayed else []
        times += [self._until] if self._stalled and self._until < math.inf else []
        return max(0.0, min(times) - self._clock()) if times else None

    def rest(self) -> Lines:
        """What is delivered when the host ends: all that is held but not stalled for good."""
        found = [line for _, _, lines in sorted(self._delayed) for line in lines]
        found += [line for _, lines in self._overtaken for line in lines]
        self._delayed, self._overtaken = [], []
        return found if self._until == math.inf else [*self._stalled, *found]

    def delay(self, lines: Lines, seconds: float) -> None:
        """Hold lines for so long."""
        self._count += 1
        heapq.heappush(self._delayed, (self._clock() + seconds, self._count, lines))

    def overtake(self, lines: Lines, by: int) -> None:
        """Hold lines until so many others have passed."""
        self._overtaken.append((by, lines))

    def stall(self, seconds: float | None) -> None:
        """Let nothing pass from now on."""
        self._until = math.inf if seconds is None else self._clock() + seconds

    def _after(self, passed: int) -> Lines:
        found: Lines = []
        waiting = []
        for by, lines in self._overtaken:
            if passed and by - passed < 0:
                found += lines
            else:
                waiting.append((by - passed, lines))
        self._overtaken = waiting
        return found

    def _through(self, lines: Lines) -> Lines:
        if self._until <= self._clock() and not self._stalled:
            return lines
        self._stalled += lines
        return []


def _drop(_faults: ShipperFaults, _fault: Fault, _lines: Lines) -> Lines:
    return []


def _delay(faults: ShipperFaults, fault: Fault, lines: Lines) -> Lines:
    faults.delay(lines, fault.seconds() or 0.0)
    return []


def _duplicate(_faults: ShipperFaults, fault: Fault, lines: Lines) -> Lines:
    return lines * (1 + fault.number("times", 1))


def _reorder(faults: ShipperFaults, fault: Fault, lines: Lines) -> Lines:
    faults.overtake(lines, fault.number("by", 3))
    return []


def _stall(faults: ShipperFaults, fault: Fault, lines: Lines) -> Lines:
    faults.stall(fault.seconds())
    return lines


ON_LINES: Mapping[str, Callable[[ShipperFaults, Fault, Lines], Lines]] = {
    "drop": _drop,
    "delay": _delay,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "stall": _stall,
}
