"""A whole bag is judged; each test changes one thing of the run and sees the verdict change."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.judge import examples, told
from witnessmark.judge.run import exit_code, judge
from witnessmark.model.hosts import ALERTS_ONLY, Origin, Role
from witnessmark.model.notice import Announced
from witnessmark.model.parts import Absence, Hole
from witnessmark.model.scenario import Expectation, ExpectedAnswer
from witnessmark.model.verdicts import CaseVerdict, Link, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from witnessmark.model.run import Act, RunRecord
    from witnessmark.model.verdicts import RunVerdict

BEFORE, CASE, AFTER = 0, 1, 2
DROP, EXEC, CONTROL_EXEC = 2, 3, 5
"""Lines of the case's drop and exec, and of the exec of the control after it."""
SECOND = examples.SECOND


def only(run: RunVerdict) -> CaseVerdict:
    (case,) = run.cases
    return case


def why(case: CaseVerdict, link: Link) -> str:
    broken = (Status.FAIL, Status.ERROR)
    return next(f.message for f in case.findings if f.link is link and f.status in broken)


def act(number: int, **changes: Any) -> Callable[[RunRecord], RunRecord]:
    """The record with one case's act changed."""

    def change(record: RunRecord) -> RunRecord:
        acts: list[Act] = list(record.acts)
        acts[number] = replace(acts[number], **changes)
        return replace(record, acts=tuple(acts))

    return change


def expecting(answer: ExpectedAnswer) -> Callable[[RunRecord], RunRecord]:
    """The record with another answer expected of the case."""

    def change(record: RunRecord) -> RunRecord:
        cases = list(record.plan.cases)
        scenario = cases[CASE].scenario
        expect = Expectation(answer=answer, branch="none", reason="another")
        cases[CASE] = replace(cases[CASE], scenario=replace(scenario, expect=expect))
        return replace(record, plan=replace(record.plan, cases=tuple(cases)))

    return change


def test_a_whole_run_is_detected_between_controls_that_fired(played: Any) -> None:
    bag = played.seal()
    run = judge(bag)
    case = only(run)
    assert (case.id, case.verdict, case.ok, case.assessed) == (
        "x01-played:mac1",
        Verdict.DETECTED,
        True,
        True,
    )
    assert (case.source, case.answer, case.expect) == ("es", "fired", "fires")
    assert [link for link, status in case.links if status is Status.PASS] == [
        Link.ACTED,
        Link.RECORDED,
        Link.DETECTED,
        Link.RETAINED,
        Link.CLEANED,
    ]
    assert (case.latency_s, case.first_broken_link, case.related) == (1.0, None, ())
    (control,) = run.controls
    assert (control.branch, control.before, control.after) == ("B", True, True)
    assert (run.bag_sha256, run.origin, run.profile, run.window_s) == (bag.digest, "mac", None, 600)
    assert (run.started, run.finished) == ("2027-01-15T08:00:00Z", "2027-01-15T08:02:21Z")
    (source,) = run.sources
    assert source == {
        "name": "es",
        "kind": "eslogger",
        "role": "organisation",
        "answered_by": "the embedded engine",
    }
    exercised, answers, undescribed = run.notes
    assert exercised.startswith("2 of 3 ATT&CK log-source references exercised")
    assert answers.startswith("Source es: no alerts of its own are declared")
    assert undescribed.startswith("This bag does not hold its scenarios' own scenario.yaml")
    assert [row["name"] for row in run.hosts] == ["mac1"]
    assert [item.name for item in run.host_findings if item.status is Status.PASS] == [
        "clock",
        "sensor es",
    ]
    assert exit_code(run) == exit_code(run, strict=True) == 0


def test_the_same_bag_and_moment_give_the_same_verdicts(played: Any) -> None:
    bag = played.seal()
    assert judge(bag) == judge(bag)
    later = judge(bag, bag.record.finished_ns + examples.DAY)
    assert later.as_of == "2027-01-16T08:02:21Z"
    assert replace(later, as_of="") == replace(judge(bag), as_of="")


def test_a_record_that_left_a_hole_is_inconclusive_and_without_one_blind(played: Any) -> None:
    del played.records[EXEC]
    run = judge(played.seal())
    assert only(run).verdict is Verdict.INCONCLUSIVE
    assert "1 records are missing" in why(only(run), Link.RECORDED)
    assert exit_code(run) == 1


def test_a_record_that_left_no_hole_is_not_recorded(played: Any) -> None:
    del played.records[EXEC]
    played.number()
    run = judge(played.seal())
    assert only(run).verdict is Verdict.BLIND
    assert only(run).first_broken_link is Link.RECORDED
    assert "though its controls are there" in why(only(run), Link.RECORDED)
    assert exit_code(run) == 1


def test_silence_is_not_earned_by_a_control_that_did_not_fire(played: Any) -> None:
    del played.records[CONTROL_EXEC], played.records[EXEC]
    played.number()
    run = judge(played.seal())
    assert only(run).verdict is Verdict.INCONCLUSIVE
    (control,) = run.controls
    assert (control.before, control.after) == (True, False)
    assert control.reason in why(only(run), Link.RECORDED)


def test_a_control_that_was_not_played_is_said(played: Any) -> None:
    played.change = act(AFTER, phases=(), skipped="mac1 has no sh")
    (control,) = judge(played.seal()).controls
    assert (control.before, control.after) == (True, None)
    assert control.reason.endswith("was not played after the cases")


def test_the_analytic_is_asked_of_what_was_delivered(played: Any) -> None:
    played.delivers()
    run = judge(played.seal())
    assert (only(run).verdict, dict(only(run).links)[Link.DELIVERED]) == (
        Verdict.DETECTED,
        Status.PASS,
    )


def test_a_record_that_never_arrived_is_lost_in_delivery(played: Any) -> None:
    played.delivers()
    del played.arrived[EXEC]
    run = judge(played.seal())
    assert only(run).verdict is Verdict.LOST
    assert (only(run).first_broken_link, exit_code(run)) == (Link.DELIVERED, 1)
    assert "recorded but never arrived" in why(only(run), Link.DELIVERED)


def test_a_delivery_whose_controls_never_arrived_says_nothing_of_the_case(played: Any) -> None:
    played.delivers()
    del played.arrived[CONTROL_EXEC], played.arrived[EXEC]
    run = judge(played.seal())
    assert only(run).verdict is Verdict.INCONCLUSIVE
    assert "did not fire after" in why(only(run), Link.DELIVERED)


def test_a_case_with_a_delivery_that_nobody_collected_is_inconclusive(played: Any) -> None:
    played.delivers()
    played.change = lambda record: replace(record, deliveries=())
    run = judge(played.seal())
    assert only(run).verdict is Verdict.INCONCLUSIVE
    assert "was not collected" in why(only(run), Link.DELIVERED)


def test_a_reference_fires_and_earns_no_verdict(played: Any) -> None:
    played.source = replace(played.source, role=Role.REFERENCE)
    run = judge(played.seal())
    case = only(run)
    assert (case.verdict, case.reference, case.assessed) == (
        Verdict.NOT_ASSESSED,
        "fires",
        False,
    )
    assert exit_code(run) == 4


def test_an_organisations_store_without_an_analytic_is_answered_by_nobody(played: Any) -> None:
    played.source = replace(played.source, analytic=None)
    run = judge(played.seal())
    assert only(run).verdict is Verdict.NOT_ASSESSED
    assert run.sources[0]["answered_by"] == "nobody"
    assert not any(note.startswith("Source es") for note in run.notes)


def test_a_reference_that_is_silent_says_so(played: Any) -> None:
    played.source = replace(played.source, role=Role.REFERENCE)
    del played.records[EXEC]
    played.number()
    run = judge(played.seal())
    assert (only(run).verdict, only(run).reference) == (Verdict.BLIND, "silent")


def test_a_reference_whose_link_is_broken_is_not_as_it_should_be(played: Any) -> None:
    played.source = replace(played.source, role=Role.REFERENCE)
    played.head = None
    run = judge(played.seal())
    assert (only(run).verdict, only(run).first_broken_link) == (
        Verdict.NOT_ASSESSED,
        Link.RETAINED,
    )
    assert exit_code(run) == 1


def test_a_host_without_a_source_is_asked_nothing(played: Any) -> None:
    def change(record: RunRecord) -> RunRecord:
        hosts = tuple(replace(host, sources=()) for host in record.plan.hosts)
        return replace(record, plan=replace(record.plan, hosts=hosts), collections=())

    played.change = change
    run = judge(played.seal())
    case = only(run)
    assert (case.source, case.answer, case.reference) == (None, "not asked", None)
    assert (case.verdict, case.assessed, run.controls, run.sources) == (
        Verdict.NOT_ASSESSED,
        False,
        (),
        (),
    )
    assert exit_code(run) == 4


@pytest.mark.parametrize(
    ("changes", "verdict", "code"),
    [
        ({"skipped": "mac1 has no zsh", "phases": ()}, Verdict.NOT_APPLICABLE, 3),
        ({"error": "mac1: the connection was lost"}, Verdict.INCONCLUSIVE, 3),
        ({"witnesses": ()}, Verdict.NOT_EXECUTED, 1),
    ],
    ids=["skipped", "error", "no-witness"],
)
def test_what_was_not_acted_is_never_judged_from_records(
    played: Any, changes: dict[str, Any], verdict: Verdict, code: int
) -> None:
    played.change = act(CASE, **changes)
    run = judge(played.seal())
    assert (only(run).verdict, exit_code(run)) == (verdict, code)


def test_an_alert_where_silence_was_expected_is_a_false_alarm(played: Any) -> None:
    played.change = expecting(ExpectedAnswer.SILENT)
    run = judge(played.seal())
    assert (only(run).verdict, only(run).ok, exit_code(run)) == (Verdict.FALSE_ALARM, False, 1)


def test_another_alert_with_the_mark_is_told_beside_the_case(played: Any) -> None:
    other = replace(played.rounds[CASE], number=7)
    base = played.rounds[CASE]

    class Marked(type(base)):  # type: ignore[misc]
        path = f"/Users/purple/Downloads/{base.mark}-copy.sh"
        start_ns = base.start_ns

    played.records[EXEC + 1 : EXEC + 1] = Marked(number=other.number).records()
    played.number()
    run = judge(played.seal())
    assert only(run).related == (
        f"branch B fired on /Users/purple/Downloads/{base.mark}-copy.sh (pid {other.payload})",
    )


def test_the_window_is_that_of_the_profile_in_use_and_near_misses_are_told(played: Any) -> None:
    begin = played.rounds[CASE].start_ns
    played.move(DROP, begin + 5 * SECOND // 2)
    played.move(EXEC, begin + 8 * SECOND)

    def demo(record: RunRecord) -> RunRecord:
        return replace(
            record, plan=replace(record.plan, profile="demo", window_s=4, late_arrival_s=5)
        )

    played.change = demo
    run = judge(played.seal())
    assert (only(run).verdict, run.profile, run.window_s) == (Verdict.MISSED, "demo", 4)
    (miss,) = only(run).near_misses
    assert miss.startswith("B5: ")
    assert "5.5 s" in miss


def test_what_a_reader_must_know_first_stands_in_the_notes(played: Any) -> None:
    hour = 3600 * examples.SECOND
    notice = b"witnessmark: to the SOC"
    told = Announced(
        sha256=hashlib.sha256(notice).hexdigest(),
        signer="soc@example.org",
        key="ssh-ed25519 SHA256:x",
        begins_ns=examples.T0,
        ends_ns=examples.T0 + hour,
    )
    gone = Absence(since_ns=examples.T0 + hour, until_ns=examples.T0 + 2 * hour)

    def change(record: RunRecord) -> RunRecord:
        (collection,) = record.collections
        hole = Hole(part=1, offset=0, lost=False)
        return replace(
            record,
            plan=replace(record.plan, notice=told),
            absences=(gone,),
            faults=("the exec is lost",),
            collections=(replace(collection, holes=(hole,)),),
        )

    played.change = change
    played.content["notice"] = {"notice.yaml": notice}
    played.host = replace(played.host, origin=Origin.STAND_IN)
    run = judge(played.seal())
    assert (run.origin, run.notice_sha256) == ("stand-in", told.sha256)
    (origin,) = (note for note in run.notes if note.startswith("Origin"))
    (resumed,) = (note for note in run.notes if note.startswith("Resumed"))
    (announced,) = (note for note in run.notes if note.startswith("Announced"))
    injected = run.notes[-1]
    assert "proves the suite, not your coverage" in origin
    assert "gone from 2027-01-15T09:00:00Z to 2027-01-15T10:00:00Z" in resumed
    assert f"notice {told.sha256}, signed by soc@example.org (ssh-ed25519 SHA256:x)" in announced
    assert "for 2027-01-15T08:00:00Z to 2027-01-15T09:00:00Z" in announced
    assert injected == "Injected on purpose: the exec is lost"


def test_nothing_played_exercises_no_log_source(played: Any) -> None:
    def change(record: RunRecord) -> RunRecord:
        nothing = [replace(item, phases=(), skipped="no sh") for item in record.acts]
        return replace(record, acts=tuple(nothing))

    played.change = change
    run = judge(played.seal())
    assert run.notes[0].startswith("0 of 3")
    assert exit_code(run) == 3


def test_controls_are_told_where_something_could_fire_them(played: Any) -> None:
    played.source = replace(played.source, kind="unifiedlog")
    assert judge(played.seal()).controls == (), "no record of this kind could ever tell of one"


def test_alerts_are_controlled_whatever_the_records_can_tell(played: Any) -> None:
    played.alarms()
    played.source = replace(played.source, kind="unifiedlog")
    (control,) = judge(played.seal()).controls
    assert (control.before, control.after) == (True, True)


def test_a_source_of_alerts_only_is_judged_from_its_bag(played: Any) -> None:
    played.alarms()
    played.source = replace(played.source, kind=ALERTS_ONLY, path=None, analytic=None)
    played.change = lambda record: replace(record, collections=())
    run = judge(played.seal())
    assert only(run).verdict is Verdict.DETECTED
    (control,) = run.controls
    assert (control.before, control.after) == (True, True)
    assert run.quality == (), "of records that do not exist there is no quality"
    assert any("nor whose fault a miss is" in note for note in run.notes)


def test_a_bag_that_describes_its_scenarios_needs_no_such_note(played: Any) -> None:
    bag = played.seal()
    assert any("does not hold its scenarios' own" in item for item in told.notes(bag))
    kept = "data/content/scenarios/drop-exec/x01-played/scenario.yaml"
    whole = replace(bag, names=bag.names | {kept})
    assert not any("does not hold its scenarios' own" in item for item in told.notes(whole))
