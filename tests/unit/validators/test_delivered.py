"""Delivered: what its EXAMPLES leave out, and what the analytic does without a destination."""

import importlib
from dataclasses import replace

import pytest

from witnessmark.judge import delivery_examples, examples
from witnessmark.judge.answer import answered
from witnessmark.judge.api import Arrived, CaseEvidence
from witnessmark.judge.run import judge_case, validators
from witnessmark.judge.table import link_status
from witnessmark.model.detections import Answer
from witnessmark.model.events import Coverage, Gap, Kind
from witnessmark.model.hosts import Destination
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Finding, Link, Status, Verdict

CHECK = importlib.import_module("witnessmark.validators.delivered").check
WHERE = Destination(kind="ndjson", path="x", deadline_s=60.0)


def said(case: CaseEvidence) -> tuple[Status, str]:
    found: tuple[Finding, ...] = CHECK(case)
    worst = link_status(found)[Link.DELIVERED]
    return worst, " | ".join(item.message for item in found)


def with_arrived(case: CaseEvidence, **changes: object) -> CaseEvidence:
    assert case.arrived is not None
    return replace(case, arrived=replace(case.arrived, **changes))


def negative(case: CaseEvidence) -> CaseEvidence:
    quiet = examples.drop_exec(expect=ExpectedAnswer.SILENT, detected=False)
    return replace(with_arrived(case, detections=()), case=quiet.case, detections=quiet.detections)


def test_a_hole_in_the_destination_alone_excuses_no_lost_record() -> None:
    case = delivery_examples.delivered(without="exec")
    assert case.arrived is not None
    assert case.arrived.stream is not None
    gap = Gap(line=2, time_ns=None, missing=1, counter="global")
    holed = replace(case.arrived.stream, coverage=Coverage(lines=1, events=1, gaps=(gap,)))
    assert said(with_arrived(case, stream=holed))[0] is Status.FAIL


def test_what_nobody_collected_or_that_names_no_record_is_told_apart() -> None:
    case = delivery_examples.delivered()
    missing, words = said(with_arrived(case, stream=None))
    assert missing is Status.ERROR
    assert "nobody could look at the destination: source eslogger was not collected" in words
    assert case.stream is not None
    nothing, words = said(replace(case, stream=replace(case.stream, events=())))
    assert (nothing, words) == (Status.SKIP, "no record of this case that could be delivered")
    bare = replace(case, source=None)
    assert said(bare) == (Status.SKIP, "no source is configured for this host")


def test_a_record_that_the_source_lacks_is_not_awaited_at_the_destination() -> None:
    case = delivery_examples.delivered(without="exec")
    assert case.stream is not None
    kept = tuple(item for item in case.stream.events if item.kind is Kind.CLOSE)
    status, words = said(replace(case, stream=replace(case.stream, events=kept)))
    assert status is Status.PASS
    assert "exec" not in words


def test_a_destination_of_which_nobody_knows_until_when_it_was_read_proves_no_loss() -> None:
    case = delivery_examples.delivered(without="exec")
    assert case.arrived is not None
    assert case.arrived.collection is not None
    unlooked = replace(case.arrived.collection, look=None)
    status, words = said(with_arrived(case, collection=unlooked))
    assert status is Status.ERROR
    assert "nobody knows until when the destination was read" in words


def test_how_late_is_said() -> None:
    assert "15.5 s too late" in said(delivery_examples.delivered(after_s=75.5))[1]
    assert said(delivery_examples.delivered(after_s=60.0))[0] is Status.PASS


@pytest.mark.parametrize(
    ("field", "value"),
    [("global_seq", 99), ("seq", 7), ("time_ns", examples.T0)],
)
def test_another_record_never_stands_for_the_one_that_is_missing(field: str, value: int) -> None:
    case = delivery_examples.delivered()
    assert case.arrived is not None
    assert case.arrived.stream is not None
    drop, run = case.arrived.stream.events
    stream = replace(case.arrived.stream, events=(drop, replace(run, **{field: value})))
    assert said(with_arrived(case, stream=stream))[0] in (Status.FAIL, Status.ERROR)


def test_when_nobody_saw_a_record_come_its_lateness_is_unknown() -> None:
    case = delivery_examples.delivered()
    assert case.arrived is not None
    assert case.arrived.stream is not None
    events = tuple(replace(item, received_ns=None) for item in case.arrived.stream.events)
    stream = replace(case.arrived.stream, events=events)
    assert said(with_arrived(case, stream=stream))[0] is Status.ERROR


def test_a_record_received_before_it_happened_proves_no_delivery() -> None:
    assert said(delivery_examples.delivered(after_s=-5.0))[0] is Status.ERROR


def test_a_configured_destination_that_was_not_collected_is_no_delivery() -> None:
    bare = examples.drop_exec()
    assert bare.source is not None
    case = replace(bare, source=replace(bare.source, destination=WHERE))
    assert said(case)[0] is Status.ERROR
    got = answered(case.analysed)
    assert (got.answer, got.proven) == (Answer.UNDETERMINED, False)
    assert judge_case(case, validators()).verdict is Verdict.INCONCLUSIVE


def test_the_analytic_never_falls_back_to_the_store() -> None:
    case = with_arrived(delivery_examples.delivered(), detections=())
    assert case.detections, "the store's own stream would fire"
    assert answered(case.analysed).answer is Answer.SILENT


@pytest.mark.parametrize(
    ("broken", "verdict"),
    [
        ({"without": "exec"}, Verdict.LOST),
        ({"after_s": 75.0}, Verdict.LOST),
        ({"without": "exec", "controls": False}, Verdict.INCONCLUSIVE),
        ({"controls": False}, Verdict.INCONCLUSIVE),
        ({"without": "exec", "looked_s": 1.0}, Verdict.INCONCLUSIVE),
        ({"problem": "gone"}, Verdict.INCONCLUSIVE),
    ],
)
def test_a_case_that_should_stay_silent_is_never_ok_through_a_broken_pipeline(
    broken: dict[str, object], verdict: Verdict
) -> None:
    case = negative(delivery_examples.delivered(**broken))  # type: ignore[arg-type]
    found = judge_case(case, validators())
    assert (found.verdict, found.ok) == (verdict, False)


def test_a_whole_delivery_earns_silence() -> None:
    found = judge_case(negative(delivery_examples.delivered()), validators())
    assert (found.verdict, found.first_broken_link) == (Verdict.SILENT, None)


def test_silence_is_not_earned_where_the_analytic_had_stopped_waiting() -> None:
    case = replace(negative(delivery_examples.delivered(after_s=30.0)), late_arrival_s=20.0)
    found = judge_case(case, validators())
    assert (found.verdict, found.first_broken_link) == (Verdict.INCONCLUSIVE, Link.DETECTED)


def test_nothing_arrived_is_the_default_of_an_empty_delivery() -> None:
    case = replace(delivery_examples.delivered(), arrived=Arrived())
    assert said(case)[0] is Status.ERROR


def test_a_place_that_is_only_looked_into_now_and_then_does_not_show_that_a_record_was_late() -> (
    None
):
    def looked(after_s: float, grain_s: float) -> tuple[Status, str]:
        case = delivery_examples.delivered(after_s=after_s)
        assert case.arrived is not None
        assert case.arrived.collection is not None
        seldom = replace(case.arrived.collection, grain_ns=int(grain_s * 1e9))
        return said(with_arrived(case, collection=seldom))

    assert looked(75.5, 5.0)[0] is Status.FAIL  # not even 70.5 s would have been in time
    assert looked(75.5, 30.0)[0] is Status.ERROR
    assert "the deadline of 60 s lies between" in looked(75.5, 30.0)[1]
    assert looked(50.0, 30.0)[0] is Status.PASS
