"""A bag's bytes as validators read them: decoded, detected, bracketed by controls."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from witnessmark.analytic import load
from witnessmark.judge import alerted, brackets, clock, tied
from witnessmark.judge.api import Arrived, CaseEvidence, Controls
from witnessmark.judge.processes import Tie
from witnessmark.judge.seen import Seen, documented, look, look_alerts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from witnessmark.analytic import Miss, Parameters
    from witnessmark.bag.read import Bag
    from witnessmark.model.hosts import Host, Source
    from witnessmark.model.run import Case, HostFacts, RetentionProfile
    from witnessmark.model.workflows import Workflow

ANALYTIC = "analytics/an0994/analytic.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSet:
    """Every case of one host as one of its sources saw it."""

    host: str
    source: Source | None
    controls: Mapping[str, Controls]
    cases: tuple[CaseEvidence, ...]


def assemble(bag: Bag, as_of_ns: int, hosts: Sequence[str] | None = None) -> tuple[SourceSet, ...]:
    """One set per host (all, or those named) and source; a host without sources gives one set
    without a source."""
    params, baseline = parameters(bag), documented(bag)
    sets = []
    for host in bag.record.plan.hosts:
        if hosts is not None and host.name not in hosts:
            continue
        for source in host.sources or (None,):
            sets.append(_set(bag, host, source, params, baseline, as_of_ns))
    return tuple(sets)


def parameters(bag: Bag) -> Parameters:
    """The analytic as tested: the bag's own copy, with the profile that the run used."""
    return load(bag.file(ANALYTIC), profile=bag.record.plan.profile).parameters


def host_row(facts: HostFacts) -> dict[str, object]:
    """A host as verdicts.json lists it: its serial number and the like stay in the bag."""
    row = asdict(facts)
    del row["names"]
    return {"name": row.pop("name"), "facts": row}


def _set(
    bag: Bag,
    host: Host,
    source: Source | None,
    params: Parameters,
    baseline: tuple[Workflow, ...],
    as_of_ns: int,
) -> SourceSet:
    seen = look(bag, host, source, params, baseline)
    arrived = None
    if _delivers(source):
        arrived = look(bag, host, source, params, baseline, delivered=True)
    cases = [item for item in bag.record.plan.cases if item.host == host.name]
    own = look_alerts(bag, host, source)
    bare = [
        replace(_evidence(bag, host, source, item, seen, arrived, params, as_of_ns), alerted=own)
        for item in cases
    ]
    analysed = [item.analysed for item in bare]
    raised = [_by_alerts(item) for item in bare] if own else None
    fires = brackets.detected if raised is None else alerted.in_time
    return SourceSet(
        host=host.name,
        source=source,
        controls={each: brackets.overall(raised or analysed, each, fires) for each in "AB"},
        cases=tuple(_bracketed(item, bare, analysed, raised) for item in bare),
    )


def _by_alerts(case: CaseEvidence) -> CaseEvidence:
    """The case with the holes of its alerts instead of those of its records."""
    return replace(case, collection=case.alerted.collection if case.alerted else None)


def _bracketed(
    case: CaseEvidence,
    cases: Sequence[CaseEvidence],
    analysed: Sequence[CaseEvidence],
    raised: Sequence[CaseEvidence] | None,
) -> CaseEvidence:
    """With the controls of the source's store, of what was delivered, and of its alerts."""
    arrived, own = case.arrived, case.alerted
    if own is not None and raised is not None:
        around = brackets.around(raised, case, alerted.in_time)
        own = replace(own, controls=_for(case, around))
    if arrived is not None:
        around = brackets.around(analysed, case.analysed)
        arrived = replace(arrived, controls=_for(case, around))
    store = _for(case, brackets.around(cases, case))
    return replace(case, controls=store, arrived=arrived, alerted=own)


def _delivers(source: Source | None) -> bool:
    return source is not None and source.destination is not None


def _evidence(
    bag: Bag,
    host: Host,
    source: Source | None,
    case: Case,
    seen: Seen,
    arrived: Seen | None,
    params: Parameters,
    as_of_ns: int,
) -> CaseEvidence:
    record = bag.record
    act = next(item for item in record.acts if item.case_id == case.id)
    bare = CaseEvidence(
        case=case,
        act=act,
        facts=clock.as_measured(next(item for item in record.facts if item.name == host.name), act),
        source=source,
        collection=seen.collection,
        stream=seen.stream,
        detections=seen.detections,
        retention=_profile(record.retention, (source and source.retention) or host.retention),
        oldest_ns=seen.oldest_ns,
        deadline_s=_deadline(source, record.plan.late_arrival_s),
        late_arrival_s=record.plan.late_arrival_s,
        window_s=record.plan.window_s,
        clock_tolerance_s=params.clock_skew_tolerance,
        as_of_ns=as_of_ns,
    )
    return replace(
        bare,
        misses=_misses(bare, seen.misses),
        arrived=_arrived(bare, arrived) if arrived else None,
    )


def _arrived(bare: CaseEvidence, seen: Seen) -> Arrived:
    return Arrived(
        collection=seen.collection,
        stream=seen.stream,
        detections=seen.detections,
        misses=_misses(replace(bare, stream=seen.stream), seen.misses),
    )


def _deadline(source: Source | None, late_arrival_s: float) -> float:
    told = source.alerts.deadline_s if source and source.alerts else None
    own = source.alert_deadline_s if source and told is None else told
    return late_arrival_s if own is None else own


def _profile(profiles: Sequence[RetentionProfile], name: str | None) -> RetentionProfile | None:
    return next((item for item in profiles if item.id == name), None)


def _misses(case: CaseEvidence, misses: Sequence[Miss]) -> tuple[str, ...]:
    return tuple(str(item) for item in misses if tied.tie(case, item.exec) is Tie.OURS)


def _for(case: CaseEvidence, controls: Mapping[str, Controls]) -> Controls:
    """The controls that a case's silence needs: those of its branches, all of which must hold."""
    wanted = [controls[name] for name in "AB" if name in case.case.scenario.branch]
    if not wanted:
        return controls["B"]
    return next((item for item in wanted if not item.both), wanted[0])
