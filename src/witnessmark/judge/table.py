"""The verdict table of contracts.md: the first row that holds. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.model.detections import Answer
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Finding, Link, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WORST = (Status.ERROR, Status.FAIL, Status.PENDING, Status.PASS, Status.SKIP)
"""A link's status is the first of these that any of its findings has."""

BY_ANSWER = {
    (ExpectedAnswer.FIRES, Answer.FIRED): Verdict.DETECTED,
    (ExpectedAnswer.FIRES, Answer.SUPPRESSED): Verdict.MISSED_SUPPRESSED,
    (ExpectedAnswer.FIRES, Answer.SILENT): Verdict.MISSED,
    (ExpectedAnswer.SILENT, Answer.FIRED): Verdict.FALSE_ALARM,
    (ExpectedAnswer.SILENT, Answer.SUPPRESSED): Verdict.FALSE_ALARM_SUPPRESSED,
    (ExpectedAnswer.SILENT, Answer.SILENT): Verdict.SILENT,
    (ExpectedAnswer.SUPPRESSED, Answer.FIRED): Verdict.FALSE_ALARM,
    (ExpectedAnswer.SUPPRESSED, Answer.SILENT): Verdict.MISSED,
    (ExpectedAnswer.GAP, Answer.FIRED): Verdict.GAP_CLOSED,
    (ExpectedAnswer.GAP, Answer.SUPPRESSED): Verdict.GAP_CLOSED,
    (ExpectedAnswer.GAP, Answer.SILENT): Verdict.GAP,
}

GOOD = {
    Verdict.DETECTED,
    Verdict.SILENT,
    Verdict.SUPPRESSED,
    Verdict.GAP,
    Verdict.NOT_APPLICABLE,
}


def link_status(findings: Iterable[Finding]) -> Mapping[Link, Status]:
    """The worst status per link; a link that nothing was said about is skipped."""
    said: dict[Link, set[Status]] = {link: set() for link in Link}
    for item in findings:
        said[item.link].add(item.status)
    return {
        link: next((status for status in WORST if status in statuses), Status.SKIP)
        for link, statuses in said.items()
    }


def verdict(
    links: Mapping[Link, Status],
    *,
    expect: ExpectedAnswer,
    answer: Answer,
    denied: bool,
    judged: bool,
    late: bool = False,
    workflow: bool = False,
    proven: bool = True,
    simulated: bool = False,
) -> Verdict:
    """The verdict of one case on one source.

    Args:
        links: status per link.
        expect: what the scenario should get.
        answer: what the source's analytic answered.
        denied: the execution was blocked, with the source's own block record.
        judged: an organisation's source gave the answer.
        late: it fired after its deadline.
        workflow: it was suppressed by the very workflow that the scenario names.
        proven: an undetermined answer is the analytic's own, not that nobody could look.
        simulated: an undetermined answer needed a field that a stand-in cannot know.
    """
    acted, recorded, delivered = (
        links[Link.ACTED],
        links[Link.RECORDED],
        links[Link.DELIVERED],
    )
    rows = (
        (acted is Status.SKIP, Verdict.NOT_APPLICABLE),
        (acted is Status.ERROR, Verdict.INCONCLUSIVE),
        (denied, Verdict.PREVENTED),
        (acted is not Status.PASS, Verdict.NOT_EXECUTED),
        (Status.ERROR in (recorded, delivered), Verdict.INCONCLUSIVE),
        (recorded is Status.FAIL, Verdict.BLIND),
        (delivered is Status.FAIL, Verdict.LOST),
        (not judged, Verdict.NOT_ASSESSED),
        (simulated and answer is Answer.UNDETERMINED, Verdict.NOT_ASSESSED),
    )
    for holds, result in rows:
        if holds:
            return result
    if answer is Answer.UNDETERMINED and not proven:
        return Verdict.INCONCLUSIVE
    return _by_answer(expect, answer, late=late, workflow=workflow)


def first_broken(links: Mapping[Link, Status]) -> Link | None:
    """The leftmost link with fail or error; skip and pending never break."""
    return next((link for link in Link if links[link] in (Status.FAIL, Status.ERROR)), None)


def ok(result: Verdict, links: Mapping[Link, Status], *, prevented_allowed: bool) -> bool:
    """Whether a case is as it should be: a good verdict and no broken link."""
    good = result in GOOD or (result is Verdict.PREVENTED and prevented_allowed)
    return good and first_broken(links) is None


def _by_answer(expect: ExpectedAnswer, answer: Answer, *, late: bool, workflow: bool) -> Verdict:
    if answer is Answer.UNDETERMINED:
        return Verdict.GAP if expect is ExpectedAnswer.GAP else Verdict.INCONCLUSIVE
    if expect is ExpectedAnswer.SUPPRESSED and answer is Answer.SUPPRESSED:
        return Verdict.SUPPRESSED if workflow else Verdict.FALSE_ALARM
    result = BY_ANSWER[(expect, answer)]
    return Verdict.DETECTED_LATE if result is Verdict.DETECTED and late else result
