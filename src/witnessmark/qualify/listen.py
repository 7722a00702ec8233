"""Collects every source of a host from before the probes until the last of them is in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from witnessmark.collect.collector import Collector
from witnessmark.doctor.sensors import tells
from witnessmark.errors import HostError
from witnessmark.qualify.pack import Captured
from witnessmark.telemetry.format import Fill
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Source

_QUICK_S = 20.0


class Listening:
    """All sources of a host at once, as a run collects them."""

    def __init__(self, transport: Transport, folder: Path, mark: str) -> None:
        self._transport, self._mark = transport, mark
        self._sources = transport.host.recorded
        self._raw = {item.name: folder / f"{item.name}.raw" for item in self._sources}
        self._collectors = {
            item.name: Collector(transport, item, self._raw[item.name]) for item in self._sources
        }

    def start(self, wait_s: float) -> None:
        """Begin, and wait until each source that can shows a command that was run since then."""
        for collector in self._collectors.values():
            collector.start()
        end, pause = time.monotonic() + wait_s, 0.25
        late = {item.name for item in self._sources if tells(item)}
        while late and time.monotonic() < end:
            self._say("begin")
            pause = min(2 * pause, max(0.0, end - time.monotonic()))
            until = time.monotonic() + pause
            for name in sorted(late):
                left = max(0.0, until - time.monotonic())
                if self._collectors[name].wait_for(f"{self._mark}-begin".encode(), left):
                    late.discard(name)
            self._whole()

    def end(self, wait_s: float) -> tuple[Captured, ...]:
        """What each source wrote, once a last command (or a last line of the log) is in it.

        Raises:
            HostError: a source cannot be read.
        """
        self._say("end")
        until = time.monotonic() + wait_s
        for source in self._sources:
            needle = self._last(source)
            if needle is not None:
                left = max(0.0, until - time.monotonic())
                self._collectors[source.name].wait_for(needle, left)
        self._whole()
        self.stop()
        self._whole()
        return tuple(
            Captured(kind=item.kind, raw=self._raw[item.name].read_bytes())
            for item in self._sources
        )

    def stop(self) -> None:
        """End collecting; safe to repeat."""
        for collector in self._collectors.values():
            collector.finish()

    def _say(self, what: str) -> None:
        self._transport.run(["true", f"{self._mark}-{what}"], env={}, timeout_s=_QUICK_S)

    def _last(self, source: Source) -> bytes | None:
        """What the last record of a source holds: it delivers in order."""
        if tells(source):
            return f"{self._mark}-end".encode()
        logs = decoder_of(source.kind).FILLS["log"] is not Fill.NEVER
        return f"{self._mark}-log".encode() if logs else None

    def _whole(self) -> None:
        for collector in self._collectors.values():
            if collector.result.problem is not None:
                raise HostError(collector.result.problem)
