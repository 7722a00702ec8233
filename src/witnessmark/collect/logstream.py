"""Collects a host's unified log as it comes (``log stream``); `log show` tells what is kept."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from witnessmark.collect import canaries
from witnessmark.collect.feeds import CommandFeed, GoneOn, SecondLook
from witnessmark.collect.logasked import read
from witnessmark.collect.logkept import Kept

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.collect.logasked import Line
    from witnessmark.hosts.transport import Transport
    from witnessmark.model.unifiedlog import Canary, UnifiedLog


class LogStreamFeed:
    """``log stream`` as it comes; at the end `log show` tells what of that is kept."""

    def __init__(
        self, transport: Transport, place: UnifiedLog, raw: Path, *, events: bool = False
    ) -> None:
        self._kept, self._place = Kept(transport, place, raw, events=events), place
        argv = self._kept.log.argv("stream", predicate=self._kept.log.predicate)
        self._live = CommandFeed(transport, tuple(argv))
        self._rest = b""
        self._had: Counter[bytes] = Counter()
        self._first = b""
        self._awaited: tuple[Canary, float] | None = None
        self._done = False
        self.patience_s = 3 * place.timeout_s + place.settle_s + 120.0
        self.timed, self.grain_ns = True, 0

    def begin(self) -> int:
        self._kept.begin()
        self._kept.note({"first_ns": self._kept.first_ns})
        self._start()
        return 0

    def go_on(self, start: int, raw: Path) -> GoneOn:
        self._kept.begin()
        self._kept.again()
        gone = self._live.go_on(start, raw)
        self._count(raw.read_bytes())
        self._attend()
        return gone

    def pull(self, *, last: bool) -> bytes:
        if not last:
            return self._pulled()
        if self._awaited is None:
            said = self._kept.speak()
            settle_s = 0.0 if said.problem else self._place.settle_s
            self._awaited = (said, time.monotonic() + settle_s)
        data = b""
        while not data and not self._done and time.monotonic() < self._awaited[1]:
            data = self._pulled()
        return data

    def _pulled(self) -> bytes:
        """What came; once the last canary is seen nothing more is waited for."""
        data, self._first = self._first or self._live.pull(last=False), b""
        found = self._count(data)
        if self._awaited is not None and any(canaries.is_of(x, self._awaited[0]) for x in found):
            self._done = True
        return data

    def look(self, raw: Path, start: int, end: int, now_ns: int) -> SecondLook | None:
        lines, receipt = self._kept.log.show(self._kept.first_ns)
        self._kept.note(receipt)
        return self._kept.second(self._had, lines, raw.stat().st_size)

    def end(self) -> None:
        self._live.end()

    def _start(self) -> None:
        self._live.begin()
        self._attend()

    def _attend(self) -> None:
        """Once it says anything (its banner) it watches; then a canary may be written."""
        end = time.monotonic() + self._place.settle_s
        while not self._first and time.monotonic() < end:
            self._first = self._live.pull(last=False)
        self._kept.speak()

    def _count(self, data: bytes) -> list[Line]:
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines = [line for item in whole if item.strip() and (line := read(item)) is not None]
        lines = [line for line in lines if line.time_ns is not None]
        self._had.update(line.key for line in lines)
        return lines
