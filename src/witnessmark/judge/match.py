"""Ties receipts to records and to detections: the only place where "this is ours" is decided."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from witnessmark.model.events import Event, Kind
from witnessmark.model.scenario import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Stream
    from witnessmark.model.run import PhaseResult, Step
    from witnessmark.model.scenario import RecordPattern

DATA_VOLUME = "/System/Volumes/Data"
RUNS = ("exec", "spawn", "browser")
"""Receipt steps that name a process which ran."""


def attack(case: CaseEvidence) -> PhaseResult | None:
    """The attack phase, if it was started."""
    return case.act.phase(Phase.ATTACK)


def window(case: CaseEvidence) -> tuple[int, int]:
    """First and last nanosecond, on the host's clock, in which the attack's records can lie."""
    phase = attack(case)
    if phase is None:
        return (0, -1)
    slack = int((case.clock_tolerance_s + abs(case.facts.clock_offset_s or 0.0)) * 1e9)
    return (phase.started_ns - slack, phase.finished_ns + slack)


def steps(case: CaseEvidence, name: str) -> tuple[Step, ...]:
    """The attack phase's receipt steps of one name."""
    phase = attack(case)
    return tuple(item for item in phase.steps if item.step == name) if phase else ()


def record(case: CaseEvidence, pattern: RecordPattern, step: Step) -> Event | None:
    """The record that proves a step, or None. The last one wins, as the last content does (B1)."""
    found = None
    for event in _inside(case):
        if event.kind.value in pattern.event and _proves(case, event, step):
            found = event
    return found


def missing_fields(event: Event, names: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the named fields a record leaves empty (``target.parent`` walks into an object)."""
    return tuple(name for name in names if _walk(event, name) in (None, "", ()))


def simulated_fields(event: Event, names: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the named fields the recording host marked as not really measured."""
    marked = event.process.simulated | (event.target.simulated if event.target else frozenset())
    return tuple(name for name in names if name.rsplit(".", 1)[-1] in marked)


def detections(case: CaseEvidence) -> tuple[Detection, ...]:
    """Detections that name the receipt's process or executed path, in the attack phase."""
    first, last = window(case)
    pids = {item.pid for name in RUNS for item in steps(case, name) if item.pid}
    paths = {plain(item.path) for item in steps(case, "exec") if item.path}
    return tuple(
        item
        for item in case.detections
        if item.host == case.case.host
        and any(
            first <= run.time_ns <= last
            and (run.pid in pids or plain(run.path) in paths or plain(run.script or "") in paths)
            for run in (item.exec, *item.matched)
        )
    )


def trouble(case: CaseEvidence) -> str | None:
    """Why absence of a record would say nothing here, or None if the stream was whole."""
    if case.source is None:
        return "no source is configured for this host"
    if case.collection is None or case.stream is None:
        return f"source {case.source.name} was not collected"
    if case.collection.problem:
        return case.collection.problem
    coverage = case.stream.coverage
    for gap in coverage.gaps:
        if _touches(case, gap.since_ns, gap.time_ns):
            return f"{gap.missing} records are missing at line {gap.line} (gap in {gap.counter})"
    for bad in coverage.bad:
        if _touches(case, bad.time_ns, _after(case.stream, bad.line)):
            kind = "of a shape no decoder knows" if bad.unknown_shape else "unreadable"
            return f"line {bad.line} is {kind}: {bad.reason}"
    return None


def plain(path: str) -> str:
    """A path without the data volume's firmlink prefix (K2)."""
    return path.removeprefix(DATA_VOLUME) or "/"


def _touches(case: CaseEvidence, since_ns: int | None, until_ns: int | None) -> bool:
    """Whether a hole between two moments (None: no bound) may reach into the attack's window."""
    first, last = window(case)
    return (since_ns is None or since_ns <= last) and (until_ns is None or until_ns >= first)


def _after(stream: Stream, line: int) -> int | None:
    """Time of the first good record behind a line."""
    return next((event.time_ns for event in stream.events if event.line > line), None)


def _inside(case: CaseEvidence) -> Iterator[Event]:
    first, last = window(case)
    for event in case.stream.events if case.stream else ():
        if first <= event.time_ns <= last:
            yield event


def _proves(case: CaseEvidence, event: Event, step: Step) -> bool:
    if event.kind is Kind.EXEC:
        return _proves_run(case, event, step)
    if event.kind is Kind.CLOSE and not (event.modified or event.mapped_writable):
        return False
    wanted = {plain(path) for path in (step.to or step.path,) if path}
    return event.file is not None and plain(event.file.path) in wanted


def _proves_run(case: CaseEvidence, event: Event, step: Step) -> bool:
    phase = attack(case)
    if event.target is None or phase is None or event.target.token.pid != step.pid:
        return False
    named = {plain(event.target.path), plain(event.script.path) if event.script else ""}
    if step.path and plain(step.path) in named:
        return True
    words = event.args or ()
    marked = any(phase.mark in word for word in words)
    return step.step != "browser" and (marked or step.path in words)


def _walk(item: object, name: str) -> object:
    for part in name.split("."):
        if part == "path" and isinstance(item, Event):
            item = item.file
        if item is None or not is_dataclass(item):
            return None
        if part not in {entry.name for entry in fields(item)}:
            raise ValueError(f"the event model has no field {name!r}")
        item = getattr(item, part)
    return item
