"""The source matrix says what was told of each field, and a source's quality only as measured."""

from dataclasses import replace

import pytest

from witnessmark.judge import delivery_examples, examples, matrix
from witnessmark.judge.api import CaseEvidence
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.events import BadLine, Coverage, Gap
from witnessmark.model.matrix import Dimension, State
from witnessmark.model.verdicts import CaseVerdict


def states(case: CaseEvidence) -> dict[str, State]:
    return {f"{item.record}.{item.field}": item.state for item in matrix.cells(case)}


def judged(case: CaseEvidence) -> CaseVerdict:
    return judge_case(case, validators())


def measured(*cases: CaseEvidence) -> dict[str, Dimension]:
    found = matrix.quality("eslogger", cases, [judged(item) for item in cases])
    return {item.name: item for item in found.dimensions}


def test_every_field_that_the_scenario_names_has_a_state() -> None:
    assert states(examples.drop_exec()) == {
        "drop.path": State.PRESENT,
        "exec.target.parent": State.PRESENT,
        "exec.args": State.PRESENT,
    }


def test_a_field_or_record_that_is_not_there_is_missing() -> None:
    assert states(examples.drop_exec(strip_parent=True))["exec.target.parent"] is State.MISSING
    assert states(examples.drop_exec(without="exec"))["exec.args"] is State.MISSING


@pytest.mark.parametrize(
    "case",
    [
        examples.drop_exec(without="exec", controls=False),
        examples.drop_exec(
            without="exec",
            coverage=Coverage(bad=(BadLine(line=2, reason="cut", time_ns=examples.T0),)),
        ),
        examples.drop_exec(
            without="exec",
            coverage=Coverage(gaps=(Gap(line=2, time_ns=None, missing=1, counter="global"),)),
        ),
        replace(examples.drop_exec(without="exec"), collection=None),
    ],
)
def test_what_nobody_could_look_at_is_unknown_and_never_missing(case: CaseEvidence) -> None:
    assert states(case)["exec.args"] is State.UNKNOWN


def test_a_field_that_the_host_cannot_know_is_simulated() -> None:
    case = examples.drop_exec(strip_parent=True)
    assert case.stream is not None
    events = tuple(
        replace(item, target=replace(item.target, simulated=frozenset({"parent"})))
        if item.target
        else item
        for item in case.stream.events
    )
    marked = replace(case, stream=replace(case.stream, events=events))
    assert states(marked)["exec.target.parent"] is State.SIMULATED


def test_a_field_that_hides_its_value_is_redacted() -> None:
    case = examples.drop_exec()
    assert case.stream is not None
    events = tuple(
        replace(item, args=(*item.args, "<private>")) if item.args else item
        for item in case.stream.events
    )
    assert states(replace(case, stream=replace(case.stream, events=events)))["exec.args"] is (
        State.REDACTED
    )


def test_a_record_after_its_deadline_is_late_and_still_filled() -> None:
    late = delivery_examples.delivered(after_s=75.0)
    assert set(states(late).values()) == {State.LATE}
    assert measured(late)["data field completeness"].share == 1.0
    assert measured(late)["timeliness"].share == 0.0
    assert measured(delivery_examples.delivered())["timeliness"].share == 1.0


def test_what_was_not_played_has_no_cells() -> None:
    assert matrix.cells(examples.drop_exec(skipped="no shell")) == ()


def test_each_dimension_is_measured_over_all_hosts() -> None:
    one = examples.drop_exec(strip_parent=True)
    silent = examples.drop_exec(without="exec")
    assert silent.stream is not None
    other = replace(
        silent,
        case=replace(silent.case, host="other"),
        stream=replace(silent.stream, events=()),
    )
    found = measured(one, other)
    assert found["device completeness"].share == 0.5
    assert found["data field completeness"].share == pytest.approx(2 / 6, abs=1e-3)
    assert found["consistency"].text == "4 of 4 lines could be read; 0 holes, 0 repeated"
    assert found["retention"].share == 1.0


def test_nothing_is_guessed_where_nobody_could_tell() -> None:
    dead = replace(examples.drop_exec(controls=False), stream=None, collection=None)
    found = measured(dead)
    assert found["device completeness"].share is None
    assert found["data field completeness"].share is None
    assert found["timeliness"].share is None
    assert found["consistency"].share is None
    assert measured(examples.drop_exec(oldest_days=1))["retention"].share is None
