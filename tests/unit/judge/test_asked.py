"""Whose fault a wrong answer of an organisation's alerts is; what nobody can tell stays unknown."""

from dataclasses import replace

import pytest

from witnessmark.judge.alert_examples import alert, alerted
from witnessmark.judge.alerted import answered
from witnessmark.judge.answer import Answered
from witnessmark.judge.api import CaseEvidence
from witnessmark.judge.blame import blame
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.detections import Answer
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Blame, CaseVerdict, Fault, Verdict

SILENT = ExpectedAnswer.SILENT
NEAR = ("B5: 5.1 s > 4 s",)


def judged(case: CaseEvidence) -> CaseVerdict:
    return judge_case(case, validators())


def found(case: CaseEvidence) -> Blame:
    told = judged(case).blame
    assert told is not None
    return told


def with_answer(case: CaseEvidence, **changes: object) -> CaseEvidence:
    """The case with another answer of the embedded engine."""
    (item,) = case.detections
    return replace(case, detections=(replace(item, **changes),))  # type: ignore[arg-type]


def test_a_case_that_is_right_is_nobodys_fault() -> None:
    assert judged(alerted(alert())).blame is None
    assert judged(alerted(expect=SILENT, detected=False)).blame is None
    without = replace(alerted(), source=None)
    assert blame(without, Verdict.MISSED, Answered(answer=Answer.SILENT, reason="x")) is None


def test_records_that_came_too_late_are_no_fault_of_a_rule() -> None:
    case = with_answer(alerted(), received_ns=alerted().detections[0].exec.time_ns + 10**12)
    told = found(case)
    assert told.fault is Fault.TELEMETRY
    assert "1000.0 s after the execution" in told.reason


def test_a_field_that_the_telemetry_lacks_is_named() -> None:
    case = with_answer(
        alerted(), answer=Answer.UNDETERMINED, reason="team unknown", simulated=("team_id",)
    )
    told = found(case)
    assert (told.fault, told.fields) == (Fault.TELEMETRY, ("team_id",))
    assert told.reason.endswith("it does not say team_id")


def test_where_the_engine_cannot_tell_nobody_can() -> None:
    case = with_answer(alerted(), answer=Answer.UNDETERMINED, reason="parent unknown")
    told = found(case)
    assert told.fault is Fault.UNKNOWN
    assert "parent unknown" in told.reason


@pytest.mark.parametrize("near", [(), NEAR])
def test_what_held_the_reference_back_is_said(near: tuple[str, ...]) -> None:
    told = found(replace(alerted(detected=False), misses=near))
    assert told.fault is Fault.TELEMETRY
    assert told.rules == (("B5",) if near else ())
    assert (f"held back by {NEAR[0]}" in told.reason) is bool(near)


@pytest.mark.parametrize("near", [(), NEAR])
def test_a_false_alarm_lacks_what_held_the_reference_back(near: tuple[str, ...]) -> None:
    case = replace(alerted(alert(), expect=SILENT, detected=False), misses=near)
    told = found(case)
    assert (told.fault, told.lacks) == (Fault.RULE, ("B5",) if near else ())
    assert (NEAR[0] in told.reason) is bool(near)


def test_a_false_alarm_that_the_reference_suppresses_lacks_the_workflow() -> None:
    case = with_answer(
        alerted(alert(), expect=SILENT), answer=Answer.SUPPRESSED, workflow="lab-script"
    )
    told = found(case)
    assert told.fault is Fault.RULE
    assert "lacks workflow lab-script" in told.reason


def test_a_false_alarm_of_the_reference_too_is_not_their_rules_fault() -> None:
    told = found(alerted(alert(), expect=SILENT))
    assert told.fault is Fault.UNKNOWN
    assert told.reason.startswith("the reference is fired")


def test_what_the_source_suppressed_says_by_what() -> None:
    case = alerted(replace(alert(), workflow="theirs"), expect=ExpectedAnswer.SUPPRESSED)
    got = answered(case)
    assert (got.answer, got.workflow) == (Answer.SUPPRESSED, "theirs")
    assert judged(case).verdict is Verdict.FALSE_ALARM, "it is not the workflow that was meant"


@pytest.mark.parametrize(
    ("stands", "answer"),
    [("AB", Answer.FIRED), ("A", Answer.SILENT), ("B", Answer.SILENT)],
)
def test_where_both_branches_are_wanted_both_must_be_named(stands: str, answer: Answer) -> None:
    case = alerted(alert())
    assert case.source is not None
    assert case.source.alerts is not None
    told = replace(case.source.alerts, rules=((alert().rules[0], stands),))
    expect = replace(case.case.scenario.expect, branch="AB")
    scenario = replace(case.case.scenario, expect=expect)
    case = replace(
        case,
        source=replace(case.source, alerts=told),
        case=replace(case.case, scenario=scenario),
    )
    got = answered(case)
    assert got.answer is answer
    assert ("no rule is named that stands for branch" in got.reason) is (stands != "AB")


def test_an_alert_that_nobody_saw_come_is_not_known_to_be_in_time() -> None:
    unseen = replace(alert(), received_ns=None)
    got = answered(alerted(unseen))
    assert (got.answer, got.proven) == (Answer.UNDETERMINED, False)
    assert got.reason.endswith("whether in time: nobody saw when")
    assert answered(alerted(unseen, expect=SILENT)).answer is Answer.FIRED


def test_alerts_that_nobody_knows_until_when_were_read_are_no_silence() -> None:
    case = alerted(expect=SILENT)
    assert case.alerted is not None
    assert case.alerted.collection is not None
    unlooked = replace(case.alerted, collection=replace(case.alerted.collection, look=None))
    got = answered(replace(case, alerted=unlooked))
    assert "nobody knows until when" in got.reason


def test_a_bad_line_of_another_time_hides_no_alert_of_this_case() -> None:
    from witnessmark.model.alerts import AlertStream
    from witnessmark.model.events import BadLine

    now = (BadLine(line=3, reason="no JSON"), alert().received_ns)
    old = (BadLine(line=1, reason="no JSON"), 1)
    case = alerted(stream=AlertStream(bad=(old,)), expect=SILENT)
    assert answered(case).answer is Answer.SILENT
    assert answered(alerted(stream=AlertStream(bad=(old, now)), expect=SILENT)).answer is (
        Answer.UNDETERMINED
    )
