"""What the rules say while they decide: per rule id, that it held, and how narrowly it did not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from witnessmark.analytic import Engine
from witnessmark.analytic.explanation import explanations
from witnessmark.analytic.trace import Recorder, Trace
from witnessmark.analytic.tracked import Content, File
from witnessmark.model.detections import Answer, Branch
from witnessmark.model.events import FileRef, Kind, Token

HOME = "/Users/kim"
DOWN = f"{HOME}/Downloads"
X = f"{DOWN}/x.sh"
SAFARI = "/Applications/Safari.app/Contents/MacOS/Safari"
APPLE = {"signing_id": "com.apple.Safari", "platform_binary": True}
PLACE = "/private/var/folders/zz/q/X/AppTranslocation/1-2/d"


def shell(tape: Any, parent: Any, script: str = "/opt/host.sh", **given: Any) -> Any:
    return tape.spawn(parent, "/bin/sh", ["sh", script], **given)


def explained(tape: Any, params: Any, place: int = -1) -> Any:
    """The explanation of one record of the tape."""
    stream, name = tape.stream(), tape.events[place].id
    (item,) = explanations(
        stream, lambda trace: Engine.of(stream, params, trace=trace), lambda each: each.id == name
    )
    return item


def test_A1_held_and_a_spoof_that_did_not(tape: Any, answers: Any) -> None:
    shell(tape, tape.chrome())
    answers(tape)
    assert answers.held()[0].startswith("A1: the browser /Applications/Google Chrome.app")
    shell(tape, tape.spawn(tape.launchd, "/private/tmp/Safari"))
    answers(tape)
    assert answers.stopped()[0] == (
        "A1: '/private/tmp/Safari' has a browser's name, not its signature or place"
    )


def test_A1_nothing_under_a_terminal(tape: Any, answers: Any) -> None:
    shell(tape, tape.terminal)
    answers(tape)
    assert answers.stopped()[0].startswith("A1: no browser is among its spawn-time ancestors")


def test_A2_held_and_the_edge_that_made_no_candidate(tape: Any, answers: Any) -> None:
    safari = tape.spawn(tape.launchd, SAFARI, **APPLE)
    shell(tape, tape.launchd, responsible=safari.image.token)
    answers(tape)
    assert any(item.startswith("A2: by the responsible edge") for item in answers.held())
    shell(tape, tape.terminal, responsible=safari.image.token)
    answers(tape)
    assert answers.stopped()[0] == (
        f"A2: {SAFARI} is responsible, but the spawn parent is not launchd"
    )


def test_A2_says_nothing_of_a_responsible_process_that_is_no_browser(
    tape: Any, answers: Any
) -> None:
    editor = tape.spawn(tape.launchd, "/Applications/Editor.app/Contents/MacOS/Editor")
    shell(tape, tape.terminal, responsible=editor.image.token)
    answers(tape)
    assert not any(item.startswith("A2") for item in answers.stopped())


def test_A3_xpcproxy_says_that_the_next_exec_counts(tape: Any, answers: Any) -> None:
    child = tape.spawn(tape.launchd, "/usr/libexec/xpcproxy")
    answers(tape)
    assert answers.stopped()[0].startswith("A3: xpcproxy is transparent")
    tape.exec(child, "/bin/sh", ["sh"])
    answers(tape)
    assert not any(item.startswith("A3") for item in answers.stopped())


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (29, "A4: depth 1 <= 3; 29 s <= 30 s after the browser's spawn"),
        (31.5, "A4: 31.5 s > 30 s after the browser's spawn"),
    ],
)
def test_A4_window_by_how_much(tape: Any, answers: Any, wait: float, said: str) -> None:
    host = shell(tape, tape.chrome())
    tape.wait(wait - 0.000003)
    shell(tape, host)
    answers(tape)
    assert said in [*answers.held(), *answers.stopped()]


@pytest.mark.parametrize(("between", "stops"), [(3, False), (4, True)])
def test_A4_depth_by_how_much(tape: Any, answers: Any, between: int, stops: bool) -> None:
    task = shell(tape, tape.chrome())
    for _ in range(between):
        task = shell(tape, task)
    answers(tape)
    assert ("A4: depth 4 > 3" in answers.stopped()) is stops


@pytest.mark.parametrize(
    ("path", "given", "said"),
    [
        ("/bin/sh", {}, "(a) it is an interpreter, sh"),
        ("/opt/x", {"script": "/opt/x.sh"}, "(a) it is a script"),
        (f"{HOME}/x", {}, "(b) its image lies in a monitored or user-writable directory"),
        ("/opt/x", {"cs_flags": 0x20000003}, "(c) its image is unsigned or ad hoc signed"),
        (
            "/usr/bin/true",
            {},
            "no interpreter, no script, in no user-writable directory, and signed",
        ),
    ],
)
def test_A4_says_which_of_its_parts(
    tape: Any, answers: Any, path: str, given: dict[str, Any], said: str
) -> None:
    tape.spawn(tape.chrome(), path, **given)
    answers(tape)
    assert f"A4: {said}" in [*answers.held(), *answers.stopped()]


def test_A4_says_what_nobody_knows(standin: Any, answers: Any) -> None:
    standin.spawn(standin.chrome(), "/opt/x")
    answers(standin)
    assert "A4: neither (a) nor (b), and for (c) its signature is not known" in answers.stopped()


def test_A5_says_what_was_excluded(tape: Any, answers: Any) -> None:
    helper = "/Applications/Google Chrome.app/Contents/Helpers/Google Chrome Helper"
    tape.spawn(tape.chrome(), helper)
    answers(tape)
    assert answers.stopped()[0].startswith("A5: excluded: a helper of the browser's own bundle")
    tape.spawn(tape.chrome(), "/opt/helper")
    answers(tape)
    assert not any(item.startswith("A5") for item in answers.stopped())


def test_A6_a_second_exec_of_the_same_process(tape: Any, answers: Any, params: Any) -> None:
    host = shell(tape, tape.chrome())
    shell(tape, host)
    item = explained(tape, params)
    assert [each.event.target.path for each in item.kin] == ["/bin/sh", "/bin/sh"]
    assert item.detection(Branch.A).answer is Answer.FIRED
    tape.wait(200)
    tape.exec(host, "/bin/sh", ["sh"])
    answers(tape)
    assert any(line.startswith("A4: 200") for line in answers.stopped())


def test_A6_a_record_that_comes_after_the_one_alert(tape: Any, answers: Any) -> None:
    host = shell(tape, tape.chrome())
    shell(tape, host)
    late = tape.events.pop()
    for _ in range(6):
        tape.wait(200)
        tape.write("/opt/noise")
    tape.events.append(late)
    assert len(answers(tape)) == 1
    assert answers.stopped() == ["A6: the one alert of its spawned process was given before",
                                 "B1: no drop is known of /opt/host.sh or /bin/sh"]  # fmt: skip


def test_A7_the_unknown_parent_is_told(tape: Any, answers: Any) -> None:
    child = tape.fork(tape.terminal)
    tape.events.pop()
    child.image = replace(child.image, parent=Token(pid=77, pidversion=1), original_ppid=77)
    tape.exec(child, "/bin/sh", ["sh"])
    (found,) = answers(tape)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "parent unknown")
    assert answers.stopped()[0] == "A7: parent unknown"


def test_B1_held_and_every_way_in_which_a_close_is_no_drop(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.write(f"{DOWN}/read", modified=False)
    tape.write(f"{DOWN}/empty", size=0)
    tape.write("/opt/elsewhere")
    tape.create(f"{DOWN}/new")
    answers(tape)
    said = [answers.said(event.id)[-1][1:] for event in tape.events[-5:]]
    assert said == [
        (True, "the close establishes content: a drop"),
        (False, "closed without modification"),
        (False, "zero bytes are no drop"),
        (False, "not in a monitored directory"),
        (False, "a create is no drop: its content comes later"),
    ]


def test_B2_the_time_of_the_content_rules(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.rename(X, f"{DOWN}/y.sh")
    tape.rename(f"{DOWN}/z.crdownload", f"{DOWN}/z")
    tape.event(Kind.SETMODE, tape.terminal, file=tape.ref(f"{DOWN}/z"), mode=0o755)
    answers(tape)
    said = [answers.said(event.id)[-1] for event in tape.events[-3:]]
    assert said == [
        ("B2", True, "the time of its content rules, not of this"),
        ("B1", True, "the rename establishes content: a drop"),
        ("B2", False, "setmode moves no drop's time"),
    ]


def test_B2_content_written_outside(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.rename(X, "/opt/x.sh")
    tape.write("/opt/x.sh")
    shell(tape, tape.terminal, "/opt/x.sh")
    assert answers(tape) == []
    assert answers.stopped()[-1] == "B1: its content was written outside, at /opt/x.sh"


def test_B3_says_what_was_executed_or_only_named(tape: Any, answers: Any) -> None:
    tape.write(X)
    shell(tape, tape.terminal, X)
    answers(tape)
    assert "B3: the interpreter's script operand is the dropped file" in answers.held()
    for args, said in (
        (["sh", "-n", X], "B3: the interpreter only parses it"),
        (["sh", "/opt/tool", X], f"B3: {X!r} is only an argument"),
    ):
        tape.spawn(tape.terminal, "/bin/sh", args)
        answers(tape)
        assert answers.stopped()[-1] == said


def test_B3_says_which_fact_was_missing(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, "/bin/sh", no_args=True)
    answers(tape)
    assert answers.stopped()[-1] == "B3: args missing"


def test_B4_held_and_another_inode(tape: Any, answers: Any) -> None:
    app = f"{DOWN}/Tool.app/Contents/MacOS/Tool"
    tape.write(app)
    for ino in (tape.inodes[app], 4):
        path = f"{PLACE}/Tool.app/Contents/MacOS/Tool"
        tape.spawn(tape.terminal, path, file=FileRef(path=path, dev=99, ino=ino))
        answers(tape)
        wanted = ["B4: by its inode"] if ino != 4 else []
        assert [item for item in answers.held() if item.startswith("B4")] == wanted
    said = "B4: tool.app/contents/macos/tool was dropped with another inode"
    assert said in answers.stopped()


@pytest.mark.parametrize(
    ("wait", "said"), [(600, "B5: 600 s <= 600 s"), (612, "B5: 612 s > 600 s")]
)
def test_B5_window_by_how_much(tape: Any, answers: Any, wait: int, said: str) -> None:
    tape.write(X)
    tape.wait(wait - 0.000002)
    shell(tape, tape.terminal, X)
    answers(tape)
    assert said in [*answers.held(), *answers.stopped()]


def test_B5_a_drop_so_old_that_it_was_forgotten(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.wait(3_600)
    for _ in range(300):
        tape.fork(tape.terminal)
    shell(tape, tape.terminal, X)
    assert answers(tape) == []
    assert answers.stopped()[-1] == f"B5: 3600 s > 600 s since the drop of {X}"


def test_B5_clock_that_stepped_back(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.wait(-100)
    shell(tape, tape.terminal, X)
    answers(tape)
    assert answers.stopped()[-1].startswith("B5: clock unusable: it stepped back 100 s")


@pytest.mark.parametrize(
    ("wait", "writer", "said"),
    [
        (10, "/bin/cp", "severity high: within 60 s of the drop"),
        (70, "/bin/cp", "severity medium: more than 60 s after the drop"),
        (70, "/usr/bin/curl", "severity high: a browser or download tool wrote it"),
    ],
)
def test_B6_says_why_this_severity(
    tape: Any, answers: Any, wait: int, writer: str, said: str
) -> None:
    tape.write(X, tape.spawn(tape.terminal, writer))
    tape.wait(wait)
    shell(tape, tape.terminal, X)
    answers(tape)
    assert f"B6: {said}" in answers.held()


def test_dedupe_says_how_long_ago(tape: Any, answers: Any) -> None:
    tape.write(X)
    shell(tape, tape.terminal, X)
    tape.wait(40)
    shell(tape, tape.terminal, X)
    assert len(answers(tape)) == 1
    assert answers.stopped()[-1] == "dedupe: an alert for this file was given 40 s before"


def test_K1_the_same_exec_twice(tape: Any, params: Any) -> None:
    shell(tape, tape.chrome())
    event = tape.events[-1]
    tape.events.append(replace(event, id="mac/es/99", global_seq=event.global_seq + 1, line=99))
    steps = explained(tape, params).account.steps
    assert [(step.rule, step.holds) for step in steps] == [("K1", False)]


def test_K1_a_repeated_number_was_never_taken_in(tape: Any, params: Any) -> None:
    shell(tape, tape.chrome())
    tape.events.append(replace(tape.events[-1], id="mac/es/99", line=99))
    (step,) = explained(tape, params).account.steps
    assert step.text.startswith("never taken in")


def test_K2_the_history_follows_the_file(tape: Any, params: Any) -> None:
    tape.write(X)
    tape.rename(X, "/opt/y.sh")
    shell(tape, tape.terminal, "/opt/y.sh")
    kinds = [each.event.kind for each in explained(tape, params).history]
    assert kinds == [Kind.CLOSE, Kind.RENAME, Kind.EXEC]


def test_K2_a_copy_has_the_history_of_its_source(tape: Any, params: Any) -> None:
    tape.write(X)
    tape.clone(X, "/opt/y.sh")
    shell(tape, tape.terminal, "/opt/y.sh")
    kinds = [each.event.kind for each in explained(tape, params).history]
    assert kinds == [Kind.CLOSE, Kind.CLONE, Kind.EXEC]


def test_K3_another_users_file_of_the_same_name(tape: Any, answers: Any) -> None:
    tape.write("/Users/lee/Downloads/x.sh")
    shell(tape, tape.terminal, X)
    assert answers(tape) == []
    assert answers.stopped()[-1] == (
        "K3: the drop of that name is another file, /Users/lee/Downloads/x.sh"
    )


def test_a_drop_names_what_came_of_it(tape: Any, params: Any) -> None:
    tape.write(X)
    shell(tape, tape.terminal, X)
    item = explained(tape, params, -3)
    assert item.account.event.kind is Kind.CLOSE
    assert item.detection(Branch.B).answer is Answer.FIRED
    assert item.detection(Branch.A) is None


def test_what_nobody_asked_for_is_not_kept(tape: Any, params: Any) -> None:
    for number in range(50):
        tape.write(f"/opt/{number}")
        shell(tape, tape.terminal)
    tape.write(X)
    stream, last = tape.stream(), tape.events[-1]
    kept = []

    def engine(trace: Any) -> Engine:
        kept.append(trace)
        return Engine.of(stream, params, trace=trace)

    explanations(stream, engine, lambda event: event is last)
    assert list(kept[0].accounts) == [last.id]


def content(tape: Any) -> Content:
    return Content(
        time_ns=tape.now, seq=1, event_id="e", path=X, writer=tape.terminal.image, how="close"
    )


def test_what_is_said_of_a_record_that_nobody_asked_for_is_not_kept(tape: Any) -> None:
    recorder = Recorder(lambda _: False)
    recorder.begin(tape.event(Kind.EXIT, tape.terminal))
    recorder.say("K1", False, "of the exit")
    recorder.ran(object(), None)  # type: ignore[arg-type]
    recorder.touched(File(content(tape)))
    assert recorder.accounts == {}
    exited = tape.event(Kind.EXIT, tape.terminal)
    asked = Recorder(lambda event: event is exited)
    asked.begin(exited)
    asked.say("K1", False, "of the exit")
    assert [step.text for step in asked.accounts[exited.id].steps] == ["of the exit"]


def test_a_record_stands_once_in_a_files_history(tape: Any) -> None:
    recorder, file = Recorder(lambda _: True), File(content(tape))
    first, second = tape.write(X), tape.write(X)
    for event in (first, second):
        recorder.begin(event)
        recorder.touched(file)
        recorder.touched(file)
    account = recorder.accounts[second.id]
    assert [item.event.id for item in recorder.history(account)] == [first.id, second.id]


def test_only_a_drop_that_was_given_up_is_remembered_as_gone(tape: Any) -> None:
    recorder, old = Recorder(lambda _: True), content(tape)
    recorder.forgot("/a", None)
    recorder.forgot("/b", old)
    assert recorder.gone("/a") is None
    assert recorder.gone("/b") is old
    nobody = Trace()
    nobody.forgot("/b", old)
    assert nobody.gone("/b") is None, "where nobody listens nothing is kept"
