"""What the bag holds of a source or of its destination, decoded and run through the analytic."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.analytic.baseline import UNVERIFIED
from witnessmark.judge import examples
from witnessmark.judge.evidence import assemble, parameters
from witnessmark.judge.run import judge
from witnessmark.judge.seen import Seen, documented, look
from witnessmark.model.detections import Answer
from witnessmark.model.parts import Absence, Hole
from witnessmark.model.verdicts import Fault, Link, Status, Verdict

if TYPE_CHECKING:
    from witnessmark.bag.read import Bag
    from witnessmark.model.run import RunRecord

SECOND = examples.SECOND
CASE, DROP, EXEC = 1, 2, 3
SCRIPT = hashlib.sha256(b"#!/bin/sh\n").hexdigest()
WORKFLOW = f"""\
id: lab-script
owner: witnessmark lab
reason: It is run here every day.
subject: script
match:
  path: ~/Downloads/witnessmark/*/*/*.sh
  sha256: {SCRIPT}
branch: B
first_seen: 2026-11-24
review_by: 2027-11-24
expires: 2029-11-24
evidence: a ticket
"""


def seen(bag: Bag, **given: Any) -> Seen:
    (host,) = bag.record.plan.hosts
    return look(bag, host, host.sources[0], parameters(bag), **given)


def verdict(bag: Bag) -> Verdict:
    (case,) = judge(bag).cases
    return case.verdict


def hashed(record: RunRecord) -> RunRecord:
    """The run took every script's hash between attack and cleanup."""
    acts = tuple(
        replace(act, files=tuple(replace(item, sha256=SCRIPT) for item in act.files))
        for act in record.acts
    )
    return replace(record, acts=acts)


def test_a_source_is_decoded_with_its_processes_and_its_oldest_record(played: Any) -> None:
    found = seen(played.seal())
    assert found.stream is not None
    assert (found.stream.host, found.stream.source) == ("mac1", "es")
    assert len(found.stream.events) == found.stream.coverage.lines == 7
    assert [(row.pid, row.ppid, row.path) for row in found.stream.snapshot] == [
        (1, 0, "/sbin/launchd"),
        (300, 1, "-zsh"),
    ]
    assert found.oldest_ns == examples.T0 - 40 * examples.DAY
    assert [item.exec.pid for item in found.detections if item.answer is Answer.FIRED] == [
        401,
        411,
        421,
    ]


def test_what_nobody_listed_or_kept_is_not_known(played: Any) -> None:
    played.processes = played.head = None
    found = seen(played.seal())
    assert found.stream is not None
    assert (found.stream.snapshot, found.oldest_ns) == ((), None)


def test_a_source_without_bytes_has_no_stream(played: Any) -> None:
    played.change = lambda record: replace(record, collections=())
    bag = played.seal()
    assert seen(bag) == Seen(collection=None, stream=None)
    assert verdict(bag) is Verdict.INCONCLUSIVE


def test_a_source_is_no_other_source(played: Any) -> None:
    bag = played.seal()
    (host,) = bag.record.plan.hosts
    other = replace(host.sources[0], name="other")
    assert look(bag, host, other, parameters(bag)) == Seen(collection=None, stream=None)
    assert look(bag, host, None, parameters(bag)) == Seen(collection=None, stream=None)


def test_records_are_received_with_their_chunk(played: Any) -> None:
    found = seen(played.seal())
    assert found.stream is not None
    late = [item.received_ns - item.time_ns for item in found.stream.events if item.received_ns]
    assert late == [SECOND] * 7


def test_an_alert_over_what_was_delivered_comes_with_its_last_record(played: Any) -> None:
    """The exec came first, the drop that it needs twenty seconds later."""
    played.delivers()
    played.arrived[DROP], played.arrived[EXEC] = played.arrived[EXEC], played.arrived[DROP]

    def late(record: RunRecord) -> RunRecord:
        (got,) = record.deliveries
        chunks = list(got.chunks)
        chunks[EXEC] = (chunks[EXEC][0], played.rounds[CASE].start_ns + 30 * SECOND)
        return replace(record, deliveries=(replace(got, chunks=tuple(chunks)),))

    played.change = late
    bag = played.seal()
    (alert,) = (item for item in seen(bag, delivered=True).detections if item.exec.pid == 411)
    assert alert.received_ns == played.rounds[CASE].start_ns + 30 * SECOND
    (case,) = judge(bag).cases
    assert case.latency_s == 24.0


def test_an_alert_whose_record_came_unseen_has_no_moment(played: Any) -> None:
    played.delivers()

    def unseen(record: RunRecord) -> RunRecord:
        (got,) = record.deliveries
        chunks = tuple(
            (end, None if at == DROP else when) for at, (end, when) in enumerate(got.chunks)
        )
        return replace(record, deliveries=(replace(got, chunks=chunks),))

    played.change = unseen
    bag = played.seal()
    times = {item.exec.pid: item.received_ns for item in seen(bag, delivered=True).detections}
    assert times[411] is None
    assert times[401] is not None
    assert verdict(bag) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("looked", "said"),
    [
        ({"intact": False}, "the destination was rewritten while it was read"),
        ({"intact": None, "problem": "es.ndjson: is gone"}, "es.ndjson: is gone"),
        ({"intact": None}, "the destination was rewritten while it was read"),
    ],
)
def test_a_destination_that_did_not_stay_shows_nobody_what_arrived(
    played: Any, looked: dict[str, Any], said: str
) -> None:
    played.delivers()

    def change(record: RunRecord) -> RunRecord:
        (got,) = record.deliveries
        assert got.look is not None
        return replace(record, deliveries=(replace(got, look=replace(got.look, **looked)),))

    played.change = change
    (case,) = judge(played.seal()).cases
    assert case.verdict is Verdict.INCONCLUSIVE
    broken = [f.message for f in case.findings if f.link is Link.DELIVERED]
    assert any(said in message for message in broken)


def test_a_destinations_own_trouble_is_not_covered_by_a_later_look(played: Any) -> None:
    played.delivers()

    def change(record: RunRecord) -> RunRecord:
        (got,) = record.deliveries
        assert got.look is not None
        rewritten = replace(got.look, intact=False)
        return replace(record, deliveries=(replace(got, problem="no rights", look=rewritten),))

    played.change = change
    found = seen(played.seal(), delivered=True).collection
    assert found is not None
    assert found.problem == "no rights"


def test_a_documented_workflow_suppresses_what_its_hash_is_certain_of(played: Any) -> None:
    played.content["inventory/workflows"] = {"lab-script.yaml": WORKFLOW.encode()}
    played.change = hashed
    bag = played.seal()
    assert [item.id for item in documented(bag)] == ["lab-script"]
    assert verdict(bag) is Verdict.MISSED_SUPPRESSED
    (case,) = judge(bag).cases
    assert "lab-script" in str(case.findings)
    assert {item.reason for item in seen(bag).detections} == {None}


def test_a_disabled_workflow_suppresses_nothing(played: Any) -> None:
    text = WORKFLOW.replace("owner:", "enabled: false\nowner:")
    played.content["inventory/workflows"] = {"lab-script.yaml": text.encode()}
    played.change = hashed
    bag = played.seal()
    assert documented(bag) == ()
    assert verdict(bag) is Verdict.DETECTED


def test_another_content_is_not_suppressed(played: Any) -> None:
    text = WORKFLOW.replace(SCRIPT, "ab" * 32)
    played.content["inventory/workflows"] = {"lab-script.yaml": text.encode()}
    played.change = hashed
    assert verdict(played.seal()) is Verdict.DETECTED


def lost(record: RunRecord) -> RunRecord:
    (got,) = record.collections
    gone = Absence(since_ns=record.started_ns, until_ns=record.started_ns + 1)
    holes = (Hole(part=1, offset=0, lost=True),)
    return replace(record, absences=(gone,), collections=(replace(got, holes=holes),))


def without_cleanup(record: RunRecord) -> RunRecord:
    acts = tuple(replace(act, phases=act.phases[:2]) for act in record.acts)
    return replace(record, acts=acts)


def without_clock(record: RunRecord) -> RunRecord:
    facts = tuple(replace(item, clock_offset_s=None) for item in record.facts)
    return replace(record, facts=facts)


def of_another_case(record: RunRecord) -> RunRecord:
    """Hashes that were taken, but of files that these cases did not run."""
    acts = tuple(
        replace(act, files=tuple(replace(item, path="/tmp/other.sh") for item in act.files))
        for act in record.acts
    )
    return replace(record, acts=acts)


@pytest.mark.parametrize("doubt", [lost, without_cleanup, without_clock, of_another_case])
def test_a_hash_that_nobody_can_be_certain_of_verifies_nothing(played: Any, doubt: Any) -> None:
    """The path alone still suppresses, and says that nobody verified it."""
    played.content["inventory/workflows"] = {"lab-script.yaml": WORKFLOW.encode()}
    played.change = lambda record: doubt(hashed(record))
    found = {item.answer: item.reason for item in seen(played.seal()).detections}
    assert found == {Answer.SUPPRESSED: UNVERIFIED}


def test_only_the_hosts_that_were_asked_for_are_assembled(played: Any) -> None:
    bag = played.seal()
    assert assemble(bag, 0, ["other"]) == ()
    (one,) = assemble(bag, 0, ["mac1"])
    assert one == assemble(bag, 0)[0]
    assert [item.case.id.split("-")[1] for item in one.cases] == [
        "before:mac1",
        "played:mac1",
        "after:mac1",
    ]
    assert one.controls["B"].both
    assert not one.controls["A"].both


def test_what_was_delivered_has_brackets_of_its_own(played: Any) -> None:
    played.delivers()
    del played.arrived[5]
    bag = played.seal()
    (one,) = assemble(bag, 0)
    case = one.cases[CASE]
    assert case.arrived is not None
    assert case.controls.both
    assert not case.arrived.controls.both
    assert (one.controls["B"].before, one.controls["B"].after) == (True, False)


def test_a_source_may_have_its_own_deadline_for_alerts(played: Any) -> None:
    assert assemble(played.seal(), 0)[0].cases[CASE].deadline_s == 120


def test_an_alert_after_the_sources_own_deadline_is_late(played: Any) -> None:
    played.source = replace(played.source, alert_deadline_s=0.5)
    bag = played.seal()
    assert verdict(bag) is Verdict.DETECTED_LATE
    (case,) = judge(bag).cases
    assert dict(case.links)[Link.DETECTED] is Status.FAIL


def test_a_host_without_a_retention_profile_is_not_asked_for_history(played: Any) -> None:
    played.host = replace(played.host, retention=None)
    bag = played.seal()
    assert assemble(bag, 0)[0].cases[CASE].retention is None
    (case,) = judge(bag).cases
    assert any("names no retention profile" in item.message for item in case.findings)


def test_a_case_of_no_branch_needs_the_controls_of_drops(played: Any) -> None:
    def change(record: RunRecord) -> RunRecord:
        cases = list(record.plan.cases)
        cases[CASE] = replace(cases[CASE], scenario=replace(cases[CASE].scenario, branch="none"))
        return replace(record, plan=replace(record.plan, cases=tuple(cases)))

    played.change = change
    assert assemble(played.seal(), 0)[0].cases[CASE].controls.both


def test_the_organisations_own_alerts_are_judged_where_they_are_declared(played: Any) -> None:
    played.alarms()
    bag = played.seal()
    (one,) = assemble(bag, 0)
    own = one.cases[CASE].alerted
    assert own is not None
    assert own.stream is not None
    assert [item.id for item in own.stream.alerts] == [f"mac1/es.alerts/{n}" for n in (1, 2, 3)]
    assert own.controls.both
    (case,) = judge(bag).cases
    assert (case.verdict, case.latency_s, case.reference) == (Verdict.DETECTED, 5.0, "fires")


def test_an_alert_that_never_came_is_a_miss_of_their_rule(played: Any) -> None:
    played.alarms()
    del played.alerts[CASE]
    (case,) = judge(played.seal()).cases
    assert case.verdict is Verdict.MISSED
    assert case.blame is not None
    assert case.blame.fault is Fault.RULE


def test_their_silence_needs_their_own_controls(played: Any) -> None:
    played.alarms()
    del played.alerts[CASE:]
    run = judge(played.seal())
    (case,) = run.cases
    assert case.verdict is Verdict.INCONCLUSIVE
    (control,) = run.controls
    assert (control.before, control.after) == (True, False)


def test_alerts_that_nobody_collected_are_not_silence(played: Any) -> None:
    played.alarms()
    played.alerts = None
    bag = played.seal()
    own = assemble(bag, 0)[0].cases[CASE].alerted
    assert own is not None
    assert (own.collection, own.stream) == (None, None)
    assert verdict(bag) is Verdict.INCONCLUSIVE


def test_absence_among_bytes_that_deny_the_receipts_of_their_chunks_proves_nothing(
    played: Any,
) -> None:
    del played.records[EXEC]
    played.content["raw/mac1"] = {"es.chunks.ndjson": b""}
    bag = played.seal()
    collection = seen(bag).collection
    assert collection is not None
    assert "have no receipt" in (collection.problem or "")
    assert verdict(bag) is Verdict.INCONCLUSIVE
