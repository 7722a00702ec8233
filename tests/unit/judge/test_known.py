"""What a source can never tell is not assessed; what it stopped is prevented if both say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.judge import examples, known
from witnessmark.judge.answer import answered
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.detections import Answer
from witnessmark.model.events import Coverage, Event, FileRef, Kind, Process, Stream, Token
from witnessmark.model.run import Step
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Link, Status, Verdict

if TYPE_CHECKING:
    from witnessmark.judge.api import CaseEvidence


def of_kind(kind: str, **changes: Any) -> CaseEvidence:
    case = examples.drop_exec(**changes)
    assert case.source is not None
    return replace(case, source=replace(case.source, kind=kind))


@pytest.mark.parametrize("expect", [ExpectedAnswer.FIRES, ExpectedAnswer.SILENT])
def test_silence_of_a_source_that_sees_no_writes_is_not_assessed(expect: ExpectedAnswer) -> None:
    case = of_kind("jamf-telemetry", detected=False, expect=expect)
    got = answered(case)
    assert got.answer is Answer.UNDETERMINED
    assert "jamf-telemetry never says close" in got.reason
    result = judge_case(case, validators())
    assert (result.verdict, result.assessed) == (Verdict.NOT_ASSESSED, False)
    assert result.simulated[0] == "close"


def test_what_fired_fired_whoever_saw_it() -> None:
    assert judge_case(of_kind("jamf-telemetry"), validators()).verdict is Verdict.DETECTED


def test_the_same_silence_of_a_source_that_sees_writes_is_missed() -> None:
    case = of_kind("eslogger", detected=False)
    assert judge_case(case, validators()).verdict is Verdict.MISSED


@pytest.mark.parametrize(
    ("kind", "status"), [("eslogger", Status.FAIL), ("jamf-telemetry", Status.PASS)]
)
def test_a_record_that_a_source_never_writes_is_its_coverage_gap(kind: str, status: Status) -> None:
    case = of_kind(kind, without="close", detected=False)
    result = judge_case(case, validators())
    assert dict(result.links)[Link.RECORDED] is status
    said = [item for item in result.findings if "never records close" in item.message]
    assert {item.status for item in said} == ({Status.SKIP} if kind != "eslogger" else set())
    assert all(item.message.startswith("coverage gap of the source: ") for item in said)
    assert result.ok is False, "a gap of a source earns nothing"
    assert result.verdict is (Verdict.BLIND if kind == "eslogger" else Verdict.NOT_ASSESSED)


@pytest.mark.parametrize("answer", list(ExpectedAnswer))
def test_a_source_that_records_no_execution_assesses_no_case_and_breaks_no_link(
    answer: ExpectedAnswer,
) -> None:
    case = of_kind("unifiedlog", detected=False)
    scenario = replace(case.case.scenario, expect=replace(case.case.scenario.expect, answer=answer))
    bare = replace(case, case=replace(case.case, scenario=scenario), stream=Stream(
        host=examples.HOST, source=examples.SOURCE, events=(), coverage=Coverage()
    ))  # fmt: skip
    result = judge_case(bare, validators())
    assert (result.verdict, result.assessed) == (Verdict.NOT_ASSESSED, False)
    assert result.first_broken_link is None
    assert dict(result.links)[Link.RECORDED] is Status.SKIP


@pytest.mark.parametrize(
    ("kind", "branches", "missing"),
    [
        ("unifiedlog", "A", ("exec",)),
        ("unifiedlog", "AB", ("exec",)),
        ("jamf-telemetry", "A", ()),
        ("santa", "AB", ()),
    ],
)
def test_what_a_source_lacks(kind: str, branches: str, missing: tuple[str, ...]) -> None:
    assert known.lacking(of_kind(kind), branches) == missing


def test_without_a_source_nothing_is_known_to_lack() -> None:
    case = replace(examples.drop_exec(), source=None)
    assert (known.lacking(case, "AB"), known.never(case, ["exec"])) == ((), None)


def denied(*, status: int = 126, path: str = examples.PATH, second: float = 6) -> CaseEvidence:
    case = of_kind("santa", status=status, detected=False, without="exec")
    stop = Event(
        id="x",
        host=examples.HOST,
        source=examples.SOURCE,
        line=3,
        kind=Kind.DENIED,
        time_ns=examples.T0 + int(second * examples.SECOND),
        process=Process(token=Token(pid=examples.PAYLOAD), path=""),
        target=Process(token=Token(pid=examples.PAYLOAD), path=path),
    )
    assert case.stream is not None
    stream = replace(case.stream, events=(*case.stream.events, stop))
    return replace(case, stream=stream)


def test_a_stopped_execution_that_both_sides_tell_of_is_prevented() -> None:
    assert judge_case(denied(), validators()).verdict is Verdict.PREVENTED
    assert judge_case(denied(status=137), validators()).verdict is Verdict.PREVENTED


@pytest.mark.parametrize(
    "given", [{"status": 1}, {"status": 127}, {"path": "/opt/other.sh"}, {"second": 900}]
)
def test_one_side_alone_prevents_nothing(given: Any) -> None:
    assert judge_case(denied(**given), validators()).verdict is Verdict.NOT_EXECUTED


def test_what_ran_was_not_prevented() -> None:
    assert judge_case(denied(status=0), validators()).verdict is not Verdict.PREVENTED


def test_a_script_that_was_stopped_is_named_by_its_words() -> None:
    case = denied(path="/bin/sh")
    assert known.stopped(case) is None
    assert case.stream is not None
    *rest, stop = case.stream.events
    said = replace(stop, args=("/bin/sh", examples.PATH), file=FileRef(path="/x"))
    case = replace(case, stream=replace(case.stream, events=(*rest, said)))
    assert known.stopped(case) is not None
    step = Step(step="spawn", path=None, to=None, pid=examples.PAYLOAD, ppid=1, status=126)
    assert known._names(said, step)
    assert not known._names(said, replace(step, pid=5))
