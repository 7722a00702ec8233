"""One record with a wrong time earns nobody a better verdict, least of all a silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.judge.conftest import RUN, SECOND, Played

from witnessmark.judge import examples, whole
from witnessmark.judge.run import judge, judge_case, validators
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Verdict

if TYPE_CHECKING:
    from witnessmark.model.run import RunRecord

EXEC = 3
"""Line of the played case's exec; its drop is the line before. Seven lines in all."""
anywhere = st.integers(-4_000, 90_000) | st.integers(-5, 70)
laws = settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def expects_silence(record: RunRecord) -> RunRecord:
    """The same run of a case that should not fire."""
    before, case, after = record.plan.cases
    expect = replace(case.scenario.expect, answer=ExpectedAnswer.SILENT)
    case = replace(case, scenario=replace(case.scenario, expect=expect))
    return replace(record, plan=replace(record.plan, cases=(before, case, after)))


def verdict(
    *, silent: bool, lost: int | None = None, wrong: int | None = None, second: int = 0
) -> Verdict:
    """Verdict of the played case; ``second`` counts from the run's begin."""
    with TemporaryDirectory() as folder:
        played = Played(folder=Path(folder) / RUN)
        if silent:
            played.change = expects_silence
        if wrong is not None:
            played.move(wrong, examples.T0 + second * SECOND)
        if lost is not None:
            del played.records[lost]
        return next(item for item in judge(played.seal()).cases if "x01" in item.id).verdict


def test_what_the_run_says_with_sound_times() -> None:
    assert verdict(silent=False) is Verdict.DETECTED
    assert verdict(silent=True) is Verdict.FALSE_ALARM
    for silent in (True, False):
        assert verdict(silent=silent, lost=EXEC) is Verdict.INCONCLUSIVE


@laws
@given(wrong=st.integers(0, 6), second=anywhere)
@example(wrong=0, second=86_400)
@example(wrong=EXEC, second=700)
def test_one_wrong_time_turns_no_false_alarm_into_silence(wrong: int, second: int) -> None:
    found = verdict(silent=True, wrong=wrong, second=second)
    assert found in (Verdict.FALSE_ALARM, Verdict.INCONCLUSIVE)


@laws
@given(wrong=st.integers(0, 6), second=anywhere)
@example(wrong=EXEC, second=-300)
@example(wrong=2, second=18)  # the drop, dated into its own setup
def test_one_wrong_time_accuses_no_sensor_and_no_rule(wrong: int, second: int) -> None:
    found = verdict(silent=False, wrong=wrong, second=second)
    assert found in (Verdict.DETECTED, Verdict.INCONCLUSIVE)


@laws
@given(
    silent=st.booleans(),
    wrong=st.integers(0, 6).filter(lambda line: line != EXEC),
    second=anywhere,
)
@example(silent=True, wrong=2, second=3_600)
@example(silent=True, wrong=4, second=-60)
@example(silent=True, wrong=4, second=3)
@example(silent=True, wrong=2, second=43)
def test_a_hole_stays_a_hole_whatever_one_time_beside_it_says(
    silent: bool, wrong: int, second: int
) -> None:
    assert verdict(silent=silent, lost=EXEC, wrong=wrong, second=second) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("expect", [ExpectedAnswer.SILENT, ExpectedAnswer.FIRES])
def test_where_times_run_backwards_absence_proves_nothing(expect: ExpectedAnswer) -> None:
    case = examples.drop_exec(detected=False, without="exec", expect=expect)
    assert case.stream is not None
    coverage = replace(case.stream.coverage, backwards_ns=90 * SECOND)
    back = replace(case, stream=replace(case.stream, coverage=coverage))
    assert whole.trouble(back) == "its times run backwards by 90.0 s"
    assert judge_case(case, validators()).verdict is not Verdict.INCONCLUSIVE
    assert judge_case(back, validators()).verdict is Verdict.INCONCLUSIVE
