"""An organisation's own alerts: what counts, what is only shown, and when silence is earned."""

from dataclasses import replace

import pytest

from witnessmark.judge import naming
from witnessmark.judge.alert_examples import EXEC_NS, RULE, alert, alerted
from witnessmark.judge.alerted import answered, in_time
from witnessmark.judge.api import CaseEvidence
from witnessmark.judge.examples import HOST, MARK, PATH, SECOND, T0
from witnessmark.judge.naming import Tie
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.alerts import Alerting, AlertRun, AlertStream
from witnessmark.model.detections import Answer
from witnessmark.model.events import BadLine
from witnessmark.model.hosts import ALERTS_ONLY
from witnessmark.model.run import Step
from witnessmark.model.scenario import ExpectedAnswer, Phase
from witnessmark.model.verdicts import CaseVerdict, Fault, Status, Verdict

SILENT = ExpectedAnswer.SILENT
TOLD = Alerting(kind="ndjson", rules=((RULE, "AB"),), path="alerts.ndjson")


def judged(case: CaseEvidence) -> CaseVerdict:
    return judge_case(case, validators())


def test_an_alert_that_names_the_process_in_time_is_the_detection() -> None:
    found = judged(alerted(alert()))
    assert (found.verdict, found.ok, found.assessed) == (Verdict.DETECTED, True, True)
    assert found.latency_s == pytest.approx(3.0)
    assert (found.reference, found.blame) == ("fires", None)
    assert any(item.evidence == "example/eslogger.alerts/1" for item in found.timeline)


def test_the_engine_alone_earns_nothing_where_alerts_are_declared() -> None:
    found = judged(alerted())
    assert (found.verdict, found.ok) == (Verdict.MISSED, False)
    assert found.blame is not None
    assert (found.blame.fault, found.blame.rules) == (Fault.RULE, ("B1", "B3", "B5"))


def test_a_late_alert_is_its_own_verdict() -> None:
    found = judged(alerted(alert(after_s=200.0)))
    assert (found.verdict, found.ok) == (Verdict.DETECTED_LATE, False)
    assert found.blame is not None
    assert "came late" in found.blame.reason


def test_its_own_deadline_and_not_the_engine_s_makes_it_late() -> None:
    told = replace(TOLD, deadline_s=2.0)
    case = replace(alerted(alert(), told=told), deadline_s=2.0)
    assert judged(case).verdict is Verdict.DETECTED_LATE


def test_a_missing_telemetry_field_is_not_their_rule_s_fault() -> None:
    found = judged(alerted(detected=False))
    assert found.verdict is Verdict.MISSED
    assert found.blame is not None
    assert found.blame.fault is Fault.TELEMETRY


@pytest.mark.parametrize(
    "other",
    [
        alert(rule="another rule"),
        alert(pid=999, path="/bin/chmod", script=None),
        alert(time_ns=EXEC_NS - 100 * SECOND, script=None),
        alert(time_ns=EXEC_NS + 100 * SECOND, script=None),
        replace(alert(), runs=(AlertRun(path="/bin/sh", args=("sh", PATH), time_ns=EXEC_NS),)),
    ],
    ids=["rule", "process", "before", "after", "argument"],
)
def test_what_only_carries_the_mark_is_shown_and_never_counted(other: object) -> None:
    case = alerted(other)  # type: ignore[arg-type]
    found = judged(case)
    assert (found.verdict, found.ok) == (Verdict.MISSED, False)
    assert len(found.related) == 1


def test_an_alert_on_setup_or_cleanup_is_shown_and_never_counted() -> None:
    case = alerted(alert(pid=77, path="/bin/sh", script=None, time_ns=EXEC_NS))
    steps = (Step(step="exec", path="/x", to=None, pid=77, ppid=1, status=0),)
    phases = tuple(
        replace(item, steps=steps) if item.phase is Phase.SETUP else item
        for item in case.act.phases
    )
    case = replace(case, act=replace(case.act, phases=phases))
    found = judged(case)
    assert found.verdict is Verdict.MISSED
    assert "setup" in found.related[0]


def test_an_alert_on_another_host_with_the_same_pid_is_not_ours() -> None:
    other = alert(host="mac2", script=None, text="")
    found = judged(alerted(other, expect=SILENT, detected=False))
    assert (found.verdict, found.ok) == (Verdict.SILENT, True)
    assert naming.tie(alerted(other), other) is Tie.NONE


@pytest.mark.parametrize(
    "named",
    [
        {"path": "/bin/sh", "script": "/Users/purple/Downloads/somebody-elses.sh"},
        {"path": "/Users/purple/Downloads/somebody-elses", "script": None},
    ],
)
def test_a_pid_that_another_file_ran_under_proves_neither_an_alert_nor_silence(
    named: dict[str, str | None],
) -> None:
    other = alert(text="", **named)  # type: ignore[arg-type]
    other = replace(other, runs=tuple(replace(item, args=("sh",)) for item in other.runs))
    for expect in (ExpectedAnswer.FIRES, SILENT):
        found = judged(alerted(other, expect=expect))
        assert found.verdict is Verdict.INCONCLUSIVE, found.findings
        assert not found.ok


def test_the_path_with_the_mark_is_enough_without_a_time_or_host() -> None:
    assert judged(alerted(alert(pid=None, host=None, time_ns=None))).verdict is Verdict.DETECTED


@pytest.mark.parametrize("host", [None, HOST])
def test_a_pid_without_a_time_proves_neither_an_alert_nor_silence(host: str | None) -> None:
    vague = alert(script=None, path="/bin/sh", time_ns=None, host=host, text="")
    for expect in (ExpectedAnswer.FIRES, SILENT):
        found = judged(alerted(vague, expect=expect))
        assert found.verdict is Verdict.INCONCLUSIVE


def test_an_alert_without_a_host_counts_where_no_other_host_s_lie() -> None:
    nameless = alert(script=None, host=None)
    assert judged(alerted(nameless)).verdict is Verdict.INCONCLUSIVE
    assert judged(alerted(nameless, told=replace(TOLD, own=True))).verdict is Verdict.DETECTED


def test_an_alert_on_what_should_stay_silent_is_a_false_alarm() -> None:
    found = judged(alerted(alert(), expect=SILENT, detected=False))
    assert (found.verdict, found.ok) == (Verdict.FALSE_ALARM, False)
    assert found.blame is not None
    assert found.blame.fault is Fault.RULE


def test_a_false_alarm_stays_one_however_late() -> None:
    late = alert(after_s=999.0)
    assert judged(alerted(late, expect=SILENT, detected=False)).verdict is Verdict.FALSE_ALARM


BAD = (BadLine(line=3, reason="no JSON"), EXEC_NS)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (alerted(controls=False, expect=SILENT), "raised no alert"),
        (alerted(looked_s=60.0, expect=SILENT), "until their deadline had passed"),
        (alerted(problem="alerts.ndjson shrank", expect=SILENT), "shrank"),
        (alerted(intact=False, expect=SILENT), "rewritten"),
        (alerted(stream=AlertStream(bad=(BAD,)), expect=SILENT), "cannot be read"),
        (alerted(replace(alert(text=""), runs=()), expect=SILENT), "names no process"),
        (
            alerted(alert(pid=5, script=None, path="/x", count=9, text=""), expect=SILENT),
            "stands for 9 findings and names 1",
        ),
        (alerted(alert(pid=999, path="/bin/chmod", script=None), expect=SILENT), "has its mark"),
        (
            alerted(
                *(alert(pid=n, script=None, path="/x", line=n, text="") for n in (1, 2, 3)),
                told=replace(TOLD, throttle=3),
                expect=SILENT,
            ),
            "swallows",
        ),
        (replace(alerted(expect=SILENT), alerted=None), "not collected"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_silence_that_was_not_earned_is_inconclusive(case: CaseEvidence, why: str) -> None:
    found = judged(case)
    assert (found.verdict, found.ok) == (Verdict.INCONCLUSIVE, False)
    assert any(why in item.message for item in found.findings), found.findings
    missed = replace(case, case=alerted().case)
    if why != "has its mark":
        assert judged(missed).verdict is Verdict.INCONCLUSIVE


def test_alerts_below_the_throttle_swallow_nothing() -> None:
    others = [alert(pid=n, script=None, path="/x", line=n, text="") for n in (1, 2)]
    case = alerted(*others, told=replace(TOLD, throttle=3), expect=SILENT, detected=False)
    assert judged(case).verdict is Verdict.SILENT


def test_an_alert_on_cleanup_with_the_mark_is_no_noise_in_the_attack() -> None:
    elsewhere = alert(pid=77, path="/bin/rm", script=None, time_ns=EXEC_NS + 4 * SECOND)
    case = alerted(elsewhere, expect=SILENT, detected=False)
    steps = (Step(step="exec", path="/x", to=None, pid=77, ppid=1, status=0),)
    phases = tuple(
        replace(item, steps=steps) if item.phase is Phase.CLEANUP else item
        for item in case.act.phases
    )
    case = replace(case, act=replace(case.act, phases=phases))
    assert naming.tie(case, elsewhere) is Tie.ELSEWHERE
    assert judged(case).verdict is Verdict.SILENT


def test_an_alert_that_came_unseen_may_be_of_any_time() -> None:
    unseen = replace(alert(text=""), runs=(), received_ns=None)
    found = judged(alerted(unseen, expect=SILENT, detected=False))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert any("names no process" in item.message for item in found.findings)


def test_without_an_attack_or_declared_alerts_nothing_is_ours() -> None:
    case = alerted(alert())
    assert case.source is not None
    unplayed = replace(case, act=replace(case.act, phases=()))
    assert naming.tie(case, alert()) is Tie.OURS
    assert naming.tie(unplayed, alert()) is Tie.NONE
    assert naming.of_host(case, alert())
    assert not naming.of_host(replace(case, source=None), alert())
    assert not naming.of_host(replace(case, source=replace(case.source, alerts=None)), alert())


def test_earned_silence_is_silence() -> None:
    found = judged(alerted(expect=SILENT, detected=False))
    assert (found.verdict, found.ok) == (Verdict.SILENT, True)


def test_silence_does_not_tell_what_was_suppressed() -> None:
    got = answered(alerted(expect=ExpectedAnswer.SUPPRESSED))
    assert (got.answer, got.proven) == (Answer.UNDETERMINED, False)


def test_copies_and_merged_alerts_are_said_and_count_once() -> None:
    first = alert(count=4)
    stream = AlertStream(alerts=(first, alert(line=2)), repeated=((first.id, 2),))
    found = judged(alerted(stream=stream))
    assert found.verdict is Verdict.DETECTED
    told = next(item.message for item in found.findings if item.validator == "detected")
    assert "1 more alerts name it" in told
    assert "2 copies of it came" in told
    assert "stands for 4 findings" in told


def test_a_merged_alert_counts_for_each_case_that_it_names() -> None:
    merged = replace(alert(), runs=(AlertRun(pid=1, path="/other"), *alert().runs))
    assert judged(alerted(merged)).verdict is Verdict.DETECTED


def test_a_rule_stands_only_for_the_branch_that_the_inventory_ties_it_to() -> None:
    for_a = replace(TOLD, rules=((RULE, "A"),))
    assert judged(alerted(alert(), told=for_a)).verdict is Verdict.MISSED
    assert not in_time(alerted(alert(), told=for_a), "B")


def test_a_control_counts_only_with_an_alert_in_time() -> None:
    assert in_time(alerted(alert()), "B")
    assert not in_time(alerted(alert(after_s=200.0)), "B")
    assert not in_time(alerted(), "B")
    assert not in_time(alerted(alert(text=MARK, pid=1, script=None, path="/x")), "B")


def test_without_comparable_clocks_the_attack_s_own_bounds_decide() -> None:
    case = alerted(alert())
    lost = replace(case, facts=replace(case.facts, clock_offset_s=None, clock_offset_end_s=None))
    assert judged(lost).verdict is Verdict.DETECTED
    # Received 115 s after the attack's end and 118 s after its beginning; the deadline between.
    between = replace(lost, deadline_s=116.0)
    end = next(item.finished_ns for item in case.act.phases if item.phase is Phase.ATTACK)
    late = replace(alert(), received_ns=end + 115 * SECOND)
    stream = AlertStream(alerts=(late,))
    assert between.alerted is not None
    between = replace(between, alerted=replace(between.alerted, stream=stream))
    assert judged(between).verdict is Verdict.INCONCLUSIVE
    assert end > T0


def test_between_two_looks_at_a_server_nobody_knows_whether_it_was_late() -> None:
    case = alerted(alert(after_s=123.0))
    assert judged(case).verdict is Verdict.DETECTED_LATE
    assert case.alerted is not None
    assert case.alerted.collection is not None
    coarse = replace(case.alerted.collection, grain_ns=5 * SECOND)
    unsure = replace(case, alerted=replace(case.alerted, collection=coarse))
    assert judged(unsure).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("away_s", [-100, 100])
def test_a_time_that_cannot_be_right_makes_silence_inconclusive(away_s: int) -> None:
    wrong = alert(time_ns=EXEC_NS + away_s * SECOND)
    for expect in (ExpectedAnswer.FIRES, SILENT):
        found = judged(alerted(wrong, expect=expect, detected=False))
        assert found.verdict is Verdict.INCONCLUSIVE
        assert len(found.related) == 1


def test_a_clock_that_jumped_makes_silence_inconclusive() -> None:
    case = alerted(expect=SILENT, detected=False)
    jumped = replace(case, facts=replace(case.facts, clock_offset_end_s=50.0))
    assert judged(jumped).verdict is Verdict.INCONCLUSIVE


def only(case: CaseEvidence) -> CaseEvidence:
    """The case of a source that has alerts and no records at all."""
    assert case.source is not None
    bare = replace(case.source, kind=ALERTS_ONLY, path=None, destination=None)
    return replace(case, source=bare, stream=None, collection=None, detections=())


def test_a_source_of_alerts_only_is_judged_for_detected_and_for_nothing_else() -> None:
    found = judged(only(alerted(alert())))
    assert (found.verdict, found.ok, found.assessed) == (Verdict.DETECTED, True, True)
    links = {link.value: status for link, status in found.links}
    assert {name for name, status in links.items() if status is Status.SKIP} == {
        "recorded", "delivered", "retained",
    }  # fmt: skip
    assert found.fields == ()


def test_a_miss_of_a_source_of_alerts_only_is_nobody_s_proved_fault() -> None:
    found = judged(only(alerted()))
    assert (found.verdict, found.ok) == (Verdict.MISSED, False)
    assert found.blame is not None
    assert found.blame.fault is Fault.UNKNOWN


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (alerted(expect=SILENT), Verdict.SILENT),
        (alerted(expect=SILENT, controls=False), Verdict.INCONCLUSIVE),
        (alerted(controls=False), Verdict.INCONCLUSIVE),
        (alerted(alert(), expect=SILENT), Verdict.FALSE_ALARM),
        (replace(alerted(), alerted=None), Verdict.INCONCLUSIVE),
        (alerted(problem="the server is gone"), Verdict.INCONCLUSIVE),
    ],
)
def test_silence_of_alerts_alone_is_earned_as_any(case: CaseEvidence, verdict: Verdict) -> None:
    assert judged(only(case)).verdict is verdict


def test_an_alert_that_nobody_saw_come_is_not_said_to_be_in_time() -> None:
    found = judged(alerted(replace(alert(), received_ns=None)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert any("nobody saw when" in item.message for item in found.findings)
    assert not in_time(alerted(replace(alert(), received_ns=None)), "B")
