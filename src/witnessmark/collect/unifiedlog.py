"""Collects a host's unified log by asking ``log show`` again and again, proved by canaries."""

from __future__ import annotations

import itertools
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from witnessmark.collect import canaries
from witnessmark.collect.feeds import GoneOn, SecondLook
from witnessmark.collect.logasked import read
from witnessmark.collect.logkept import Kept
from witnessmark.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from witnessmark.collect.logasked import Line
    from witnessmark.hosts.transport import Transport
    from witnessmark.model.unifiedlog import UnifiedLog

OVERLAP_S: Final = 60.0
"""How long a record may take from its time until `log show` tells it, to be found at once."""
_SECOND = 10**9


class LogFeed:
    """``log show``, asked every few seconds for the last minute, and at the end for the run."""

    def __init__(
        self, transport: Transport, place: UnifiedLog, raw: Path, *, events: bool = False
    ) -> None:
        self._kept, self._place = Kept(transport, place, raw, events=events), place
        self._before: Counter[bytes] = Counter()
        self._had: Counter[bytes] = Counter()
        self._ready: deque[tuple[bytes, int | None]] = deque()
        self._last: tuple[int, int] | None = None
        """When the look before began, and since when it asked."""
        self._next = 0.0
        self._size = 0
        self._second: SecondLook | None = None
        self.patience_s = 3 * place.timeout_s + place.settle_s + 120.0
        self.timed, self.grain_ns = True, 0

    def begin(self) -> int:
        self._kept.begin()
        lines = self._asked(self._kept.first_ns)
        self._before = Counter(line.key for line in lines)
        before = sorted(key.hex() for key in self._before.elements())
        self._kept.note({"first_ns": self._kept.first_ns, "before": before})
        self._kept.speak()
        return 0

    def go_on(self, start: int, raw: Path) -> GoneOn:
        """Nothing is lost that the log still keeps; what came meanwhile came at unknown times."""
        data = raw.read_bytes()
        data = data[: data.rfind(b"\n") + 1]
        raw.write_bytes(data)
        self._kept.begin()
        self._kept.again()
        noted = (item.get("before") for item in self._kept.noted())
        before = next((item for item in noted if isinstance(item, list)), None)
        if before is None:
            raise HostError(f"{self._kept.log.host}: nobody knows what its log held before")
        self._before = Counter(bytes.fromhex(key) for key in before)
        old = [line for item in data.splitlines() if (line := read(item)) is not None]
        self._had = Counter(line.key for line in old)
        self._size = len(data)
        self._take(self._asked(self._kept.first_ns), None)
        self._ready = deque((item, None) for item, _ in self._ready)
        at = len(data) + sum(len(item) for item, _ in self._ready)
        self._kept.speak()
        return GoneOn(had=len(data), at=at, lost=False)

    def pull(self, *, last: bool) -> bytes:
        if not self._ready and (last or time.monotonic() >= self._next):
            if not last:
                self._look_if_it_goes()
            elif self._second is None:
                self._look_a_last_time()
        if not self._ready:
            return b""
        data, since_ns = self._ready.popleft()
        self.timed = since_ns is not None
        if since_ns is not None:
            self.grain_ns = max(self.grain_ns, time.time_ns() - since_ns)
        return data

    def look(self, raw: Path, start: int, end: int, now_ns: int) -> SecondLook | None:
        if self._second is None:
            raise HostError(f"{self._kept.log.host}: its log was not asked a last time")
        return self._second

    def end(self) -> None:
        """Each answer was let go of when it was read."""

    def _look_if_it_goes(self) -> list[Line]:
        """A look that fails costs only how exactly is known when records came."""
        before, began = self._last, time.time_ns()
        since = max(self._kept.first_ns, began - int(OVERLAP_S * _SECOND))
        lines: list[Line] = []
        try:
            lines = self._asked(since)
        except HostError as problem:
            self._kept.note({"asked_ns": began, "problem": str(problem)})
        else:
            self._take(lines, before)
        self._next = time.monotonic() + self._place.poll_s
        return lines

    def _look_a_last_time(self) -> None:
        said = self._kept.speak()
        end = time.monotonic() + self._place.settle_s
        while time.monotonic() < end and said.problem is None:
            if any(canaries.is_of(line, said) for line in self._look_if_it_goes()):
                break
            time.sleep(min(0.5, self._place.poll_s))
        before = self._last
        lines = self._asked(self._kept.first_ns)
        self._take(lines, before)
        self._second = self._kept.second(self._had, lines, self._size)

    def _asked(self, since_ns: int) -> list[Line]:
        began = time.time_ns()
        lines, receipt = self._kept.log.show(since_ns)
        self._kept.note(receipt)
        self._last = (began, since_ns)
        return lines

    def _take(self, lines: list[Line], before: tuple[int, int] | None) -> None:
        """What was not seen yet; when it came is known if the look before could have seen it."""

        def since(line: Line) -> int | None:
            known = before and line.time_ns is not None and line.time_ns >= before[1]
            return before[0] if before and known else None

        for since_ns, group in itertools.groupby(self._new(lines), since):
            data = b"".join(line.raw + b"\n" for line in group)
            self._ready.append((data, since_ns))
            self._size += len(data)

    def _new(self, lines: list[Line]) -> Iterator[Line]:
        """Each record as often as it is there now and was not before."""
        there = Counter(self._before)
        there.update(self._had)
        now = Counter[bytes]()
        for line in lines:
            now[line.key] += 1
            if now[line.key] > there[line.key]:
                self._had[line.key] += 1
                yield line
