"""When what happened in a case: its phases, the records that prove it, the alert and its deadline.

Only what findings and the deciding detection cite is shown; nothing is looked up a second time.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from witnessmark.judge import match
from witnessmark.model.events import Kind
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Link, Moment, MomentKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from witnessmark.judge.answer import Answered
    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.events import Event, Stream
    from witnessmark.model.verdicts import Finding


def timeline(case: CaseEvidence, findings: Sequence[Finding], got: Answered) -> tuple[Moment, ...]:
    """The moments of a case, earliest first, all on the controller's clock."""
    streams = (case.stream, case.analysed.stream)
    events = tuple(_cited(streams, findings, got))
    moments = (
        *_phases(case),
        *(_record(case, event) for event in events),
        *_window(case, events, got),
        *_alert(case, got),
        *_deadline(case, events, got),
    )
    return tuple(sorted(moments, key=lambda item: item.start_ns))


def _phases(case: CaseEvidence) -> Iterator[Moment]:
    for phase in case.act.phases:
        name = phase.phase.value
        yield Moment(
            kind=MomentKind(name), label=name, start_ns=phase.started_ns, end_ns=phase.finished_ns
        )


def _cited(
    streams: Sequence[Stream | None], findings: Iterable[Finding], got: Answered
) -> Iterator[Event]:
    """The source's own events that findings of the link recorded and the detection name."""
    ids = [name for item in findings if item.link is Link.RECORDED for name in item.evidence]
    if got.detection is not None:
        ids += [got.detection.drop.event_id] if got.detection.drop else []
        ids += [got.detection.exec.event_id]
    shown = set()
    for name in dict.fromkeys(ids):
        found = (_event(stream, name) for stream in streams if stream)
        for event in found:
            # A record that the store and the destination both hold is one and the same.
            if event is not None and (which := match.identity(event)) not in shown:
                shown.add(which)
                yield event


def _event(stream: Stream, name: str) -> Event | None:
    """The event of an id; found by its line, because a stream keeps the order of its lines."""
    line = name.rpartition("/")[2]
    if not (line.isascii() and line.isdigit()):
        return None
    place = bisect.bisect_left(stream.events, int(line), key=lambda event: event.line)
    found = stream.events[place] if place < len(stream.events) else None
    return found if found is not None and found.id == name else None


def _ours(case: CaseEvidence, host_ns: int) -> int:
    """A host's time on the controller's clock, if its clock is known to be off at all."""
    offset = case.facts.clock_offset_s or 0.0
    known = abs(offset) > match.clock_uncertainty(case.facts)
    return host_ns - int(offset * 1e9) if known else host_ns


def _record(case: CaseEvidence, event: Event) -> Moment:
    return Moment(
        kind=MomentKind.EXEC if event.kind is Kind.EXEC else MomentKind.RECORD,
        label=event.kind.value,
        start_ns=_ours(case, event.time_ns),
        end_ns=event.received_ns,
        evidence=event.id,
    )


def _window(case: CaseEvidence, events: Sequence[Event], got: Answered) -> Iterator[Moment]:
    """The drop-exec window (B5), from the drop on."""
    if case.window_s is None or "B" not in case.case.scenario.branch:
        return
    drops = [event.time_ns for event in events if event.kind is not Kind.EXEC][:1]
    if got.detection is not None and got.detection.drop is not None:
        drops = [got.detection.drop.time_ns]
    for start in drops:
        end = start + int(case.window_s * 1e9)
        yield Moment(
            kind=MomentKind.WINDOW,
            label="window",
            start_ns=_ours(case, start),
            end_ns=_ours(case, end),
        )


def _alert(case: CaseEvidence, got: Answered) -> Iterator[Moment]:
    """The alert; of an analytic that runs over the source, when the deciding record came in."""
    if got.alert is not None and got.alert.received_ns is not None:
        yield Moment(
            kind=MomentKind.ALERT,
            label=got.answer.value,
            start_ns=got.alert.received_ns,
            evidence=got.alert.id,
        )
    if got.detection is not None and got.detection.received_ns is not None:
        yield Moment(
            kind=MomentKind.ALERT,
            label=got.detection.answer.value,
            start_ns=got.detection.received_ns,
            evidence=got.detection.exec.event_id,
        )


def _deadline(case: CaseEvidence, events: Sequence[Event], got: Answered) -> Iterator[Moment]:
    if case.case.scenario.expect.answer is not ExpectedAnswer.FIRES:
        return
    runs = [event.time_ns for event in events if event.kind is Kind.EXEC]
    if got.detection is not None:
        runs = [got.detection.exec.time_ns]
    for moment in runs[:1]:
        due = _ours(case, moment) + int(case.deadline_s * 1e9)
        yield Moment(kind=MomentKind.DEADLINE, label="deadline", start_ns=due)
