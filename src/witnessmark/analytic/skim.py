"""Runs an engine over eslogger's lines by the chunk: the same answers, with less done for them.

What cannot change an answer only moves the clock: a record whose kind no rule needs, of a process
of which all that it says is known, while nothing is waited for. All else goes the engine's own way.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from witnessmark.analytic.pace import IN_A_ROW
from witnessmark.telemetry.bulk import Bulk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.analytic.engine import Engine
    from witnessmark.model.detections import Detection
    from witnessmark.telemetry.bulk import Placed
    from witnessmark.telemetry.decoder import Decoder

SECOND: Final = 1_000_000_000


class Skim:
    """An engine and the decoder that feeds it: one host's, of one source."""

    def __init__(self, engine: Engine, decoder: Decoder) -> None:
        self._engine, self._decoder = engine, decoder
        self._bulk = Bulk(decoder)

    def feed(self, chunk: bytes) -> Iterator[Detection]:
        """Take whole lines; what can be answered now."""
        lines = chunk.split(b"\n")
        items = None if lines.pop() else self._bulk.read(lines, chunk)
        if items is not None:
            yield from self._skim(items)
            return
        for line in BytesIO(chunk):
            for event in self._decoder.feed(line):
                yield from self._engine.feed(event)

    def _skim(self, items: list[Placed]) -> Iterator[Detection]:
        start = 0
        while start < len(items):
            stop = self._stretch(items, start)
            if stop > start:
                yield from self._together(items[start:stop])
                start = stop
                continue
            yield from self._engine.feed(self._bulk.event(*items[start]))
            start += 1

    def _stretch(self, items: list[Placed], start: int) -> int:
        """How far records simply follow each other, so that only what they say must be taken in."""
        ready = self._engine.ready(items[start][0].number)
        if ready is None:
            return start
        newest_ns, stop = ready.newest_ns, start
        expected = items[start][0].number
        for item, _, _ in items[start : start + ready.room]:
            if item.number != expected or item.time_ns < newest_ns - SECOND:
                break
            newest_ns = max(newest_ns, item.time_ns)
            expected += 1
            stop += 1
        return stop

    def _together(self, items: list[Placed]) -> Iterator[Detection]:
        engine = self._engine
        before = engine.recent
        times = [item.time_ns for item, _, _ in items]
        engine.passed(items[0][0].number, times)
        for place, (item, line, offset) in enumerate(items):
            if item.details is not None or not engine.says_nothing_new(item.process):
                yield from engine.step(self._bulk.event(item, line, offset))
            if engine.waits:
                now_ns = min((*before, *times[: place + 1])[-IN_A_ROW:])
                yield from engine.due(now_ns)
