"""Times that cannot be trusted decide nothing: neither for a case nor against it."""

from dataclasses import replace

import pytest

from witnessmark.judge import clock, examples, match
from witnessmark.judge.answer import answered
from witnessmark.judge.api import CaseEvidence
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.detections import Answer
from witnessmark.model.events import FileRef, Kind, Token
from witnessmark.model.run import Act, HostFacts
from witnessmark.model.scenario import ExpectedAnswer, Phase
from witnessmark.model.verdicts import Link, Status, Verdict

SHIFTS = [-300, 300, -20, 20]


def shifted(seconds: float, *kinds: Kind, **changes: object) -> CaseEvidence:
    """The example whose sensor writes times that are not its host's."""
    case = examples.drop_exec(**changes)
    assert case.stream is not None
    off = int(seconds * examples.SECOND)
    wanted = kinds or tuple(Kind)
    events = tuple(
        replace(item, time_ns=item.time_ns + off) if item.kind in wanted else item
        for item in case.stream.events
    )
    found = tuple(
        replace(item, exec=replace(item.exec, time_ns=item.exec.time_ns + off))
        for item in case.detections
    )
    return replace(case, stream=replace(case.stream, events=events), detections=found)


def measured(case: CaseEvidence, start: float | None, end: float | None) -> CaseEvidence:
    facts = replace(case.facts, clock_offset_s=start, clock_offset_end_s=end)
    return replace(case, facts=facts)


@pytest.mark.parametrize("seconds", SHIFTS)
@pytest.mark.parametrize("expect", [ExpectedAnswer.FIRES, ExpectedAnswer.SILENT])
def test_a_sensor_with_shifted_times_is_inconclusive_never_blind_or_silent(
    seconds: int, expect: ExpectedAnswer
) -> None:
    case = shifted(seconds, expect=expect)
    result = judge_case(case, validators())
    assert result.verdict is Verdict.INCONCLUSIVE
    assert dict(result.links)[Link.RECORDED] is Status.ERROR
    assert "cannot be trusted" in next(
        item.message for item in result.findings if "proves" in item.message
    )
    assert result.latency_s is None


@pytest.mark.parametrize("kind", [Kind.EXEC, Kind.CLOSE])
def test_one_record_outside_is_enough(kind: Kind) -> None:
    case = shifted(-300, kind, detected=False)
    assert clock.unplaced(case) is not None
    assert judge_case(case, validators()).verdict is Verdict.INCONCLUSIVE


def test_a_silent_answer_needs_times_that_are_right() -> None:
    case = shifted(-300, Kind.EXEC, expect=ExpectedAnswer.SILENT)
    got = answered(case)
    assert (got.answer, got.proven) == (Answer.UNDETERMINED, False)


def test_what_is_not_this_cases_own_accuses_no_clock() -> None:
    case = shifted(-300)
    assert case.stream is not None
    stranger = tuple(
        replace(
            item,
            file=FileRef(path="/Users/purple/Downloads/other") if item.file else None,
            target=replace(item.target, token=Token(pid=999, pidversion=1))
            if item.target
            else None,
        )
        for item in case.stream.events
    )
    case = replace(case, stream=replace(case.stream, events=stranger), detections=())
    assert clock.unplaced(case) is None
    assert judge_case(case, validators()).verdict is Verdict.BLIND


def test_setup_and_cleanup_may_write_the_same_file() -> None:
    case = examples.drop_exec()
    assert case.stream is not None
    drop = case.stream.events[0]
    for phase in (Phase.SETUP, Phase.CLEANUP):
        ran = case.act.phase(phase)
        assert ran is not None
        token = replace(drop.process.token, pid=7_000)
        other = replace(drop.process, token=token, ppid=6_999)
        again = replace(drop, id="again", time_ns=ran.started_ns, process=other)
        both = replace(case.stream, events=(*case.stream.events, again))
        assert clock.unplaced(replace(case, stream=both)) is None


def test_without_an_attack_nothing_lies_outside_it() -> None:
    case = examples.drop_exec()
    phases = tuple(item for item in case.act.phases if item.phase is not Phase.ATTACK)
    assert clock.unplaced(replace(case, act=replace(case.act, phases=phases))) is None
    assert clock.unplaced(replace(case, stream=None)) is None


@pytest.mark.parametrize(
    ("start", "end", "troubled", "unplaced"),
    [
        (0.0, 0.0, False, False),
        (-2.0, -1.0, False, False),
        (1.9, 2.5, True, False),  # its end is too far off, and nobody knows since when
        (1.9, 2.0, False, False),
        (2.5, 2.5, True, False),  # known and constant: the window follows it
        (None, None, True, False),
        (0.0, None, False, False),
        (0.0, -300.0, True, True),
        (-1.5, 1.5, True, True),
        (0.0, 2.0, False, False),
    ],
)
def test_an_offset_that_is_large_or_changed_or_unknown_is_trouble(
    start: float | None, end: float | None, troubled: bool, unplaced: bool
) -> None:
    case = measured(shifted(start or 0.0), start, end)
    assert (clock.trouble(case) is not None) is troubled
    assert (clock.unplaced(case) is not None) is unplaced


def test_a_constant_offset_moves_the_window_and_loses_nothing() -> None:
    case = measured(shifted(-300, expect=ExpectedAnswer.SILENT, detected=False), -300.0, -300.0)
    assert clock.unplaced(case) is None
    result = judge_case(case, validators())
    assert result.verdict is Verdict.SILENT
    missed = measured(shifted(-300, detected=False), -300.0, -300.0)
    assert judge_case(missed, validators()).verdict is Verdict.MISSED


def test_a_jump_makes_absence_silence_lateness_and_age_inconclusive() -> None:
    jumped = [
        measured(examples.drop_exec(**changes), 0.0, 60.0)
        for changes in (
            {"without": "exec"},
            {"detected": False, "expect": ExpectedAnswer.SILENT},
            {"received_after_s": 900.0},
            {},
        )
    ]
    for case in jumped:
        result = judge_case(case, validators())
        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.latency_s is None
        assert dict(result.links)[Link.RETAINED] is Status.ERROR


@pytest.mark.parametrize(
    ("start", "end", "unsure", "troubled", "unplaced"),
    [
        (1.9, 1.9, 0.1, None, None),
        (1.9, 1.9, 0.11, "may be off by 2.01 s", None),
        (-1.9, -1.8, 0.11, "may be off by 2.01 s", None),
        (2.2, 2.2, 0.11, "is off by 2.2 s", None),
        (0.0, 1.0, 0.5, None, None),
        (-0.5, 0.7, 0.5, "may have jumped by up to 2.2 s", "may have jumped by up to 2.2 s"),
        (-1.5, 1.4, 0.4, "jumped by 2.9 s", "jumped by 2.9 s"),
        (0.0, 0.0, 1.01, "may have jumped by up to 2.02 s", "may have jumped by up to 2.02 s"),
        (0.0, None, 1.9, None, None),
        (0.0, None, 2.1, "may be off by 2.1 s", None),
        (0.5, 0.5, None, None, None),  # an older run: whole seconds
        (1.1, 1.1, None, "may be off by 2.1 s", None),
    ],
)
def test_what_the_measurement_cannot_tell_counts_against_the_clock(
    start: float,
    end: float | None,
    unsure: float | None,
    troubled: str | None,
    unplaced: str | None,
) -> None:
    case = measured(shifted(start or 0.0), start, end)
    case = replace(case, facts=replace(case.facts, clock_uncertainty_s=unsure))
    for said, wanted in ((clock.trouble(case), troubled), (clock.unplaced(case), unplaced)):
        assert (said is None) if wanted is None else (wanted in (said or "")), said


@pytest.mark.parametrize(
    ("offset", "unsure", "received_after_s", "verdict"),
    [
        (0.0, 0.0, 120.0, Verdict.DETECTED),
        (0.0, 0.0, 120.01, Verdict.DETECTED_LATE),
        (1.5, 0.0, 118.5, Verdict.DETECTED),  # its clock is ahead: 118.5 s seem to be 120
        (1.5, 0.0, 118.6, Verdict.DETECTED_LATE),
        (-1.5, 0.0, 121.5, Verdict.DETECTED),
        (-1.5, 0.0, 121.6, Verdict.DETECTED_LATE),
        (0.0, 0.2, 119.7, Verdict.DETECTED),
        (0.0, 0.2, 119.9, Verdict.INCONCLUSIVE),
        (0.0, 0.2, 120.1, Verdict.INCONCLUSIVE),
        (0.0, 0.2, 120.3, Verdict.DETECTED_LATE),
        (1.9, 0.2, 60.0, Verdict.INCONCLUSIVE),
        (1.7, 0.2, 60.0, Verdict.DETECTED),
    ],
)
def test_a_deadline_between_what_two_clocks_leave_open_is_inconclusive_never_wrong(
    offset: float, unsure: float, received_after_s: float, verdict: Verdict
) -> None:
    case = measured(examples.drop_exec(received_after_s=received_after_s), offset, offset)
    case = replace(case, facts=replace(case.facts, clock_uncertainty_s=unsure))
    assert judge_case(case, validators()).verdict is verdict


def test_a_latency_is_told_on_one_clock_where_the_clocks_are_known_to_be_apart() -> None:
    case = measured(examples.drop_exec(received_after_s=1.0), 0.5, 0.5)
    assert judge_case(case, validators()).latency_s == 1.5
    vague = replace(case, facts=replace(case.facts, clock_uncertainty_s=0.6))
    assert judge_case(vague, validators()).latency_s == 1.0


def test_a_stores_age_counts_only_as_far_as_the_clocks_can_tell() -> None:
    barely = examples.drop_exec(oldest_days=30.0 - 29.0 / 86_400)  # looked at 30 s after T0
    assert dict(judge_case(barely, validators()).links)[Link.RETAINED] is Status.PASS
    ahead = measured(barely, -1.5, -1.5)
    assert dict(judge_case(ahead, validators()).links)[Link.RETAINED] is Status.PENDING


def test_the_tolerance_is_the_analytics() -> None:
    case = measured(examples.drop_exec(), 5.0, 5.0)
    assert clock.trouble(replace(case, clock_tolerance_s=6.0)) is None
    assert clock.trouble(replace(case, clock_tolerance_s=4.0)) is not None


@pytest.mark.parametrize(
    ("part", "expected"),
    [(0, (0.0, 70.0)), (1, (70.0, 71.0)), (2, (9.0, 71.0))],
)
def test_a_part_of_a_resumed_run_ends_where_the_next_was_measured(
    part: int, expected: tuple[float, float]
) -> None:
    facts = HostFacts(
        name="h", origin="mac", clock_offset_s=9.0, clock_offset_end_s=71.0, offsets_s=(0.0, 70.0)
    )
    got = clock.as_measured(facts, Act(case_id="x", part=part))
    assert (got.clock_offset_s, got.clock_offset_end_s) == expected


def test_window_follows_the_tolerance() -> None:
    case = examples.drop_exec()
    first, last = match.window(case)
    wide = match.window(replace(case, clock_tolerance_s=12.0))
    assert wide == (first - 10 * examples.SECOND, last + 10 * examples.SECOND)
