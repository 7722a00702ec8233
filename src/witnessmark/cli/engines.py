"""Runs the analytic over streams of telemetry: an engine for each host that they tell of."""

from __future__ import annotations

import signal
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, BinaryIO

from witnessmark.analytic import Engine
from witnessmark.analytic.skim import Skim
from witnessmark.cli import reading
from witnessmark.cli.following import lines_as_they_come
from witnessmark.cli.unpacking import packing
from witnessmark.errors import UsageError
from witnessmark.telemetry import eslogger
from witnessmark.telemetry.bulk import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.analytic import Parameters
    from witnessmark.cli.printing import Outlet
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Event, SnapshotRow
    from witnessmark.model.workflows import Workflow
    from witnessmark.telemetry.decoder import Decoder
    from witnessmark.telemetry.format import Format


MOST_HOSTS = 10_000
"""How many hosts one stream may name: each has an engine of its own in memory."""


class Engines:
    """An engine for each host that a stream tells of: pids of two hosts are not the same."""

    def __init__(
        self,
        parameters: Parameters,
        source: Format,
        *,
        baseline: tuple[Workflow, ...] = (),
        snapshot: Sequence[SnapshotRow] = (),
    ) -> None:
        self._parameters, self._source = parameters, source
        self._baseline, self._snapshot = baseline, snapshot
        self.of: dict[str, Engine] = {}

    def feed(self, event: Event) -> list[Detection]:
        """Take one event; what can be answered now."""
        return self.one(event.host).feed(event)

    @property
    def kind(self) -> str:
        """What wrote the records."""
        return self._source.KIND

    def one(self, host: str) -> Engine:
        """The engine of a host.

        Raises:
            UsageError: one host too many.
        """
        engine = self.of.get(host)
        if engine is None:
            if len(self.of) >= MOST_HOSTS:
                raise UsageError(
                    f"the records name more than {MOST_HOSTS} hosts: split them, or name one --host"
                )
            grain = self._source.TIME_RESOLUTION
            engine = self.of[host] = Engine(
                self._parameters,
                resolution_ns=grain,
                baseline=self._baseline,
                snapshot=self._snapshot,
            )
        return engine

    def advance(self, idle_ns: int) -> list[Detection]:
        """Let time pass without an event, on each host's own clock."""
        return [
            item
            for engine in self.of.values()
            for item in engine.advance(engine.began_idle_ns + idle_ns)
        ]

    def finish(self) -> list[Detection]:
        """The stream has ended: everything that still waits."""
        return [item for engine in self.of.values() for item in engine.finish()]


def stream(
    members: tuple[str, ...], decoder: Decoder, engines: Engines, printer: Outlet, follow: bool
) -> bool:
    """Whether these are of the kind: false if there are lines, but not one that it could write."""
    try:
        with _orderly_end() if follow else nullcontext():
            for member in members:
                before = decoder.filled
                try:
                    _read(member, decoder, engines, printer, follow)
                finally:
                    printer.sums.looked(member, filled=decoder.filled > before)
    except KeyboardInterrupt:
        if not follow:
            raise
    for item in engines.finish():
        printer.detection(item)
    coverage = decoder.coverage()
    printer.host(
        sorted(engines.of) or [decoder.host],
        coverage,
        bad=decoder.bad_lines,
        late=sum(engine.late for engine in engines.of.values()),
        unresolved=sum(engine.unresolved for engine in engines.of.values()),
    )
    return not decoder.bad_lines or coverage.read > 0


@contextmanager
def _orderly_end() -> Iterator[None]:
    """SIGTERM (from launchd, or kill) ends a live stream as Ctrl-C does: with what still waits."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _read(path: str, decoder: Decoder, engines: Engines, printer: Outlet, follow: bool) -> None:
    if follow:
        with reading.opened(path) as file:
            _follow(file, path, decoder, engines, printer)
        return
    for item in _found(reading.pieces(path, decoder.lost), decoder, engines):
        printer.detection(item)


def _found(pieces: Iterator[bytes], decoder: Decoder, engines: Engines) -> Iterator[Detection]:
    if engines.kind == eslogger.KIND:  # no record of it names its host: one engine
        lane = Skim(engines.one(decoder.host), decoder)
        for chunk in chunks(pieces):
            yield from lane.feed(chunk)
        return
    for event in decoder.events(reading.lines(pieces)):
        yield from engines.feed(event)


def _follow(file: BinaryIO, path: str, decoder: Decoder, engines: Engines, printer: Outlet) -> None:
    for line, idle_ns in lines_as_they_come(file, ends=path == "-"):
        if line is not None and not decoder.position[0] and packing(line):
            raise UsageError(f"{path} is compressed, and cannot grow: leave --follow out")
        found = []
        for event in () if line is None else decoder.feed(line):
            found += engines.feed(event)
        if line is None:
            found = engines.advance(idle_ns)
        for item in found:
            printer.detection(item)
