"""What comes in beside a host's own sources: what their pipelines deliver, and their alerts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from witnessmark.collect.alerting import SUFFIX as ALERTS
from witnessmark.collect.alerting import Alerts
from witnessmark.collect.delivery import SUFFIX, Arrivals
from witnessmark.model.alerts import alerts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from witnessmark.bag.write import BagWriter
    from witnessmark.collect.collector import Collected, Collector
    from witnessmark.hosts.transport import Transport
    from witnessmark.journal.book import Book


class Intake(Protocol):
    """Collected until nothing that is still awaited can come in time."""

    @property
    def collector(self) -> Collector: ...

    def wait(self, gone: Callable[[], bool]) -> bool: ...


def intakes(
    transport: Transport, late_arrival_s: float, writer: BagWriter, book: Book
) -> dict[str, Intake]:
    """All of one host, by the names under which a bag holds them."""
    return {
        **dict(_deliveries(transport, writer, book)),
        **dict(_alerts(transport, late_arrival_s, writer, book)),
    }


def finished(items: dict[str, Intake]) -> list[Collected]:
    """Stop collecting; what came of each, under its name in the bag."""
    return [replace(item.collector.finish(), source=name) for name, item in items.items()]


def _deliveries(
    transport: Transport, writer: BagWriter, book: Book
) -> Iterator[tuple[str, Intake]]:
    host = transport.host
    for source in host.sources:
        if source.destination is not None:
            yield (
                source.name,
                Arrivals(
                    host,
                    source,
                    writer.raw(host.name, source.name),
                    writer.raw(host.name, source.name, SUFFIX),
                    earlier=book.arrived.get((host.name, source.name)),
                    part=book.part,
                    kept=book.keeping(source.name),
                ),
            )


def _alerts(
    transport: Transport, late_arrival_s: float, writer: BagWriter, book: Book
) -> Iterator[tuple[str, Intake]]:
    host = transport.host
    for source in host.sources:
        if source.alerts is not None:
            name = alerts_of(source.name)
            yield (
                name,
                Alerts(
                    transport,
                    source,
                    writer.raw(host.name, source.name, ALERTS),
                    late_arrival_s,
                    earlier=book.arrived.get((host.name, name)),
                    part=book.part,
                    kept=book.keeping(name),
                ),
            )
