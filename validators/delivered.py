"""Delivered: what was recorded on the host reached the place where the organisation looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import clock, delivery_examples, examples, match, records, whole
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from witnessmark.model.events import Event

NAME = "delivered"


@validator(link="delivered")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """Every record of the case that the source holds is at its destination, before the deadline.

    A record is known again by its kind, its sequence numbers, its time and its process. It is lost
    only where the destination could be read to the end, until after the deadline, and where the
    positive controls arrived before and after the case; a hole in the sequence numbers there is no
    excuse, because every record that is lost leaves one. A record that came after the deadline is
    a failure that says how late it was. Where the clocks cannot be compared, nobody knows.
    """
    why = _nothing_to_deliver(case)
    if why is not None:
        yield finding(NAME, "delivered", Status.SKIP, why)
        return
    there = case.analysed
    if (trouble := whole.uncollected(there)) is not None or there.stream is None:
        yield finding(
            NAME, "delivered", Status.ERROR, f"nobody could look at the destination: {trouble}"
        )
        return
    here = _recorded(case)
    if not here:
        yield finding(
            NAME, "delivered", Status.SKIP, "no record of this case that could be delivered"
        )
        return
    arrived = _first_arrivals(there.stream.events)
    for event, what in here.values():
        found = arrived.get(match.identity(event))
        yield _absent(there, event, what) if found is None else _in_time(there, found, what)


def _nothing_to_deliver(case: CaseEvidence) -> str | None:
    if match.attack(case) is None or case.act.skipped or case.act.error:
        return "nothing was acted, so nothing to deliver"
    if case.source is None:
        return "no source is configured for this host"
    if case.source.destination is None:
        return "no destination is configured, so there is nothing to deliver to"
    return None


def _recorded(case: CaseEvidence) -> Mapping[str, tuple[Event, str]]:
    """By event id, what the source holds of the records that the scenario names."""
    found = {}
    for pattern in case.case.scenario.records:
        for step in match.steps(case, pattern.step):
            event = match.record(case, pattern, step)
            if event is not None:
                found[event.id] = (event, records.described(step, (event.kind.value,)))
    return found


def _first_arrivals(events: tuple[Event, ...]) -> Mapping[tuple[object, ...], Event]:
    found: dict[tuple[object, ...], Event] = {}
    for event in events:
        found.setdefault(match.identity(event), event)
    return found


def _in_time(there: CaseEvidence, event: Event, what: str) -> Finding:
    deadline = _deadline_s(there)
    expected = f"within {deadline:g} s"
    if event.received_ns is None:
        trouble: str | None = "nobody saw when"
        took = 0.0
    else:
        between = clock.arrived(there, event.time_ns, event.received_ns)
        trouble = clock.trouble(there) or clock.undecided(there, between, deadline)
        took = between.about_s
    if trouble is not None:
        return _said(
            Status.ERROR, f"{what} arrived, but whether in time: {trouble}", expected, "", event
        )
    observed = f"after {took:g} s"
    if took > deadline:
        late = f"{what} arrived {took:g} s after it happened, {took - deadline:.3g} s too late"
        return _said(Status.FAIL, late, expected, observed, event)
    return _said(Status.PASS, f"{what} arrived", expected, observed, event)


def _absent(there: CaseEvidence, event: Event, what: str) -> Finding:
    trouble = whole.unreadable(there) or _looked_too_short(there, event)
    if trouble is None and not there.controls.both:
        trouble = there.controls.reason
    expected = f"within {_deadline_s(there):g} s"
    if trouble is not None:
        message = f"{what} did not arrive, but absence proves nothing here: {trouble}"
        return _said(Status.ERROR, message, expected, "")
    return _said(
        Status.FAIL,
        f"{what} is recorded but never arrived, though its controls did",
        expected,
        "no such record",
    )


def _looked_too_short(there: CaseEvidence, event: Event) -> str | None:
    """Why a record may still have come in time after nobody looked any more, or None."""
    if (trouble := clock.trouble(there)) is not None:
        return trouble
    look = there.collection.look if there.collection else None
    if look is None:
        return "nobody knows until when the destination was read"
    looked_s = clock.elapsed(there, event.time_ns, look.taken_ns).least_s
    if looked_s < _deadline_s(there):
        return "the destination was not read until its deadline had passed"
    return None


def _deadline_s(there: CaseEvidence) -> float:
    destination = there.source.destination if there.source else None
    return destination.deadline_s if destination else 0.0


def _said(
    status: Status, message: str, expected: str, observed: str, event: Event | None = None
) -> Finding:
    return finding(
        NAME,
        "delivered",
        status,
        message,
        expected=expected,
        observed=observed,
        evidence=[event.id] if event else [],
    )


EXAMPLES = (
    Example(name="delivered", evidence=delivery_examples.delivered(), status=Status.PASS),
    Example(name="lost", evidence=delivery_examples.delivered(without="exec"), status=Status.FAIL),
    Example(name="late", evidence=delivery_examples.delivered(after_s=75.5), status=Status.FAIL),
    Example(
        name="pipeline-dead",
        evidence=delivery_examples.delivered(without="exec", controls=False),
        status=Status.ERROR,
    ),
    Example(
        name="destination-unreadable",
        evidence=delivery_examples.delivered(problem="es.ndjson shrank while it was read"),
        status=Status.ERROR,
    ),
    Example(
        name="a-line-is-broken",
        evidence=delivery_examples.delivered(without="exec", bad=True),
        status=Status.ERROR,
    ),
    Example(
        name="looked-too-short",
        evidence=delivery_examples.delivered(without="exec", looked_s=30.0),
        status=Status.ERROR,
    ),
    Example(
        name="clock-unknown",
        evidence=delivery_examples.delivered(clock_offset_s=None),
        status=Status.ERROR,
    ),
    Example(name="no-destination", evidence=examples.drop_exec(), status=Status.SKIP),
)
