"""Recorded: the source's own store on the host holds what the scenario says it must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import examples, match, records
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.run import Step
    from witnessmark.model.scenario import RecordPattern

NAME = "recorded"


@validator(link="recorded")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """Every record that the scenario names exists in the source, with the named fields filled.

    A record counts only if it names the very process or path of the receipt. Its absence is a
    failure only where the stream was whole and a positive control was seen before and after;
    otherwise nobody could look, which is never the same as not recorded.
    """
    why = records.nothing_to_look_at(case)
    if why is not None:
        yield finding(NAME, "recorded", Status.SKIP, why)
        return
    for pattern in case.case.scenario.records:
        done = match.steps(case, pattern.step)
        if not done:
            yield finding(
                NAME,
                "recorded",
                Status.ERROR,
                f"{pattern.id}: the receipt has no step {pattern.step}, so nothing can be tied",
            )
        for step in done:
            yield _one(case, pattern, step)


def _one(case: CaseEvidence, pattern: RecordPattern, step: Step) -> Finding:
    event = match.record(case, pattern, step)
    what = records.described(step, pattern.event)
    if event is None:
        return records.absent(case, NAME, step, pattern.event)
    asked = tuple(records.need(f"record {pattern.id}", name) for name in pattern.fields)
    return records.filled(case, NAME, what, event, asked)


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
