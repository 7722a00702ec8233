"""Only the receipt's own process and path may prove anything."""

from dataclasses import replace

import pytest

from witnessmark.judge import examples, match, whole
from witnessmark.judge.api import CaseEvidence
from witnessmark.model.events import BadLine, Event, FileRef, Gap, Kind, Token
from witnessmark.model.run import Step
from witnessmark.model.scenario import Phase, RecordPattern

EXEC = RecordPattern(id="exec", event=("exec",), step="exec")
DROP = RecordPattern(id="drop", event=("close",), step="drop")


def case_with(**changes: object) -> CaseEvidence:
    """The example whose exec record is changed."""
    case = examples.drop_exec()
    assert case.stream is not None
    events = tuple(
        replace(item, **changes) if item.kind is Kind.EXEC else item for item in case.stream.events
    )
    return replace(case, stream=replace(case.stream, events=events))


def case_with_drop(**changes: object) -> CaseEvidence:
    case = examples.drop_exec()
    assert case.stream is not None
    events = tuple(
        replace(item, **changes) if item.kind is Kind.CLOSE else item for item in case.stream.events
    )
    return replace(case, stream=replace(case.stream, events=events))


def proved(case: CaseEvidence, pattern: RecordPattern = EXEC) -> Event | None:
    (step,) = match.steps(case, pattern.step)
    return match.record(case, pattern, step)


def target(case: CaseEvidence) -> object:
    assert case.stream is not None
    return next(item.target for item in case.stream.events if item.kind is Kind.EXEC)


def test_the_example_is_proved() -> None:
    assert proved(examples.drop_exec()) is not None
    assert proved(examples.drop_exec(), DROP) is not None


def test_another_process_proves_nothing() -> None:
    other = replace(target(examples.drop_exec()), token=Token(pid=999, pidversion=1))
    assert proved(case_with(target=other)) is None


def test_another_path_without_the_mark_proves_nothing() -> None:
    assert (
        proved(case_with(script=FileRef(path="/tmp/x.sh"), args=("/bin/sh", "/tmp/x.sh"))) is None
    )


def test_the_mark_in_an_argument_proves_a_run_whose_path_the_source_lacks() -> None:
    assert proved(case_with(script=None, args=("sh", "-c", f"x {examples.MARK}"))) is not None


PROJECT = "/Users/purple/Downloads/project"


@pytest.mark.parametrize(
    ("cwd", "words", "is_it"),
    [
        (PROJECT, ("/bin/sh", "./configure"), True),
        (f"{PROJECT}/sub", ("/bin/sh", "../configure"), True),
        (PROJECT, ("/bin/sh", "configure"), True),
        (f"{PROJECT}/sub", ("/bin/sh", "./configure"), False),
        (None, ("/bin/sh", "./configure"), False),
        (PROJECT, ("/bin/sh", "-configure"), False),
    ],
)
def test_a_word_names_a_file_from_where_the_process_works(
    cwd: str | None, words: tuple[str, ...], is_it: bool
) -> None:
    """A source without the script's path, as osquery is: a name without a mark, and relative."""
    case = case_with(script=None, args=words, cwd=cwd)
    step = replace(match.steps(case, "exec")[0], path=f"{PROJECT}/configure")
    assert (match.record(case, EXEC, step) is not None) is is_it


def test_a_browser_is_proved_by_its_path_never_by_an_argument() -> None:
    pattern = RecordPattern(id="browser", event=("exec",), step="browser")
    step = Step(
        step="browser", path="/Applications/B", to=None, pid=examples.PAYLOAD, ppid=1, status=0
    )
    marked = case_with(script=None, args=("sh", examples.MARK, "/Applications/B"))
    assert match.record(marked, pattern, step) is None
    image = replace(target(marked), path="/Applications/B")
    assert match.record(case_with(script=None, target=image), pattern, step) is not None


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_record_outside_the_attack_proves_nothing(seconds: int) -> None:
    when = examples.T0 + seconds * examples.SECOND
    assert proved(case_with(time_ns=when)) is None
    assert proved(case_with_drop(time_ns=when), DROP) is None


def test_a_close_that_changed_nothing_is_no_drop() -> None:
    assert proved(case_with_drop(modified=False), DROP) is None
    assert proved(case_with_drop(modified=None), DROP) is None
    assert proved(case_with_drop(modified=False, mapped_writable=True), DROP) is not None


def test_a_file_of_another_name_is_no_drop() -> None:
    assert proved(case_with_drop(file=FileRef(path=examples.PATH + ".part")), DROP) is None


def test_the_data_volumes_prefix_is_the_same_file() -> None:
    long = "/System/Volumes/Data" + examples.PATH
    assert proved(case_with_drop(file=FileRef(path=long)), DROP) is not None
    assert proved(case_with(script=FileRef(path=long), args=())) is not None


def test_the_last_content_is_the_drop() -> None:
    case = examples.drop_exec()
    assert case.stream is not None
    first = case.stream.events[0]
    again = replace(first, id="later", time_ns=first.time_ns + examples.SECOND)
    case = replace(case, stream=replace(case.stream, events=(first, again, case.stream.events[1])))
    found = proved(case, DROP)
    assert found is not None
    assert found.id == "later"


def test_the_window_follows_the_hosts_clock() -> None:
    case = examples.drop_exec()
    first, last = match.window(case)
    assert (last - first) / examples.SECOND == pytest.approx(3 + 2 * 2.0)
    behind = replace(case, facts=replace(case.facts, clock_offset_s=-300.0))
    shift = 300 * examples.SECOND
    assert match.window(behind) == (first - shift, last - shift)


def test_without_an_attack_there_is_no_window() -> None:
    case = examples.drop_exec()
    phases = tuple(item for item in case.act.phases if item.phase is not Phase.ATTACK)
    first, last = match.window(replace(case, act=replace(case.act, phases=phases)))
    assert first > last


def test_trouble_is_said_before_a_hole_is_looked_for() -> None:
    case = examples.drop_exec()
    assert whole.trouble(case) is None
    assert case.collection is not None
    lost = replace(case, collection=replace(case.collection, problem="example: it shrank"))
    assert whole.trouble(lost) == "source eslogger: example: it shrank"
    assert "not collected" in (whole.trouble(replace(case, collection=None)) or "")
    assert "no source" in (whole.trouble(replace(case, source=None)) or "")


def test_an_unknown_field_name_is_a_mistake_in_content_not_an_empty_field() -> None:
    case = examples.drop_exec()
    event = proved(case)
    assert event is not None
    assert match.missing_fields(event, ("target.parent", "args", "mode")) == ("mode",)
    with pytest.raises(ValueError, match=r"no field 'target\.color'"):
        match.missing_fields(event, ("target.color",))


def test_records_without_numbers_cannot_show_a_hole() -> None:
    assert "no sequence numbers" in (whole.trouble(case_with(global_seq=None)) or "")


def test_a_hole_and_an_unreadable_line_are_both_named() -> None:
    case = case_with(global_seq=None)
    assert case.stream is not None
    when = examples.T0 + 5 * examples.SECOND
    coverage = replace(
        case.stream.coverage,
        gaps=(Gap(line=7, time_ns=when, missing=3, counter="global", since_ns=when),),
        bad=(BadLine(line=9, reason="cut", time_ns=when),),
    )
    said = whole.trouble(replace(case, stream=replace(case.stream, coverage=coverage))) or ""
    for words in ("no sequence numbers", "3 records are missing at line 7", "line 9 is unreadable"):
        assert words in said
    assert said.count("; and ") == 2


def test_out_of_order_lines_give_a_bad_line_no_place_in_time() -> None:
    case = examples.drop_exec()
    assert case.stream is not None
    late = BadLine(line=9, reason="cut", time_ns=examples.T0 + examples.DAY)
    for out_of_order, troubled in ((0, False), (1, True)):
        coverage = replace(case.stream.coverage, bad=(late,), out_of_order=out_of_order)
        held = replace(case, stream=replace(case.stream, coverage=coverage))
        assert (whole.trouble(held) is not None) is troubled


def test_a_bad_line_lies_before_the_later_of_two_records_behind_it() -> None:
    case = examples.drop_exec()
    assert case.stream is not None
    bad = BadLine(line=0, reason="cut", time_ns=examples.T0)
    first, second = case.stream.events
    for stray in (first, second):
        events = tuple(
            replace(item, time_ns=1) if item is stray else item for item in (first, second)
        )
        assert whole.bounds_of(replace(case.stream, events=events), bad)[1] > examples.T0
    assert whole.bounds_of(replace(case.stream, events=(first,)), bad)[1] is None


def test_acted_is_more_than_an_exit_status() -> None:
    case = examples.drop_exec()
    assert match.acted(case)
    assert not match.acted(examples.drop_exec(status=1))
    assert not match.acted(examples.drop_exec(witnesses=()))
    assert not match.acted(examples.drop_exec(skipped="no zsh"))
    assert not match.acted(replace(case, act=replace(case.act, error="gone")))


def with_second_step(path: str, pid: int = examples.PAYLOAD) -> CaseEvidence:
    """The example whose receipt tells of one more run, by the same process unless told."""
    case = examples.drop_exec()
    second = Step(step="exec", path=path, to=None, pid=pid, ppid=examples.RUNNER, status=0)
    phases = tuple(
        replace(item, steps=(*item.steps, second)) if item.phase is Phase.ATTACK else item
        for item in case.act.phases
    )
    return replace(case, act=replace(case.act, phases=phases))


def test_a_record_that_names_one_marked_file_proves_no_run_of_another() -> None:
    case = with_second_step(examples.PATH + "2")
    first, second = match.steps(case, "exec")
    assert match.record(case, EXEC, first) is not None
    assert match.record(case, EXEC, second) is None


@pytest.mark.parametrize(
    ("words", "proven"),
    [
        (("sh", "-s", examples.MARK), True),
        (("sh", f"{examples.MARK}.sh"), True),
        (("sh", f"./{examples.MARK.upper()}.SH"), True),
        (("env", f"WM_MARK={examples.MARK}", "sh"), True),
        (("sh", f"./{examples.MARK}.sh2"), False),
        (("sh", f"/elsewhere/other-{examples.MARK}.sh"), False),
    ],
)
def test_the_mark_counts_where_no_other_marked_file_is_named(
    words: tuple[str, ...], *, proven: bool
) -> None:
    assert (proved(case_with(script=None, args=words)) is not None) is proven


def test_every_run_of_the_receipt_needs_a_line_of_evidence_of_its_own() -> None:
    case = with_second_step(examples.PATH + "2")
    assert not match.acted(case)
    (line,) = case.act.witnesses
    assert match.acted(replace(case, act=replace(case.act, witnesses=(line, line))))
    assert not match.acted(with_second_step(examples.PATH, pid=999))
