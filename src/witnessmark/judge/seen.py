"""One source of one host, or what its destination got, decoded and run through the analytic."""

from __future__ import annotations

import bisect
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from witnessmark.analytic import Engine, Miss
from witnessmark.analytic.parameters import Browser
from witnessmark.content import workflows
from witnessmark.judge import owners
from witnessmark.judge.api import Alerted
from witnessmark.judge.chunks import disagreement
from witnessmark.judge.hashes import certain, taken
from witnessmark.model.alerts import alerts_of
from witnessmark.model.hosts import Origin
from witnessmark.telemetry import alert_shapes, alerts, ps
from witnessmark.telemetry.decoder import decode
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from witnessmark.analytic import Parameters
    from witnessmark.analytic.trace import Trace
    from witnessmark.bag.read import Bag
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Stream
    from witnessmark.model.hosts import Host, Source
    from witnessmark.model.run import Collection
    from witnessmark.model.workflows import Workflow
    from witnessmark.telemetry.format import Format


WORKFLOWS = "inventory/workflows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One source of one host, decoded and run through the analytic."""

    collection: Collection | None
    stream: Stream | None
    detections: tuple[Detection, ...] = ()
    misses: tuple[Miss, ...] = ()
    oldest_ns: int | None = None


def look(
    bag: Bag,
    host: Host,
    source: Source | None,
    params: Parameters,
    baseline: tuple[Workflow, ...] | None = None,
    *,
    delivered: bool = False,
) -> Seen:
    """What the bag holds of a source, or with ``delivered`` of its destination.

    ``baseline`` are the bag's documented workflows, if they were read already.
    """
    collection = next(
        (
            item
            for item in (bag.record.deliveries if delivered else bag.record.collections)
            if source and (item.host, item.source) == (host.name, source.name)
        ),
        None,
    )
    suffix = "delivered.ndjson" if delivered else "ndjson"
    raw = bag.raw(host.name, source.name, suffix) if source else None
    if source is None or collection is None or raw is None:
        return Seen(collection=collection, stream=None)
    collection = _as_received(bag, host, source, collection, raw, delivered=delivered)
    form = decoder_of(source.kind)
    name = f"{source.name}.delivered" if delivered else source.name
    received = _received(collection.chunks)
    stream = decode(form, io.BytesIO(raw), host=host.name, source=name, received=received)
    head = None if delivered else bag.raw(host.name, source.name, "head.ndjson")
    oldest = _oldest(head, form, source.name)
    named = {*stream.hosts, *(oldest.hosts if oldest else ())}
    whose = owners.held(bag.record, host, source, named) if named else None
    if whose is not None:
        stream = decode(
            form, io.BytesIO(raw), host=host.name, source=name, received=received, whose=whose
        )
    processes = bag.raw(host.name, "processes", "txt")
    stream = replace(stream, snapshot=ps.decode(processes) if processes else ())
    engine = engine_for(bag, host, stream, params, baseline=baseline)
    detections = [item for event in stream.events for item in engine.feed(event)]
    detections += engine.finish()
    return Seen(
        collection=_as_it_stayed(collection) if delivered else collection,
        stream=stream,
        detections=_all_received(detections, stream) if delivered else tuple(detections),
        misses=tuple(engine.misses),
        oldest_ns=_age(oldest, whose),
    )


def _as_received(
    bag: Bag, host: Host, source: Source, found: Collection, raw: bytes, *, delivered: bool
) -> Collection:
    """Bytes that contradict the receipts of their chunks are not what the host said."""
    receipts = None if delivered else bag.raw(host.name, source.name, "chunks.ndjson")
    if receipts is None or found.problem is not None:
        return found
    return replace(found, problem=disagreement(raw, receipts))


def look_alerts(bag: Bag, host: Host, source: Source | None) -> Alerted | None:
    """What the bag holds of a source's own alerts; None if the inventory declares none."""
    if source is None or source.alerts is None:
        return None
    name = alerts_of(source.name)
    collection = next(
        (x for x in bag.record.deliveries if (x.host, x.source) == (host.name, name)), None
    )
    raw = bag.raw(host.name, name)
    if collection is None or raw is None:
        return Alerted(collection=collection)
    told = source.alerts
    stream = alerts.decode(
        alert_shapes.shape(told.kind, told.fields),
        io.BytesIO(raw),
        host=host.name,
        source=source.name,
        received=_received(collection.chunks),
    )
    own = tuple(
        item
        for item in stream.alerts
        if not (item.host and owners.another(bag.record, host, source, item.host))
    )
    return Alerted(
        collection=_as_it_stayed(collection),
        stream=stream if len(own) == len(stream.alerts) else replace(stream, alerts=own),
    )


def engine_for(
    bag: Bag,
    host: Host,
    stream: Stream,
    params: Parameters,
    trace: Trace | None = None,
    *,
    baseline: tuple[Workflow, ...] | None = None,
) -> Engine:
    """The analytic as the bag tells it for one host; ``trace`` hears which rule decided what."""
    return Engine.of(
        stream,
        _with_stub(params, host),
        baseline=documented(bag) if baseline is None else baseline,
        hashes=certain(stream, _collected(bag, host, stream), taken(bag, host)),
        trace=trace,
    )


def documented(bag: Bag) -> tuple[Workflow, ...]:
    """The documented workflows that were in force: the bag's own copies, the disabled left out."""
    names = [name for name in bag.names if name.startswith(f"data/{WORKFLOWS}/")]
    entries = workflows.load_files(bag.file(name.removeprefix("data/")) for name in names)
    return tuple(item for item in entries if item.enabled)


def _collected(bag: Bag, host: Host, stream: Stream) -> Collection | None:
    """How the bytes of a stream, a source's own or delivered ones, were collected."""
    record = bag.record
    named = [(f"{item.source}.delivered", _as_it_stayed(item)) for item in record.deliveries]
    named += [(item.source, item) for item in record.collections]
    return next(
        (item for name, item in named if (item.host, name) == (host.name, stream.source)),
        None,
    )


def _as_it_stayed(collection: Collection) -> Collection:
    """A destination that was rewritten or that vanished meanwhile shows nobody what arrived."""
    look = collection.look
    if collection.problem is not None or look is None or (look.intact and not look.problem):
        return collection
    return replace(
        collection, problem=look.problem or "the destination was rewritten while it was read"
    )


def _all_received(items: Sequence[Detection], stream: Stream) -> tuple[Detection, ...]:
    """An alert comes when the last record that it names is there, in whatever order they come."""
    named = {name for item in items for name in _named(item)}
    times = {event.id: event.received_ns for event in stream.events if event.id in named}
    return tuple(
        replace(item, received_ns=_latest([item.received_ns, *map(times.get, _named(item))]))
        for item in items
    )


def _named(item: Detection) -> tuple[str, ...]:
    return (item.exec.event_id, *([item.drop.event_id] if item.drop else []))


def _latest(times: Sequence[int | None]) -> int | None:
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None


def _with_stub(params: Parameters, host: Host) -> Parameters:
    """A real Mac's lab browser stub counts as a browser for its lab cases, by path, unless it is
    signed by a team."""
    if host.browser is None or host.origin is not Origin.MAC:
        return params
    stub = Browser(
        name="lab browser", signing_ids=("*",), team_id=None, paths=(host.browser,), ad_hoc=True
    )
    return replace(params, lab_browsers=(*params.lab_browsers, stub))


def _received(chunks: Sequence[tuple[int, int | None]]) -> Callable[[int], int | None]:
    ends = [end for end, _ in chunks]

    def at(offset: int) -> int | None:
        place = bisect.bisect_left(ends, offset)
        return chunks[place][1] if place < len(chunks) else None

    return at


def _oldest(head: bytes | None, form: Format, source: str) -> Stream | None:
    """The store's very first record, as a stream of its own; None if that line is cut.

    Later records are not asked: one bogus time among them must not make the store look old.
    """
    first, whole, _ = (head or b"").partition(b"\n")
    return decode(form, [first + whole], host="", source=source) if whole else None


def _age(oldest: Stream | None, whose: Callable[[str], bool | None] | None) -> int | None:
    """When the oldest record was, if it can be read; another host's tells nothing of this one's."""
    if oldest is None or (whose and not all(map(whose, oldest.hosts))):
        return None
    return oldest.coverage.first_ns
