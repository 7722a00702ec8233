"""Only the receipt's own processes and files may earn a detection, or its absence."""

from dataclasses import replace

import pytest

from witnessmark.judge import examples, tied
from witnessmark.judge.answer import answered
from witnessmark.judge.api import CaseEvidence
from witnessmark.model.detections import Answer
from witnessmark.model.events import Event, Kind, Process, Token
from witnessmark.model.run import Step
from witnessmark.model.scenario import ExpectedAnswer, Phase

STRANGER = "/Users/purple/Downloads/somebody-elses.sh"


def test_a_detection_of_another_host_is_not_ours() -> None:
    case = examples.drop_exec()
    other = replace(case.detections[0], host="elsewhere")
    assert tied.detections(replace(case, detections=(other,))) == ()


def test_a_detection_is_ours_by_process_or_by_path() -> None:
    case = examples.drop_exec()
    found = case.detections[0]
    by_pid = replace(found, exec=replace(found.exec, script="/elsewhere"))
    by_path = replace(found, exec=replace(found.exec, pid=999))
    neither = replace(found, exec=replace(found.exec, pid=999, script="/elsewhere"))
    for item, ours in ((by_pid, 1), (by_path, 1), (neither, 0)):
        assert len(tied.detections(replace(case, detections=(item,)))) == ours


def test_a_detections_further_execs_count_too() -> None:
    case = examples.drop_exec()
    found = case.detections[0]
    other = replace(found.exec, pid=999, script="/elsewhere")
    assert tied.detections(
        replace(case, detections=(replace(found, exec=other, matched=(found.exec,)),))
    )


def with_setup_step(case: CaseEvidence, pid: int) -> CaseEvidence:
    """The same case whose setup ran the payload too, as process ``pid``."""
    step = Step(step="exec", path=examples.PATH, to=None, pid=pid, ppid=1, status=0)
    phases = tuple(
        replace(item, steps=(step,)) if item.phase is Phase.SETUP else item
        for item in case.act.phases
    )
    return replace(case, act=replace(case.act, phases=phases))


def test_an_alert_on_setup_never_counts_and_is_shown() -> None:
    case = with_setup_step(examples.drop_exec(), 777)
    found = case.detections[0]
    on_setup = replace(found, exec=replace(found.exec, pid=777))
    case = replace(case, detections=(on_setup,))
    assert tied.detections(case) == ()
    assert tied.related(case) == (on_setup,)


def test_an_alert_with_our_mark_about_another_process_is_related() -> None:
    case = examples.drop_exec()
    found = case.detections[0]
    noisy = replace(found, exec=replace(found.exec, pid=9, script=f"/x/noisy-{examples.MARK}.sh"))
    stranger = replace(
        found, exec=replace(found.exec, pid=9, script="/x/y.sh"), drop=None, host="example"
    )
    unsure = replace(noisy, answer=Answer.UNDETERMINED)
    case = replace(case, detections=(noisy, stranger, unsure, found))
    assert tied.detections(case) == (found,)
    assert tied.related(case) == (noisy,)


def image(ran: Event, version: int | None, start_ns: int | None = None) -> Process:
    """The payload's process with another pidversion or beginning."""
    token = Token(pid=examples.PAYLOAD, pidversion=version)
    return replace(ran.process, token=token, start_ns=start_ns)


def run_again(version: int | None, *, before: int | None = None) -> CaseEvidence:
    """The example in which a process with the payload's pid then ran a file of somebody else's.

    ``version`` is its pidversion, ``before`` that of the image which became it.
    """
    case = examples.drop_exec(expect=ExpectedAnswer.SILENT)
    assert case.stream is not None
    ran = case.stream.events[-1]
    assert ran.script is not None
    again = replace(
        ran,
        id="example/eslogger/3",
        line=3,
        global_seq=3,
        seq=1,
        time_ns=ran.time_ns + examples.SECOND // 2,
        process=image(ran, version if before is None else before),
        target=image(ran, version),
        script=replace(ran.script, path=STRANGER),
        args=("/bin/sh", STRANGER),
    )
    found = case.detections[0]
    alert = replace(
        found.exec, event_id=again.id, pidversion=version, script=STRANGER, time_ns=again.time_ns
    )
    return replace(
        case,
        stream=replace(case.stream, events=(*case.stream.events, again)),
        detections=(replace(found, exec=alert, drop=None),),
    )


def begun(case: CaseEvidence, *starts: int | None) -> CaseEvidence:
    """The same from a source without pidversions, in which the executions' processes began then."""
    assert case.stream is not None
    times = iter(starts)
    events = []
    for item in case.stream.events:
        if item.kind is Kind.EXEC:
            process = image(item, None, next(times))
            events.append(replace(item, process=process, target=process))
        else:
            events.append(item)
    found = case.detections[0]
    bare = replace(found, exec=replace(found.exec, pidversion=None))
    return replace(case, stream=replace(case.stream, events=tuple(events)), detections=(bare,))


def test_another_process_that_got_the_same_pid_is_not_ours() -> None:
    case = run_again(999_999)
    assert tied.detections(case) == ()
    assert list(tied.perhaps(case)) == []
    assert answered(case).answer is Answer.SILENT


def test_what_the_same_process_becomes_is_ours() -> None:
    own = examples.PAYLOAD * 10
    assert tied.detections(run_again(own + 1, before=own))
    assert tied.detections(run_again(own))


def test_a_process_is_known_by_its_beginning_where_it_has_no_pidversion() -> None:
    case = run_again(999_999)
    assert tied.detections(begun(case, examples.T0, examples.T0))
    other = begun(case, examples.T0, examples.T0 + examples.SECOND)
    assert tied.detections(other) == ()
    assert list(tied.perhaps(other)) == []


@pytest.mark.parametrize("expect", [ExpectedAnswer.FIRES, ExpectedAnswer.SILENT])
def test_where_only_the_pid_is_known_an_alert_is_neither_ours_nor_silence(
    expect: ExpectedAnswer,
) -> None:
    case = begun(run_again(999_999), None, None)
    got = answered(replace(case, case=examples.drop_exec(expect=expect).case))
    assert tied.detections(case) == ()
    assert got.answer is Answer.UNDETERMINED
    assert not got.proven
    assert "by pid 401, and nothing says whether that was the case's process" in got.reason


def test_a_pid_with_the_path_is_ours_whatever_the_source_gives() -> None:
    case = begun(run_again(999_999), None, None)
    found = case.detections[0]
    named = replace(found, exec=replace(found.exec, script=examples.PATH))
    assert tied.detections(replace(case, detections=(named,)))


def test_a_shell_that_carries_the_mark_outweighs_one_that_does_not() -> None:
    """A spawned ``/bin/sh`` is nobody's by its path: only the marked one of that pid is ours."""
    case = run_again(999_999)
    spawn = Step(step="spawn", path="/bin/sh", to=None, pid=examples.PAYLOAD, ppid=1, status=0)
    phases = tuple(
        replace(item, steps=(spawn,)) if item.phase is Phase.ATTACK else item
        for item in case.act.phases
    )
    assert tied.detections(replace(case, act=replace(case.act, phases=phases))) == ()


def test_a_process_of_setup_is_known_by_more_than_its_pid_too() -> None:
    case = with_setup_step(examples.drop_exec(), 777)
    assert case.stream is not None
    ran = case.stream.events[-1]
    old = replace(
        ran,
        id="example/eslogger/0",
        time_ns=examples.T0 + examples.SECOND,
        process=replace(ran.process, token=Token(pid=777, pidversion=1)),
        target=replace(ran.process, token=Token(pid=777, pidversion=2)),
    )
    case = replace(case, stream=replace(case.stream, events=(old, *case.stream.events)))
    found = case.detections[0]
    for version, ours in ((2, False), (70, True)):
        run = replace(found.exec, pid=777, pidversion=version, event_id="x")
        item = replace(found, exec=run)
        assert bool(tied.detections(replace(case, detections=(item,)))) is ours
