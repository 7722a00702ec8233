"""The source matrix: which fields of which records a source told of each case, measured alone.

And DeTT&CT's five dimensions of data quality per source, each from the run's own evidence. What
nobody could look at is unknown: it counts neither for a source nor against it.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from witnessmark.judge import clock, known, match, oslog, whole
from witnessmark.model.matrix import Cell, Dimension, Quality, State
from witnessmark.model.verdicts import Link, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.events import Event
    from witnessmark.model.verdicts import CaseVerdict

REDACTED = "<private>"
"""How macOS's unified log writes what it will not tell (os_log(3))."""


def cells(case: CaseEvidence) -> tuple[Cell, ...]:
    """Every field that the scenario names, as the source told it where the analytic reads."""
    if case.source is None or not case.source.records:
        return ()
    if match.attack(case) is None or case.act.skipped or case.act.error:
        return ()
    return tuple(_cells(case.analysed))


def quality(source: str, cases: Sequence[CaseEvidence], verdicts: Sequence[CaseVerdict]) -> Quality:
    """The five dimensions of one source over all hosts of the run that should have it."""
    told = [cell for item in verdicts for cell in item.fields]
    return Quality(
        source=source,
        dimensions=(
            _devices(cases),
            _fields(told),
            _timeliness(cases),
            _consistency(cases),
            _retention(verdicts),
        ),
    )


def _cells(case: CaseEvidence) -> Iterator[Cell]:
    yield from oslog.cells(case)
    blind = whole.trouble(case) or clock.unplaced(case)
    for pattern in case.case.scenario.records:
        for step in match.steps(case, pattern.step):
            event = match.record(case, pattern, step)
            if event is None and known.never(case, pattern.event) is not None:
                yield Cell(record=pattern.id, field="", state=State.NEVER)
                continue
            for name in pattern.fields or ("",):
                yield Cell(record=pattern.id, field=name, state=_state(case, event, name, blind))


def _state(case: CaseEvidence, event: Event | None, name: str, blind: str | None) -> State:
    if event is None:
        lost = blind is None and case.controls.both
        return State.MISSING if lost else State.UNKNOWN
    if name and match.missing_fields(event, (name,)):
        return State.SIMULATED if match.simulated_fields(event, (name,)) else State.MISSING
    if name and REDACTED in str(match.value(event, name)):
        return State.REDACTED
    return State.LATE if _late(case, event) else State.PRESENT


def _late(case: CaseEvidence, event: Event) -> bool:
    """Whether a record surely came after its deadline: the destination's, or the analytic's."""
    there = case.source.destination if case.source else None
    most = there.deadline_s if there else case.late_arrival_s
    if event.received_ns is None or clock.trouble(case) is not None:
        return False
    return clock.arrived(case, event.time_ns, event.received_ns).least_s > most


def _devices(cases: Sequence[CaseEvidence]) -> Dimension:
    seen: dict[str, bool | None] = {}
    for item in cases:
        stream = item.analysed.stream
        known = None if whole.uncollected(item.analysed) else bool(stream and stream.events)
        seen.setdefault(item.case.host, known)
    asked = [known for known in seen.values() if known is not None]
    unknown = len(seen) - len(asked)
    more = f"; of {unknown} nobody could tell" if unknown else ""
    return _share("device completeness", sum(asked), len(asked), f"hosts sent records{more}")


def _fields(told: Sequence[Cell]) -> Dimension:
    told = [item for item in told if item.record != oslog.CANARY]
    asked = [item for item in told if item.state is not State.NEVER]
    sure = [item for item in asked if item.state not in (State.UNKNOWN, State.SIMULATED)]
    filled = sum(item.state in (State.PRESENT, State.LATE) for item in sure)
    other, never = len(asked) - len(sure), len(told) - len(asked)
    more = f"; {other} are unknown or simulated" if other else ""
    more += f"; {never} records are never in a source of this kind" if never else ""
    if never and not sure:
        return Dimension(name="data field completeness", share=None, text=f"unknown{more}")
    return _share("data field completeness", filled, len(sure), f"fields are filled{more}")


def _timeliness(cases: Sequence[CaseEvidence]) -> Dimension:
    took, late = [], 0
    for item in (case.analysed for case in cases):
        if match.attack(item) is None or clock.trouble(item) is not None:
            continue
        for event in _asked(item):
            if event.received_ns is not None:
                took.append(clock.arrived(item, event.time_ns, event.received_ns).about_s)
                late += _late(item, event)
    said = (
        f"records came in time; median {median(took):.2f} s, most {max(took):.2f} s" if took else ""
    )
    return _share("timeliness", len(took) - late, len(took), said)


def _asked(case: CaseEvidence) -> Iterator[Event]:
    for pattern in case.case.scenario.records:
        for step in match.steps(case, pattern.step):
            if (event := match.record(case, pattern, step)) is not None:
                yield event


def _consistency(cases: Sequence[CaseEvidence]) -> Dimension:
    covers = {
        item.case.host: item.analysed.stream.coverage
        for item in cases
        if item.analysed.stream is not None
    }
    lines = sum(item.lines - item.blank for item in covers.values())
    bad = sum(len(item.bad) for item in covers.values())
    gaps = sum(len(item.gaps) for item in covers.values())
    again = sum(item.duplicates for item in covers.values())
    said = f"lines could be read; {gaps} holes, {again} repeated"
    return _share("consistency", lines - bad, lines, said)


def _retention(verdicts: Sequence[CaseVerdict]) -> Dimension:
    """Of the cases whose retention could be looked at; what is pending cannot be proved yet."""
    said = [
        found.status for item in verdicts for found in item.findings if found.link is Link.RETAINED
    ]
    proved, lost = said.count(Status.PASS), said.count(Status.FAIL)
    waits = said.count(Status.PENDING)
    more = f"; {waits} findings cannot be proved yet" if waits else ""
    if waits and not lost:
        return Dimension(name="retention", share=None, text=more.removeprefix("; "))
    return _share("retention", proved, proved + lost, f"findings are proved{more}")


def _share(name: str, part: int, all_: int, what: str) -> Dimension:
    if not all_:
        return Dimension(name=name, share=None, text="unknown: nothing of it was seen")
    return Dimension(name=name, share=round(part / all_, 4), text=f"{part} of {all_} {what}")
