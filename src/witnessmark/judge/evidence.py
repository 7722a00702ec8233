"""A bag's bytes as validators read them: decoded, detected, bracketed by controls."""

from __future__ import annotations

import bisect
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from witnessmark.analytic import Engine, Miss, load
from witnessmark.analytic.parameters import Browser
from witnessmark.judge import brackets, match
from witnessmark.judge.api import CaseEvidence, Controls
from witnessmark.model.hosts import Origin
from witnessmark.model.run import RUNS
from witnessmark.telemetry import eslogger, ps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from witnessmark.analytic import Parameters
    from witnessmark.bag.read import Bag
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Stream
    from witnessmark.model.hosts import Host, Source
    from witnessmark.model.run import Act, Case, Collection, HostFacts, RetentionProfile

ANALYTIC = "analytics/an0994/analytic.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSet:
    """Every case of one host as one of its sources saw it."""

    host: str
    source: Source | None
    controls: Mapping[str, Controls]
    cases: tuple[CaseEvidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One source of one host, decoded and run through the analytic."""

    collection: Collection | None
    stream: Stream | None
    detections: tuple[Detection, ...] = ()
    misses: tuple[Miss, ...] = ()
    oldest_ns: int | None = None


def assemble(bag: Bag, as_of_ns: int) -> tuple[SourceSet, ...]:
    """One set per host and source; a host without sources gives one set without a source."""
    params = parameters(bag)
    sets = []
    for host in bag.record.plan.hosts:
        for source in host.sources or (None,):
            sets.append(_set(bag, host, source, params, as_of_ns))
    return tuple(sets)


def parameters(bag: Bag) -> Parameters:
    """The analytic as tested: the bag's own copy, with the profile that the run used."""
    return load(bag.file(ANALYTIC), profile=bag.record.plan.profile).parameters


def host_row(facts: HostFacts) -> dict[str, object]:
    """A host as verdicts.json lists it."""
    row = asdict(facts)
    return {"name": row.pop("name"), "facts": row}


def _set(
    bag: Bag, host: Host, source: Source | None, params: Parameters, as_of_ns: int
) -> SourceSet:
    seen = _look(bag, host, source, params)
    cases = [item for item in bag.record.plan.cases if item.host == host.name]
    bare = [_evidence(bag, host, source, item, seen, params, as_of_ns) for item in cases]
    return SourceSet(
        host=host.name,
        source=source,
        controls={branch: brackets.overall(bare, branch) for branch in ("A", "B")},
        cases=tuple(
            replace(item, controls=_for(item, brackets.around(bare, item))) for item in bare
        ),
    )


def _look(bag: Bag, host: Host, source: Source | None, params: Parameters) -> _Seen:
    collection = next(
        (
            item
            for item in bag.record.collections
            if source and (item.host, item.source) == (host.name, source.name)
        ),
        None,
    )
    raw = bag.raw(host.name, source.name) if source else None
    if source is None or collection is None or raw is None:
        return _Seen(collection=collection, stream=None)
    stream = eslogger.decode(
        raw.splitlines(keepends=True),
        host=host.name,
        source=source.name,
        received=_received(collection.chunks),
    )
    processes = bag.raw(host.name, "processes", "txt")
    stream = replace(stream, snapshot=ps.decode(processes) if processes else ())
    engine = Engine.of(stream, _with_stub(params, host))
    detections = [item for event in stream.events for item in engine.feed(event)]
    detections += engine.finish()
    head = bag.raw(host.name, source.name, "head.ndjson")
    return _Seen(
        collection=collection,
        stream=stream,
        detections=tuple(detections),
        misses=tuple(engine.misses),
        oldest_ns=_oldest(head, host.name, source.name),
    )


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


def _oldest(head: bytes | None, host: str, source: str) -> int | None:
    """Time of the store's very first record; None if that line is cut or cannot be read.

    Later records are not asked: one bogus time among them must not make the store look old.
    """
    first, whole, _ = (head or b"").partition(b"\n")
    if not whole:
        return None
    return eslogger.decode([first], host=host, source=source).coverage.first_ns


def _evidence(
    bag: Bag,
    host: Host,
    source: Source | None,
    case: Case,
    seen: _Seen,
    params: Parameters,
    as_of_ns: int,
) -> CaseEvidence:
    record = bag.record
    act = next(item for item in record.acts if item.case_id == case.id)
    bare = CaseEvidence(
        case=case,
        act=act,
        facts=_as_measured(next(item for item in record.facts if item.name == host.name), act),
        source=source,
        collection=seen.collection,
        stream=seen.stream,
        detections=seen.detections,
        retention=_profile(record.retention, host.retention),
        oldest_ns=seen.oldest_ns,
        deadline_s=_deadline(source, record.plan.late_arrival_s),
        window_s=record.plan.window_s,
        clock_tolerance_s=params.clock_skew_tolerance,
        as_of_ns=as_of_ns,
    )
    return replace(bare, misses=_misses(bare, act, seen.misses))


def _as_measured(facts: HostFacts, act: Act) -> HostFacts:
    """The facts with the clock offset as measured in the part that played the case, and next."""
    if act.part >= len(facts.offsets_s):
        return facts
    after = (*facts.offsets_s, facts.clock_offset_end_s)[act.part + 1]
    return replace(facts, clock_offset_s=facts.offsets_s[act.part], clock_offset_end_s=after)


def _deadline(source: Source | None, late_arrival_s: float) -> float:
    own = source.alert_deadline_s if source else None
    return late_arrival_s if own is None else own


def _profile(profiles: Sequence[RetentionProfile], name: str | None) -> RetentionProfile | None:
    return next((item for item in profiles if item.id == name), None)


def _misses(case: CaseEvidence, act: Act, misses: Sequence[Miss]) -> tuple[str, ...]:
    first, last = match.window(case)
    pids = {step.pid for phase in act.phases for step in phase.steps if step.step in RUNS}
    return tuple(
        str(item) for item in misses if item.exec.pid in pids and first <= item.exec.time_ns <= last
    )


def _for(case: CaseEvidence, controls: Mapping[str, Controls]) -> Controls:
    """The controls that a case's silence needs: those of its branches, all of which must hold."""
    wanted = [controls[name] for name in "AB" if name in case.case.scenario.branch]
    if not wanted:
        return controls["B"]
    return next((item for item in wanted if not item.both), wanted[0])
