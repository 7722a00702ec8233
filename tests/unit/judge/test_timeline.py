"""A case's timeline shows what its findings and its detection cite, on one clock."""

from dataclasses import replace

import pytest

from witnessmark.judge import examples
from witnessmark.judge.api import CaseEvidence
from witnessmark.judge.examples import SECOND, T0
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Moment, MomentKind


def shown(case: CaseEvidence) -> dict[MomentKind, Moment]:
    return {item.kind: item for item in judge_case(case, validators()).timeline}


def seconds(moment: Moment) -> float:
    return (moment.start_ns - T0) / SECOND


def test_phases_records_alert_and_deadline_are_there_in_order() -> None:
    case = replace(examples.drop_exec(), window_s=4.0)
    found = judge_case(case, validators()).timeline
    assert [(item.kind.value, seconds(item)) for item in found] == [
        ("setup", 0), ("attack", 4), ("record", 4), ("window", 4), ("exec", 6), ("alert", 6.1),
        ("cleanup", 8), ("deadline", 126),
    ]  # fmt: skip
    by_kind = {item.kind: item for item in found}
    assert by_kind[MomentKind.RECORD].evidence == "example/eslogger/1"
    assert by_kind[MomentKind.EXEC].evidence == "example/eslogger/2"
    assert by_kind[MomentKind.ALERT].label == "fired"
    assert by_kind[MomentKind.WINDOW].end_ns == T0 + 8 * SECOND


def test_what_is_not_recorded_is_not_shown() -> None:
    found = shown(examples.drop_exec(without="exec"))
    assert MomentKind.RECORD in found
    assert {MomentKind.EXEC, MomentKind.ALERT, MomentKind.DEADLINE}.isdisjoint(found)


def test_a_case_that_should_be_silent_has_no_deadline() -> None:
    case = examples.drop_exec(detected=False, expect=ExpectedAnswer.SILENT)
    assert MomentKind.DEADLINE not in shown(case)


def test_a_case_that_was_not_played_has_no_timeline() -> None:
    assert judge_case(examples.drop_exec(skipped="no zsh"), validators()).timeline == ()


@pytest.mark.parametrize(("offset", "at"), [(2.0, 4.0), (-2.0, 8.0), (0.4, 6.0), (None, 6.0)])
def test_host_times_are_brought_to_our_clock(offset: float | None, at: float) -> None:
    case = examples.drop_exec()
    case = replace(case, facts=replace(case.facts, clock_offset_s=offset, clock_uncertainty_s=0.5))
    assert seconds(shown(case)[MomentKind.EXEC]) == at


@pytest.mark.parametrize(
    "name", ["", "x", "example/eslogger/", "example/eslogger/9", "other/eslogger/1", "a/b/\u0661"]
)
def test_evidence_that_is_no_event_of_this_source_is_passed_over(name: str) -> None:
    from witnessmark.judge.answer import answered
    from witnessmark.judge.timeline import timeline
    from witnessmark.model.verdicts import Finding, Link, Status

    case = examples.drop_exec(detected=False)
    said = Finding(
        validator="recorded", link=Link.RECORDED, status=Status.PASS, message="x", evidence=(name,)
    )
    kinds = {item.kind for item in timeline(case, [said], answered(case))}
    assert kinds == {MomentKind.SETUP, MomentKind.ATTACK, MomentKind.CLEANUP}
