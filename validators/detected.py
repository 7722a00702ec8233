"""Detected: the source's analytic answered as the scenario expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import alert_examples, examples, match, tied
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.judge.asked import answered
from witnessmark.model.detections import Answer
from witnessmark.model.hosts import Role
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.judge.answer import Answered


@validator(link="detected")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """The analytic gave the expected answer about this very process, inside its deadline.

    Where the inventory declares the organisation's own alerts, they alone are judged: an alert
    counts if its rule stands for the analytic and it names the case's own process or executed
    path, in the attack's time; the embedded engine is then only the reference. Else, where the
    source has a destination, the analytic reads what was delivered there and nothing
    else. The latency runs from the execution, on the host's clock, to the alert: for the embedded
    analytic, to the moment at which the last record that it names was received. What was expected
    and what was observed name the deadline and the latency in seconds. Where the clocks cannot be
    compared, nobody knows whether an alert came in time. Silence counts only where the stream
    was whole and a positive control fired before and after the case.
    """
    if match.attack(case) is None or case.act.skipped or case.act.error:
        yield finding(
            "detected", "detected", Status.SKIP, "nothing was acted, so nothing to detect"
        )
        return
    if case.source is None:
        yield finding("detected", "detected", Status.SKIP, "no source is configured for this host")
        return
    got = answered(case)
    if not case.judged:
        yield finding(
            "detected",
            "detected",
            Status.SKIP,
            f"{_unjudged(case)}; reference: {got.answer.value}",
        )
        return
    if got.answer is Answer.UNDETERMINED and got.simulated:
        unknown = ", ".join(got.simulated)
        why = f"not assessed: {got.reason}; this host or source cannot know {unknown}"
        yield finding("detected", "detected", Status.SKIP, why)
        return
    expect = case.case.scenario.expect
    status, why = _status(expect.answer, got, expect.workflow)
    yield finding(
        "detected",
        "detected",
        status,
        f"{why}{got.reason}",
        expected=_expected(case),
        observed=_observed(got),
        evidence=got.evidence,
    )
    if expect.alerts is not None and got.answer is Answer.FIRED and got.alert is None:
        yield _counted(case, expect.alerts)


def _counted(case: CaseEvidence, wanted: int) -> Finding:
    """Whether the case raised as many alerts as it may: dedupe and A6 promise one."""
    fired = [item for item in tied.detections(case) if item.answer is Answer.FIRED]
    return finding(
        "detected",
        "detected",
        Status.PASS if len(fired) == wanted else Status.FAIL,
        f"{len(fired)} alerts name this case, {wanted} should",
        expected=str(wanted),
        observed=str(len(fired)),
        evidence=[item.exec.event_id for item in fired],
    )


def _expected(case: CaseEvidence) -> str:
    expect = case.case.scenario.expect
    fires = expect.answer is ExpectedAnswer.FIRES
    in_time = f" within {case.deadline_s:g} s of the execution" if fires else ""
    return f"{expect.answer.value}{in_time}: {expect.reason}"


def _observed(got: Answered) -> str:
    if got.latency_s is None:
        return got.answer.value
    return f"{got.answer.value} after {got.latency_s:g} s"


def _unjudged(case: CaseEvidence) -> str:
    if case.source is not None and case.source.role is Role.ORGANISATION:
        return f"source {case.source.name} names no analytic of its own"
    return "no organisational source"


def _status(expect: ExpectedAnswer, got: Answered, workflow: str | None) -> tuple[Status, str]:
    if got.answer is Answer.UNDETERMINED:
        documented = expect is ExpectedAnswer.GAP and got.proven
        return (Status.PASS if documented else Status.ERROR), "undetermined: "
    wanted = {
        ExpectedAnswer.FIRES: Answer.FIRED,
        ExpectedAnswer.SILENT: Answer.SILENT,
        ExpectedAnswer.GAP: Answer.SILENT,
        ExpectedAnswer.SUPPRESSED: Answer.SUPPRESSED,
    }[expect]
    if got.answer is not wanted:
        return Status.FAIL, f"expected {wanted.value}, got {got.answer.value}: "
    if got.late:
        return Status.FAIL, f"late, {got.latency_s} s after the execution: "
    if wanted is Answer.SUPPRESSED and got.workflow != workflow:
        return Status.FAIL, f"suppressed by another workflow than {workflow}: "
    return Status.PASS, ""


EXAMPLES = (
    Example(name="fired", evidence=examples.drop_exec(), status=Status.PASS),
    Example(name="missed", evidence=examples.drop_exec(detected=False), status=Status.FAIL),
    Example(name="late", evidence=examples.drop_exec(received_after_s=900.0), status=Status.FAIL),
    Example(
        name="silence-without-control",
        evidence=examples.drop_exec(detected=False, controls=False),
        status=Status.ERROR,
    ),
    Example(
        name="own-alert",
        evidence=alert_examples.alerted(alert_examples.alert()),
        status=Status.PASS,
    ),
    Example(name="own-rule-silent", evidence=alert_examples.alerted(), status=Status.FAIL),
    Example(
        name="own-alert-late",
        evidence=alert_examples.alerted(alert_examples.alert(after_s=200.0)),
        status=Status.FAIL,
    ),
    Example(
        name="own-alert-on-another-process",
        evidence=alert_examples.alerted(
            alert_examples.alert(pid=999, path="/bin/chmod", script=None)
        ),
        status=Status.FAIL,
    ),
    Example(
        name="own-alerts-dead",
        evidence=alert_examples.alerted(controls=False),
        status=Status.ERROR,
    ),
)
