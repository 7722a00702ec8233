"""What each validator says in the cases that its EXAMPLES leave out."""

import importlib
from dataclasses import replace

import pytest

from witnessmark.judge import examples
from witnessmark.judge.api import CaseEvidence, Validator
from witnessmark.judge.table import link_status
from witnessmark.model.detections import Answer
from witnessmark.model.run import Act, Listing, PhaseResult
from witnessmark.model.scenario import ExpectedAnswer, Phase
from witnessmark.model.verdicts import Finding, Status


def check(name: str) -> Validator:
    return importlib.import_module(f"witnessmark.validators.{name}").check


def status(name: str, case: CaseEvidence) -> Status:
    validator = check(name)
    return link_status(validator(case))[validator.link]


def findings(name: str, case: CaseEvidence, wanted: Status) -> list[Finding]:
    return [item for item in check(name)(case) if item.status is wanted]


def with_phase(case: CaseEvidence, which: Phase, **changes: object) -> CaseEvidence:
    phases = tuple(
        replace(item, **changes) if item.phase is which else item for item in case.act.phases
    )
    return replace(case, act=replace(case.act, phases=phases))


def with_act(case: CaseEvidence, **changes: object) -> CaseEvidence:
    return replace(case, act=replace(case.act, **changes))


def attack_of(case: CaseEvidence) -> PhaseResult:
    found = case.act.phase(Phase.ATTACK)
    assert found is not None
    return found


GOOD = examples.drop_exec()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"timed_out": True}, Status.FAIL),
        ({"problem": "no receipt: gone"}, Status.ERROR),
        ({"status": 64, "stderr": "refused: x"}, Status.FAIL),
        ({"status": 126}, Status.FAIL),
        ({"steps": ()}, Status.FAIL),
    ],
)
def test_acted_takes_nothing_for_granted(changes: dict[str, object], expected: Status) -> None:
    assert status("acted", with_phase(GOOD, Phase.ATTACK, **changes)) is expected


def test_acted_says_why_a_receipt_cannot_be_read_and_how_its_script_ended() -> None:
    broken = {"problem": "receipt line 2: odd", "status": 0, "stderr": "x"}
    (found,) = check("acted")(with_phase(GOOD, Phase.ATTACK, **broken))
    assert found.message == "receipt line 2: odd"
    (failed,) = check("acted")(with_phase(GOOD, Phase.ATTACK, **broken | {"status": 3}))
    assert failed.message == "receipt line 2: odd; the attack ended with exit 3: x"
    quiet = broken | {"status": 3, "stderr": ""}
    (silent,) = check("acted")(with_phase(GOOD, Phase.ATTACK, **quiet))
    assert silent.message.endswith("exit 3: silent")


def test_acted_tells_a_lost_connection_from_a_script_that_failed() -> None:
    (found,) = check("acted")(with_phase(GOOD, Phase.ATTACK, status=None))
    assert (found.status, "connection was lost" in found.message) == (Status.ERROR, True)


def test_acted_needs_the_evidence_of_this_very_process_and_mark() -> None:
    (witness,) = GOOD.act.witnesses
    for wrong in ({"mark": "wm-other"}, {"pid": 7}, {"ppid": 7}):
        forged = with_act(GOOD, witnesses=(replace(witness, **wrong),))
        assert status("acted", forged) is Status.FAIL


def test_acted_counts_a_run_that_failed_as_not_acted() -> None:
    steps = tuple(
        replace(item, status=1) if item.step == "exec" else item for item in attack_of(GOOD).steps
    )
    assert status("acted", with_phase(GOOD, Phase.ATTACK, steps=steps)) is Status.FAIL


def test_acted_tells_a_failed_setup_from_one_that_never_began() -> None:
    (setup,) = [item for item in GOOD.act.phases if item.phase is Phase.SETUP]
    failed = with_act(GOOD, phases=(replace(setup, status=64, stderr="refused: no"),))
    assert status("acted", failed) is Status.FAIL
    assert status("acted", with_act(GOOD, phases=())) is Status.ERROR
    assert status("acted", with_act(GOOD, error="x: gone")) is Status.ERROR


@pytest.mark.parametrize("name", ["recorded", "detected", "retained"])
@pytest.mark.parametrize("act", [{"error": "example: gone"}, {"skipped": "no zsh"}])
def test_where_nothing_was_acted_nothing_else_is_claimed(name: str, act: dict[str, str]) -> None:
    assert status(name, with_act(GOOD, **act)) is Status.SKIP


def test_recorded_cannot_tell_when_the_receipt_lacks_the_step() -> None:
    steps = tuple(item for item in attack_of(GOOD).steps if item.step != "drop")
    case = with_phase(GOOD, Phase.ATTACK, steps=steps)
    assert status("recorded", case) is Status.ERROR


def test_recorded_tells_unknown_from_empty() -> None:
    assert GOOD.stream is not None
    events = tuple(
        replace(
            item,
            target=item.target
            and replace(item.target, parent=None, simulated=frozenset({"parent"})),
        )
        for item in GOOD.stream.events
    )
    unknown = replace(GOOD, stream=replace(GOOD.stream, events=events))
    assert status("recorded", unknown) is Status.ERROR
    assert status("recorded", examples.drop_exec(strip_parent=True)) is Status.FAIL


def test_recorded_names_evidence_for_every_pass() -> None:
    assert all(item.evidence for item in findings("recorded", GOOD, Status.PASS))


def suppressed(workflow: str) -> CaseEvidence:
    case = examples.drop_exec(expect=ExpectedAnswer.SUPPRESSED)
    expect = replace(case.case.scenario.expect, workflow="mdm", branch="B")
    scenario = replace(case.case.scenario, expect=expect)
    found = replace(case.detections[0], answer=Answer.SUPPRESSED, workflow=workflow)
    return replace(case, case=replace(case.case, scenario=scenario), detections=(found,))


def test_detected_accepts_suppression_only_by_the_named_workflow() -> None:
    assert status("detected", suppressed("mdm")) is Status.PASS
    assert status("detected", suppressed("other")) is Status.FAIL


def test_retained_cannot_tell_without_an_oldest_record_or_a_look() -> None:
    assert status("retained", replace(GOOD, oldest_ns=None)) is Status.ERROR
    assert status("retained", replace(GOOD, collection=None)) is Status.ERROR


def test_retained_without_a_profile_still_needs_the_records_themselves() -> None:
    assert status("retained", replace(GOOD, retention=None)) is Status.PASS
    lost = examples.drop_exec(intact=False)
    assert status("retained", replace(lost, retention=None)) is Status.FAIL


def test_retained_pending_names_a_date_on_which_it_passes() -> None:
    young = examples.drop_exec(oldest_days=1)
    (found,) = findings("retained", young, Status.PENDING)
    import datetime as dt

    assert found.first_provable is not None
    day = dt.datetime.fromisoformat(found.first_provable).replace(tzinfo=dt.UTC)
    then = int(day.timestamp() * 1e9)
    assert status("retained", replace(young, as_of_ns=then)) is Status.PENDING, "nobody looked then"
    assert young.collection is not None
    assert young.collection.look is not None
    look = replace(young.collection.look, taken_ns=then)
    looked = replace(young, as_of_ns=then, collection=replace(young.collection, look=look))
    assert status("retained", looked) is Status.PASS


@pytest.mark.parametrize("oldest_ns", [0, -(10**18), 86_400 * 10**9, 253_402_300_800 * 10**9])
def test_retained_refuses_a_time_that_cannot_be_right(oldest_ns: int) -> None:
    assert status("retained", replace(GOOD, oldest_ns=oldest_ns)) is Status.ERROR


def test_a_live_stream_has_nothing_to_retain() -> None:
    assert GOOD.source is not None
    live = replace(GOOD, source=replace(GOOD.source, path=None, command=("eslogger",)))
    assert status("retained", live) is Status.SKIP


def test_cleaned_sees_what_is_gone_and_what_runs_on_in_the_background() -> None:
    assert GOOD.act.after is not None
    gone = replace(GOOD.act.after, paths=())
    assert status("cleaned", with_act(GOOD, after=gone)) is Status.FAIL
    group = replace(GOOD.act.after, processes=(examples.SHELL,))
    assert status("cleaned", with_act(GOOD, after=group)) is Status.FAIL


def test_cleaned_cannot_tell_of_processes_that_no_receipt_names() -> None:
    phases = tuple(replace(phase, steps=()) for phase in GOOD.act.phases)
    assert status("cleaned", with_act(GOOD, phases=phases)) is Status.ERROR


def test_cleaned_looks_even_where_setup_found_a_need_missing() -> None:
    assert GOOD.act.after is not None
    left = replace(GOOD.act.after, paths=("/Users/purple", "/Users/purple/x"))
    assert status("cleaned", with_act(GOOD, skipped="no zsh", after=left)) is Status.FAIL


def test_cleaned_needs_a_cleanup_that_finished_well() -> None:
    assert status("cleaned", with_phase(GOOD, Phase.CLEANUP, status=1)) is Status.FAIL
    assert status("cleaned", with_phase(GOOD, Phase.CLEANUP, status=None)) is Status.ERROR


def test_cleaned_needs_whole_inventories() -> None:
    for name in ("before", "after"):
        blind = Listing(taken_ns=1, problem="example: could not list")
        assert status("cleaned", with_act(GOOD, **{name: blind})) is Status.ERROR


def test_cleaned_looks_once_more_after_teardown() -> None:
    left = replace(GOOD, facts=replace(GOOD.facts, left_behind=("/Users/purple/x",)))
    assert status("cleaned", left) is Status.FAIL
    assert status("cleaned", replace(GOOD, facts=replace(GOOD.facts, left_behind=None))) is (
        Status.ERROR
    )


def test_cleaned_skips_only_what_certainly_never_began() -> None:
    bare = Act(case_id="x", error="example: no ssh")
    assert status("cleaned", replace(GOOD, act=bare)) is Status.ERROR
    assert status("cleaned", replace(GOOD, act=replace(bare, started=False))) is Status.SKIP


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/Users/purple/Downloads/witnessmark", False),
        ("/Users/purple/Downloads/witnessmark/example", False),
        ("/Users/purple/Downloads/witnessmark/example/002/x.sh", False),
        ("/Users/purple/Library/Caches/org.witnessmark/example/014/a\nb", False),
        ("/Users/purple/Downloads/witnessmark/example/001", True),
        ("/Users/purple/Library/Caches/org.witnessmark/example/001/x.sh", True),
        ("/Users/purple/Downloads/witnessmark/example/stray", True),
        ("/Users/purple/Downloads/witnessmark/another", True),
        ("/Users/purple/Downloads/witnessmark/another/002/x.sh", True),
        ("/Users/purple/Downloads/witnessmark2", True),
        ("/Users/purple/Downloads/x.sh", True),
        ("/Users/purple/Downloads/witnessmark/example/x/Downloads/witnessmark", True),
    ],
)
def test_cleaned_leaves_other_cases_folders_to_their_own_finding(path: str, counts: bool) -> None:
    assert GOOD.act.before is not None
    left = replace(GOOD.act.before, paths=(*GOOD.act.before.paths, path))
    wanted = Status.FAIL if counts else Status.PASS
    assert status("cleaned", with_act(GOOD, after=left)) is wanted


def test_detected_shows_the_latency_beside_its_deadline() -> None:
    (found,) = check("detected")(GOOD)
    assert "within 120 s of the execution" in found.expected
    assert found.observed == "fired after 0.1 s"
    (late,) = check("detected")(examples.drop_exec(received_after_s=900.0))
    assert (late.status, late.observed) == (Status.FAIL, "fired after 900 s")
    (at_once,) = check("detected")(examples.drop_exec(received_after_s=0.0))
    assert at_once.observed == "fired after 0 s"
    quiet = examples.drop_exec(detected=False, expect=ExpectedAnswer.SILENT)
    (silence,) = check("detected")(quiet)
    assert "within" not in silence.expected
    assert silence.observed == "silent"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/private/tmp/org.witnessmark.example.001", Status.FAIL),
        ("/private/tmp/org.witnessmark.example.001/x.sh", Status.FAIL),
        ("/private/tmp/org.witnessmark.example.002", Status.PASS),  # another case's, its finding
        ("/private/tmp/org.witnessmark.example.002/x.sh", Status.PASS),
        ("/private/tmp/org.witnessmark.example.002x", Status.FAIL),
        ("/private/tmp/org.witnessmark.other.002", Status.FAIL),
        ("/tmp/org.witnessmark.example.002", Status.FAIL),
        ("/x/private/tmp/org.witnessmark.example.002", Status.FAIL),
    ],
)
def test_cleaned_knows_whose_folder_in_private_tmp_it_is(path: str, expected: Status) -> None:
    assert status("cleaned", examples.drop_exec(left=(path,))) is expected
