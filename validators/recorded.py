"""Recorded: the source's own store on the host holds what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import examples, match
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.run import Step
    from witnessmark.model.scenario import RecordPattern


@validator(link="recorded")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """Every record that the analytic needs exists in the source, with the needed fields filled.

    A record counts only if it names the very process or path of the receipt. Its absence is a
    failure only where the stream was whole and a positive control was seen before and after;
    otherwise nobody could look, which is never the same as not recorded.
    """
    if match.attack(case) is None or case.act.skipped or case.act.error:
        yield finding(
            "recorded", "recorded", Status.SKIP, "nothing was acted, so nothing to record"
        )
        return
    if case.source is None:
        yield finding("recorded", "recorded", Status.SKIP, "no source is configured for this host")
        return
    for pattern in case.case.scenario.records:
        done = match.steps(case, pattern.step)
        if not done:
            yield finding(
                "recorded",
                "recorded",
                Status.ERROR,
                f"{pattern.id}: the receipt has no step {pattern.step}, so nothing can be tied",
            )
        for step in done:
            yield _one(case, pattern, step)


def _one(case: CaseEvidence, pattern: RecordPattern, step: Step) -> Finding:
    kinds = " or ".join(pattern.event)
    event = match.record(case, pattern, step)
    what = f"{kinds} of {step.path}" + (f" by pid {step.pid}" if pattern.event == ("exec",) else "")
    if event is None:
        return _absent(case, pattern, what)
    empty = match.missing_fields(event, pattern.fields)
    unknown = match.simulated_fields(event, empty)
    if empty and set(empty) == set(unknown):
        return finding(
            "recorded",
            "recorded",
            Status.ERROR,
            f"{pattern.id}: this host cannot know {', '.join(unknown)}",
            evidence=[event.id],
        )
    if empty:
        return finding(
            "recorded",
            "recorded",
            Status.FAIL,
            f"{pattern.id}: recorded, but {', '.join(empty)} is empty",
            expected=", ".join(pattern.fields),
            observed=f"empty: {', '.join(empty)}",
            evidence=[event.id],
        )
    return finding(
        "recorded",
        "recorded",
        Status.PASS,
        f"{pattern.id}: {what} is recorded",
        evidence=[event.id],
    )


def _absent(case: CaseEvidence, pattern: RecordPattern, what: str) -> Finding:
    trouble = match.trouble(case)
    if trouble is None and not case.controls.both:
        trouble = case.controls.reason
    if trouble is not None:
        return finding(
            "recorded",
            "recorded",
            Status.ERROR,
            f"{pattern.id}: no {what} was found, but absence proves nothing here: {trouble}",
        )
    return finding(
        "recorded",
        "recorded",
        Status.FAIL,
        f"{pattern.id}: no {what} in the source, though its controls are there",
        expected=what,
        observed="no such record",
    )


EXAMPLES = (
    Example(name="recorded", evidence=examples.drop_exec(), status=Status.PASS),
    Example(name="exec-dropped", evidence=examples.drop_exec(without="exec"), status=Status.FAIL),
    Example(
        name="sensor-dead",
        evidence=examples.drop_exec(without="exec", controls=False),
        status=Status.ERROR,
    ),
    Example(
        name="parent-stripped", evidence=examples.drop_exec(strip_parent=True), status=Status.FAIL
    ),
)
