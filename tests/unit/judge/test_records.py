"""The five questions about records: each is asked where it arises, and breaks when a field does."""

import importlib
from dataclasses import replace

import pytest

from witnessmark.judge import examples, records
from witnessmark.judge.api import CaseEvidence
from witnessmark.judge.run import judge_case, validators
from witnessmark.judge.table import link_status
from witnessmark.model.events import Event, Kind
from witnessmark.model.run import FileFact, Step
from witnessmark.model.scenario import ExpectedAnswer, Phase
from witnessmark.model.verdicts import Finding, Link, Status, Verdict

NAMES = (
    "recorded_exec",
    "recorded_script",
    "recorded_executable",
    "recorded_write_downloads",
    "recorded_write_caches",
)
GOOD = examples.drop_exec()
BINARY = examples.drop_exec(form="executable")
CACHED = examples.drop_exec(path=examples.CACHED)


def ask(name: str, case: CaseEvidence) -> tuple[Finding, ...]:
    return importlib.import_module(f"witnessmark.validators.{name}").check(case)


def status(name: str, case: CaseEvidence) -> Status:
    return link_status(ask(name, case))[Link.RECORDED]


def with_event(case: CaseEvidence, which: Kind, /, **changes: object) -> CaseEvidence:
    assert case.stream is not None
    events = tuple(
        replace(item, **changes) if item.kind is which else item for item in case.stream.events
    )
    return replace(case, stream=replace(case.stream, events=events))


def with_step(case: CaseEvidence, name: str, **changes: object) -> CaseEvidence:
    phases = tuple(
        replace(
            item, steps=tuple(replace(s, **changes) if s.step == name else s for s in item.steps)
        )
        for item in case.act.phases
    )
    return replace(case, act=replace(case.act, phases=phases))


def event_of(case: CaseEvidence, kind: Kind) -> Event:
    assert case.stream is not None
    return next(item for item in case.stream.events if item.kind is kind)


def target_without(**changes: object) -> CaseEvidence:
    target = event_of(BINARY, Kind.EXEC).target
    assert target is not None
    return with_event(BINARY, Kind.EXEC, target=replace(target, **changes))


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (GOOD, {"recorded_exec", "recorded_script", "recorded_write_downloads"}),
        (CACHED, {"recorded_exec", "recorded_script", "recorded_write_caches"}),
        (BINARY, {"recorded_exec", "recorded_executable", "recorded_write_downloads"}),
    ],
    ids=["script", "cached", "executable"],
)
def test_each_question_is_asked_only_where_it_arises(case: CaseEvidence, asked: set[str]) -> None:
    said = {name: status(name, case) for name in NAMES}
    assert {name for name, found in said.items() if found is Status.PASS} == asked
    assert {found for name, found in said.items() if name not in asked} == {Status.SKIP}


def test_every_skip_says_why() -> None:
    for name in NAMES:
        for case in (GOOD, CACHED, BINARY, examples.drop_exec(skipped="no zsh")):
            assert all(len(item.message) > 20 for item in ask(name, case))


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_names_its_record_and_the_rules_it_serves(name: str) -> None:
    for case in (GOOD, CACHED, BINARY):
        for item in ask(name, case):
            if item.status is Status.PASS:
                assert item.evidence
                assert "(" in item.expected


@pytest.mark.parametrize(
    ("name", "changes", "missing"),
    [
        ("recorded_exec", {"args": None}, "args"),
        ("recorded_exec", {"args": ()}, "args"),
        ("recorded_script", {"script": None, "args": ("sh", examples.MARK)}, "script.path"),
    ],
)
def test_an_empty_field_of_a_script_run_breaks_it(
    name: str, changes: dict[str, object], missing: str
) -> None:
    (found,) = ask(name, with_event(GOOD, Kind.EXEC, **changes))
    assert found.status is Status.FAIL
    assert missing in found.observed


def test_a_process_without_pidversion_needs_its_start_time() -> None:
    target = event_of(BINARY, Kind.EXEC).target
    assert target is not None
    token = replace(target.token, pidversion=None)
    bare = target_without(token=token)
    timed = target_without(token=token, start_ns=examples.T0)
    for name in ("recorded_exec", "recorded_executable"):
        assert status(name, bare) is Status.FAIL
        assert status(name, timed) is Status.PASS


def test_a_parent_known_by_pid_alone_is_not_known() -> None:
    target = event_of(BINARY, Kind.EXEC).target
    assert target is not None
    assert target.parent is not None
    orphan = target_without(parent=replace(target.parent, pidversion=None))
    assert status("recorded_exec", orphan) is Status.FAIL


def test_a_relative_operand_needs_the_working_directory() -> None:
    folder, _, name = examples.PATH.rpartition("/")
    run = {"script": None, "args": ("sh", name)}
    there = with_event(GOOD, Kind.EXEC, **run, cwd=folder)
    nowhere = with_event(GOOD, Kind.EXEC, **run, cwd=None)
    for name in ("recorded_exec", "recorded_script"):
        assert status(name, there) is Status.PASS
        (found,) = ask(name, nowhere)
        assert found.status is Status.FAIL
        assert "cwd" in found.observed


def test_a_word_of_the_same_name_elsewhere_is_not_the_script() -> None:
    other = with_event(GOOD, Kind.EXEC, script=None, args=("sh", f"{examples.MARK}.sh"), cwd="/tmp")
    assert status("recorded_script", other) is Status.FAIL


def test_a_field_that_the_host_cannot_know_is_never_empty() -> None:
    target = event_of(BINARY, Kind.EXEC).target
    assert target is not None
    unknown = target_without(parent=None, simulated=frozenset({"parent"}))
    assert status("recorded_exec", unknown) is Status.ERROR


@pytest.mark.parametrize("name", ["recorded_write_downloads"])
def test_a_close_must_say_that_the_content_is_new(name: str) -> None:
    unmodified = with_event(GOOD, Kind.CLOSE, modified=False, mapped_writable=None)
    assert status(name, unmodified) is Status.FAIL
    mapped = with_event(GOOD, Kind.CLOSE, modified=False, mapped_writable=True)
    assert status(name, mapped) is Status.PASS


def test_a_write_without_its_writer_is_not_enough() -> None:
    process = replace(event_of(GOOD, Kind.CLOSE).process, path="")
    found = ask("recorded_write_downloads", with_event(GOOD, Kind.CLOSE, process=process))
    assert [item.status for item in found] == [Status.FAIL]
    assert "process.path (B6)" in found[0].observed


def test_a_rename_is_a_write_and_needs_where_it_came_from() -> None:
    moved = with_event(GOOD, Kind.CLOSE, kind=Kind.RENAME)
    assert status("recorded_write_downloads", moved) is Status.FAIL
    source = event_of(GOOD, Kind.CLOSE).file
    whole = with_event(moved, Kind.RENAME, source_file=source)
    assert status("recorded_write_downloads", whole) is Status.PASS


def test_a_source_without_inodes_passes_and_says_what_it_cannot_do() -> None:
    file = event_of(GOOD, Kind.CLOSE).file
    assert file is not None
    bare = with_event(GOOD, Kind.CLOSE, file=replace(file, dev=None, ino=None))
    (found,) = ask("recorded_write_downloads", bare)
    assert found.status is Status.PASS
    assert "K2" in found.message
    (whole,) = ask("recorded_write_downloads", GOOD)
    assert "K2" not in whole.message


def test_the_destination_of_a_step_counts_and_not_where_it_began() -> None:
    moved = with_step(GOOD, "drop", path="/private/tmp/x.sh", to=examples.PATH)
    assert status("recorded_write_downloads", moved) is Status.PASS
    away = with_step(GOOD, "drop", to="/private/tmp/x.sh")
    assert status("recorded_write_downloads", away) is Status.SKIP


def test_any_users_folder_counts_and_so_does_a_home_elsewhere() -> None:
    other = examples.PATH.replace("/Users/purple", "/System/Volumes/Data/Users/other")
    assert records.writes(with_step(GOOD, "drop", path=other), "~/Downloads")
    odd = with_step(GOOD, "drop", path="/Volumes/h/p/Downloads/x.sh")
    assert not records.writes(odd, "~/Downloads")
    known = replace(odd, facts=replace(odd.facts, home="/Volumes/h/p"))
    assert records.writes(known, "~/Downloads")


def test_what_a_file_is_comes_from_the_host_else_from_the_record() -> None:
    unread = replace(GOOD, act=replace(GOOD.act, files=(FileFact(path=examples.PATH),)))
    (step,) = [item for item in records.runs(unread) if item.step == "exec"]
    assert records.form(unread, step) == "script"
    bare = replace(BINARY, act=replace(BINARY.act, files=()))
    assert records.form(bare, step) == "executable"
    blind = replace(bare, stream=replace(GOOD.stream, events=()) if GOOD.stream else None)
    assert records.form(blind, step) is None
    assert status("recorded_exec", blind) is Status.FAIL, "the exec itself is still asked for"


def test_an_interpreter_with_inline_code_is_no_file_of_the_case() -> None:
    step = Step(step="spawn", path="/bin/sh", to=None, pid=1, ppid=1, status=0)
    assert records.form(GOOD, step) is None


def test_a_gap_documents_that_no_record_names_the_script() -> None:
    gap = examples.drop_exec(expect=ExpectedAnswer.GAP, strip_script=True, detected=False)
    assert status("recorded_script", gap) is Status.SKIP
    assert judge_case(gap, validators()).verdict is Verdict.GAP


def test_a_step_that_only_the_scenario_knows_is_asked_about_too() -> None:
    case = with_step(with_step(GOOD, "exec", step="launch"), "drop", step="save")
    patterns = tuple(
        replace(item, step={"exec": "launch", "drop": "save"}[item.step])
        for item in case.case.scenario.records
    )
    scenario = replace(case.case.scenario, records=patterns)
    case = replace(case, case=replace(case.case, scenario=scenario))
    assert status("recorded_exec", case) is Status.PASS
    assert status("recorded_write_downloads", case) is Status.PASS


@pytest.mark.parametrize("case", [GOOD, CACHED, BINARY])
def test_an_acted_case_never_goes_unasked(case: CaseEvidence) -> None:
    result = judge_case(case, validators())
    assert dict(result.links)[Link.RECORDED] is Status.PASS
    assert case.act.phase(Phase.ATTACK) is not None


def test_a_broken_detail_makes_the_case_blind() -> None:
    nameless = with_event(GOOD, Kind.EXEC, script=None, args=("sh", examples.MARK))
    result = judge_case(nameless, validators())
    assert (result.verdict, result.first_broken_link) == (Verdict.BLIND, Link.RECORDED)


@pytest.mark.parametrize("controls", [True, False])
@pytest.mark.parametrize("name", ["recorded", "recorded_exec", "recorded_script"])
def test_an_exec_that_does_not_say_what_it_ran_is_named_with_what_it_lost(
    name: str, controls: bool
) -> None:
    case = with_event(
        examples.drop_exec(controls=controls), Kind.EXEC, args=None, cwd=None, script=None
    )
    broken = [item for item in ask(name, case) if item.status is not Status.PASS]
    assert [item.status for item in broken] == [Status.FAIL if controls else Status.ERROR]
    assert "an exec of /bin/sh by this very process is recorded, but without args, cwd, script" in (
        broken[0].message
    )
    assert "was found" not in broken[0].message
    assert broken[0].evidence == ("example/eslogger/2",)


def test_an_exec_of_another_process_is_not_taken_for_ours() -> None:
    case = with_event(GOOD, Kind.EXEC, args=None, cwd=None, script=None)
    assert case.stream is not None
    exec_ = case.stream.events[-1]
    assert exec_.target is not None
    other = replace(exec_.target, token=replace(exec_.target.token, pid=999))
    case = with_event(case, Kind.EXEC, target=other)
    assert "no exec of" in ask("recorded_exec", case)[0].message
