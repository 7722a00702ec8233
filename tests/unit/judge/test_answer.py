"""Silence must be earned; a detection counts only if it names this very process or path."""

from dataclasses import replace

import pytest

from witnessmark.analytic.baseline import UNVERIFIED
from witnessmark.judge import examples, tied
from witnessmark.judge.answer import answered
from witnessmark.judge.api import CaseEvidence, Controls
from witnessmark.judge.delivery_examples import delivered
from witnessmark.judge.run import exit_code, judge_case, validators
from witnessmark.model.detections import Answer, Branch
from witnessmark.model.events import BadLine, Coverage, FileRef, Gap, Token
from witnessmark.model.hosts import Role
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Link, Verdict

INSIDE = examples.T0 + 5 * examples.SECOND
OUTSIDE = examples.T0 + 500 * examples.SECOND


def silent(**changes: object) -> CaseEvidence:
    return examples.drop_exec(detected=False, expect=ExpectedAnswer.SILENT, **changes)


def verdict_of(case: CaseEvidence) -> Verdict:
    return judge_case(case, validators()).verdict


def test_whole_evidence_is_detected() -> None:
    result = judge_case(examples.drop_exec(), validators())
    assert (result.verdict, result.ok, result.first_broken_link) == (Verdict.DETECTED, True, None)
    assert result.latency_s == pytest.approx(0.1)


def test_silence_with_controls_on_both_sides_is_silence() -> None:
    assert answered(silent()).answer is Answer.SILENT
    assert verdict_of(silent()) is Verdict.SILENT


@pytest.mark.parametrize(
    ("before", "after"), [(True, False), (False, True), (None, True), (True, None), (None, None)]
)
def test_silence_without_both_controls_is_inconclusive(before: object, after: object) -> None:
    case = replace(silent(), controls=Controls(before=before, after=after, reason="no control"))
    assert answered(case).answer is Answer.UNDETERMINED
    assert verdict_of(case) is Verdict.INCONCLUSIVE


def gap(since: int | None, until: int | None) -> Coverage:
    return Coverage(gaps=(Gap(line=3, since_ns=since, time_ns=until, missing=2, counter="global"),))


def bad(line: int, since: int | None) -> Coverage:
    return Coverage(bad=(BadLine(line=line, reason="cut", time_ns=since),))


BEFORE = examples.T0 - 500 * examples.SECOND


@pytest.mark.parametrize(
    "coverage",
    [
        gap(INSIDE, INSIDE),
        gap(BEFORE, INSIDE),
        gap(INSIDE, OUTSIDE),
        gap(BEFORE, OUTSIDE),
        gap(None, None),
        gap(None, INSIDE),
        bad(3, INSIDE),
        bad(1, None),
        bad(0, BEFORE),
    ],
)
def test_loss_that_may_reach_the_window_makes_silence_inconclusive(coverage: Coverage) -> None:
    assert verdict_of(silent(coverage=coverage)) is Verdict.INCONCLUSIVE
    assert verdict_of(silent(coverage=coverage, without="exec")) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "coverage", [gap(OUTSIDE, OUTSIDE), gap(BEFORE, BEFORE), gap(None, BEFORE), bad(9, OUTSIDE)]
)
def test_loss_outside_the_window_does_not(coverage: Coverage) -> None:
    assert verdict_of(silent(coverage=coverage)) is Verdict.SILENT


def test_a_source_that_could_not_be_collected_is_inconclusive_never_blind() -> None:
    case = silent(without="exec")
    assert case.collection is not None
    lost = replace(case, stream=None, collection=replace(case.collection, problem="host: no ssh"))
    assert verdict_of(lost) is Verdict.INCONCLUSIVE
    assert verdict_of(replace(case, stream=None, collection=None)) is Verdict.INCONCLUSIVE


def test_a_dropped_exec_is_blind_and_recorded_is_the_first_broken_link() -> None:
    result = judge_case(examples.drop_exec(without="exec"), validators())
    assert (result.verdict, result.ok) == (Verdict.BLIND, False)
    assert result.first_broken_link is Link.RECORDED


def test_a_dropped_close_is_blind_even_if_the_analytic_fired() -> None:
    assert verdict_of(examples.drop_exec(without="close")) is Verdict.BLIND


def test_a_silent_case_whose_records_are_missing_is_never_silent_as_expected() -> None:
    assert verdict_of(silent(without="exec")) is Verdict.BLIND
    assert verdict_of(silent(without="close")) is Verdict.BLIND


def test_an_alert_about_another_process_does_not_count() -> None:
    case = examples.drop_exec()
    other = replace(
        case.detections[0], exec=replace(case.detections[0].exec, pid=999, script="/tmp/other.sh")
    )
    assert answered(replace(case, detections=(other,))).answer is Answer.SILENT


def test_an_alert_outside_the_attack_phase_does_not_count() -> None:
    case = examples.drop_exec()
    late = replace(case.detections[0], exec=replace(case.detections[0].exec, time_ns=OUTSIDE))
    assert tied.detections(replace(case, detections=(late,))) == ()


def test_an_alert_of_the_other_branch_does_not_earn_a_detection() -> None:
    case = examples.drop_exec()
    other = replace(case.detections[0], branch=Branch.A)
    assert answered(replace(case, detections=(other,))).answer is Answer.SILENT


def test_any_branch_is_a_false_alarm_where_silence_is_expected() -> None:
    case = examples.drop_exec(expect=ExpectedAnswer.SILENT)
    other = replace(case.detections[0], branch=Branch.A)
    assert verdict_of(replace(case, detections=(other,))) is Verdict.FALSE_ALARM


def test_a_reference_never_earns_a_coverage_verdict() -> None:
    result = judge_case(examples.drop_exec(role=Role.REFERENCE), validators())
    assert (result.verdict, result.assessed, result.ok) == (Verdict.NOT_ASSESSED, False, False)
    assert result.reference == "fires"


def test_a_store_without_an_analytic_of_its_own_earns_no_detection() -> None:
    result = judge_case(examples.drop_exec(analytic=None), validators())
    assert (result.verdict, result.assessed) == (Verdict.NOT_ASSESSED, False)
    assert result.reference == "fires"


def test_late_is_its_own_verdict_and_breaks_the_detected_link() -> None:
    result = judge_case(examples.drop_exec(received_after_s=121.0), validators())
    assert (result.verdict, result.ok) == (Verdict.DETECTED_LATE, False)
    assert result.first_broken_link is Link.DETECTED


def test_a_simulated_field_takes_the_case_out_of_the_assessment() -> None:
    case = examples.drop_exec()
    needed = replace(case.detections[0], simulated=("signing_id",))
    result = judge_case(replace(case, detections=(needed,)), validators())
    assert (result.assessed, result.simulated) == (False, ("signing_id",))


def test_near_misses_are_told() -> None:
    case = replace(silent(), misses=("B5: 5.1 s > 4 s",))
    assert "B5: 5.1 s > 4 s" in answered(case).reason


def test_a_skipped_case_is_not_applicable() -> None:
    result = judge_case(examples.drop_exec(skipped="example has no zsh"), validators())
    assert (result.verdict, result.ok, result.assessed) == (Verdict.NOT_APPLICABLE, True, False)


def test_exit_codes() -> None:
    def code(*cases: CaseEvidence, strict: bool = False) -> int:
        judged = tuple(judge_case(item, validators()) for item in cases)
        return exit_code(replace(_RUN, cases=judged), strict=strict)

    good, blind = examples.drop_exec(), examples.drop_exec(without="exec")
    assert code(good) == 0
    assert code(good, blind) == 1
    assert code(good, examples.drop_exec(skipped="no zsh")) == 0
    assert code(examples.drop_exec(skipped="no zsh")) == 3
    assert code() == 3
    young = examples.drop_exec(oldest_days=1)
    assert (code(young), code(young, strict=True), code(good, strict=True)) == (0, 4, 0)
    assert code(good, examples.drop_exec(skipped="no zsh"), strict=True) == 0
    reference = examples.drop_exec(role=Role.REFERENCE)
    assert (code(reference), code(reference, strict=True)) == (4, 4), "nothing was assessed"
    assert code(good, reference) == 0


def _run() -> object:
    from witnessmark.model.verdicts import RunVerdict

    return RunVerdict(
        run_id="x",
        origin="stand-in",
        started="",
        finished="",
        as_of="",
        tool="",
        bag_sha256="",
        cases=(),
        controls=(),
        hosts=(),
        sources=(),
    )


_RUN = _run()


def test_a_case_of_both_branches_needs_both_to_fire() -> None:
    case = examples.drop_exec()
    expect = replace(case.case.scenario.expect, branch="AB")
    case = replace(
        case, case=replace(case.case, scenario=replace(case.case.scenario, expect=expect))
    )
    only_b = case.detections
    both = (*only_b, replace(only_b[0], branch=Branch.A))
    unsure = (*only_b, replace(only_b[0], branch=Branch.A, answer=Answer.UNDETERMINED))
    assert answered(replace(case, detections=both)).answer is Answer.FIRED
    assert answered(replace(case, detections=only_b)).answer is Answer.SILENT
    assert answered(replace(case, detections=unsure)).answer is Answer.UNDETERMINED


def with_offset(case: CaseEvidence, offset: float | None) -> CaseEvidence:
    return replace(case, facts=replace(case.facts, clock_offset_s=offset))


@pytest.mark.parametrize("offset", [300.0, -300.0, None])
def test_whether_in_time_is_inconclusive_where_the_clock_cannot_be_trusted(
    offset: float | None,
) -> None:
    case = with_offset(examples.drop_exec(received_after_s=0.1), offset)
    shift = int((offset or 0.0) * examples.SECOND)
    assert case.stream is not None
    moved = tuple(replace(item, time_ns=item.time_ns + shift) for item in case.stream.events)
    found = case.detections[0]
    found = replace(found, exec=replace(found.exec, time_ns=found.exec.time_ns + shift))
    case = replace(case, stream=replace(case.stream, events=moved), detections=(found,))
    assert verdict_of(case) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("received", [None, examples.T0 - 100 * examples.SECOND])
def test_an_alert_that_nobody_knows_the_time_of_is_not_in_time(received: int | None) -> None:
    case = examples.drop_exec()
    found = replace(case.detections[0], received_ns=received)
    assert verdict_of(replace(case, detections=(found,))) is Verdict.INCONCLUSIVE


def gap_case(**changes: object) -> CaseEvidence:
    return examples.drop_exec(expect=ExpectedAnswer.GAP, **changes)


def test_a_gap_is_as_documented_only_if_somebody_could_look() -> None:
    assert verdict_of(gap_case(detected=False)) is Verdict.GAP
    assert verdict_of(gap_case(detected=False, controls=False)) is Verdict.INCONCLUSIVE
    hole = gap(INSIDE, INSIDE)
    assert verdict_of(gap_case(detected=False, coverage=hole)) is Verdict.INCONCLUSIVE
    case = gap_case()
    unsure = replace(case.detections[0], answer=Answer.UNDETERMINED)
    assert verdict_of(replace(case, detections=(unsure,))) is Verdict.GAP


def test_an_alert_with_our_mark_on_something_else_is_not_silence() -> None:
    case = silent()
    base = examples.drop_exec().detections[0]
    noisy = replace(base, exec=replace(base.exec, pid=9, script=f"/x/noisy-{examples.MARK}.sh"))
    result = judge_case(replace(case, detections=(noisy,)), validators())
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "which has its mark" in " ".join(item.message for item in result.findings)
    assert len(result.related) == 1
    fires = judge_case(replace(examples.drop_exec(), detections=(noisy,)), validators())
    assert fires.verdict is Verdict.MISSED


def suppressed(reason: str | None, expect: ExpectedAnswer, workflow: str = "known") -> CaseEvidence:
    case = examples.drop_exec(expect=expect)
    found = replace(case.detections[0], answer=Answer.SUPPRESSED, workflow="known", reason=reason)
    asked = replace(case.case.scenario.expect, branch="B", workflow=workflow)
    scenario = replace(case.case.scenario, expect=asked)
    return replace(case, case=replace(case.case, scenario=scenario), detections=(found,))


@pytest.mark.parametrize(
    ("reason", "expect", "verdict"),
    [
        (None, ExpectedAnswer.SUPPRESSED, Verdict.SUPPRESSED),
        (UNVERIFIED, ExpectedAnswer.SUPPRESSED, Verdict.INCONCLUSIVE),
        (UNVERIFIED, ExpectedAnswer.FIRES, Verdict.MISSED_SUPPRESSED),
        (UNVERIFIED, ExpectedAnswer.SILENT, Verdict.FALSE_ALARM_SUPPRESSED),
    ],
)
def test_what_a_path_alone_suppresses_is_never_suppressed_as_documented(
    reason: str | None, expect: ExpectedAnswer, verdict: Verdict
) -> None:
    case = suppressed(reason, expect)
    assert verdict_of(case) is verdict
    if verdict is Verdict.INCONCLUSIVE:
        got = answered(case)
        assert (got.answer, got.proven) == (Answer.UNDETERMINED, False)
        assert got.reason == f"workflow known would suppress it, {UNVERIFIED}"


def test_another_workflow_than_the_expected_one_is_a_false_alarm() -> None:
    assert verdict_of(suppressed(None, ExpectedAnswer.SUPPRESSED, "other")) is Verdict.FALSE_ALARM


@pytest.mark.parametrize(("raised", "verdict"), [(1, Verdict.DETECTED), (2, Verdict.DETECTED)])
def test_too_many_alerts_break_the_case_though_it_is_detected(
    raised: int, verdict: Verdict
) -> None:
    case = examples.drop_exec()
    expect = replace(case.case.scenario.expect, alerts=1)
    scenario = replace(case.case.scenario, expect=expect)
    one = case.detections[0]
    more = tuple(replace(one, exec=replace(one.exec, seq=9 + n)) for n in range(raised - 1))
    case = replace(case, case=replace(case.case, scenario=scenario), detections=(one, *more))
    result = judge_case(case, validators())
    assert result.verdict is verdict
    assert result.ok is (raised == 1)
    counted = [item for item in result.findings if "alerts name this case" in item.message]
    assert [item.message for item in counted] == [f"{raised} alerts name this case, 1 should"]
    nobody = replace(case.case.scenario.expect, alerts=None)
    case = replace(case, case=replace(case.case, scenario=replace(scenario, expect=nobody)))
    assert judge_case(case, validators()).ok


def test_an_alert_with_our_mark_in_setup_is_related_and_breaks_no_silence() -> None:
    base = examples.drop_exec().detections[0]
    ran = replace(
        base.exec, pid=9, script=f"/x/noisy-{examples.MARK}.sh", time_ns=examples.T0 - 900 * 10**9
    )
    result = judge_case(replace(silent(), detections=(replace(base, exec=ran),)), validators())
    assert (result.verdict, len(result.related)) == (Verdict.SILENT, 1)


def quiet_copy(after_s: float | None) -> CaseEvidence:
    """Nothing fired over what was delivered so many seconds after it was written."""
    case = delivered(after_s=after_s or 0.5)
    assert case.arrived is not None
    assert case.arrived.stream is not None
    stream = case.arrived.stream
    if after_s is None:
        events = tuple(replace(item, received_ns=None) for item in stream.events)
        stream = replace(stream, events=events)
    other = replace(stream.events[0].process, token=Token(pid=9, pidversion=9))
    outside = replace(
        stream.events[0], time_ns=OUTSIDE, received_ns=None, file=FileRef(path="/x"), process=other
    )
    stream = replace(stream, events=(*stream.events, outside))
    arrived = replace(case.arrived, detections=(), stream=stream)
    return replace(case, case=silent().case, detections=(), arrived=arrived)


@pytest.mark.parametrize(
    ("after_s", "why"),
    [
        (119.0, None),
        (121.0, "was delivered after 121.0 s, and the analytic waits for late records 120 s"),
        (None, "was delivered at a time that nobody knows"),
    ],
)
def test_silence_over_records_for_which_no_analytic_would_have_waited_proves_nothing(
    after_s: float | None, why: str | None
) -> None:
    found = answered(quiet_copy(after_s).analysed)
    assert found.answer is (Answer.SILENT if why is None else Answer.UNDETERMINED)
    assert (why or "") in found.reason
    assert found.proven is (why is None)
