"""What their rule lacks is what decided a miss and none of their detections; nothing else."""

from dataclasses import replace

from witnessmark.judge.alert_examples import alert, alerted
from witnessmark.judge.blame import settled
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.verdicts import CaseVerdict

CAUGHT = ("B1", "B3", "B5", "B3 script")


def judged(*alerts: bool, clauses: tuple[str, ...], host: str = "example") -> CaseVerdict:
    case = alerted(*([alert()] if alerts else []))
    return replace(judge_case(case, validators()), reference_clauses=clauses, host=host)


def lacks(*cases: CaseVerdict) -> list[tuple[str, ...]]:
    return [item.blame.lacks for item in settled(cases) if item.blame is not None]


def test_a_clause_of_a_miss_that_no_detection_had_is_what_they_lack() -> None:
    missed = judged(clauses=("B1", "B3", "B5", "B3 operand"))
    assert lacks(judged(True, clauses=CAUGHT), missed) == [("B3 operand",)]
    assert "B3 operand" in (settled((judged(True, clauses=CAUGHT), missed))[1].blame or "").reason  # type: ignore[union-attr]


def test_nothing_is_said_without_a_detection_on_the_same_host() -> None:
    missed = judged(clauses=("B1", "B3 operand"))
    assert lacks(missed) == [()]
    assert lacks(judged(True, clauses=CAUGHT, host="other"), missed) == [()]


def test_nothing_is_said_where_theirs_met_every_clause_elsewhere() -> None:
    assert lacks(judged(True, clauses=CAUGHT), judged(clauses=CAUGHT)) == [()]
