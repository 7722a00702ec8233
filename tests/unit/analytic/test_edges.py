"""Rare shapes: torn telemetry, cut paths, sources that say less than eslogger, full tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from witnessmark.analytic import Engine, identity, lineage, tracked
from witnessmark.analytic.invocation import Runs, parse
from witnessmark.analytic.pace import BATCH
from witnessmark.model.detections import Answer
from witnessmark.model.events import FileRef, Kind, SnapshotRow, Token
from witnessmark.model.workflows import Match, Workflow

HOME = "/Users/kim"
DOWN = f"{HOME}/Downloads"
X = f"{DOWN}/x.sh"
CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def shell(tape: Any, parent: Any, path: str = "/opt/host.sh") -> Any:
    return tape.spawn(parent, "/bin/sh", ["sh", path])


@pytest.mark.parametrize(("cut", "count"), [(f"{DOWN}/very/lo", 1), ("/opt/very/lo", 0)])
def test_B3_truncated_path_that_could_be_the_drop(
    tape: Any, answers: Any, cut: str, count: int
) -> None:
    tape.write(f"{DOWN}/very/long/path")
    tape.spawn(tape.terminal, cut, file=FileRef(path=cut, truncated=True))
    found = answers(tape)
    assert [item.reason for item in found] == ["the executed path is truncated"] * count


def test_B1_late_record_of_older_content_moves_no_time_back(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.wait(-300)
    tape.write(X)
    tape.wait(310)
    shell(tape, tape.terminal, X)
    (found,) = answers(tape)
    assert found.gap_s < 20


def test_B2_folder_cloned_out_takes_its_members_along(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/kit/x.sh")
    tape.clone(f"{DOWN}/kit", "/private/tmp/kit")
    shell(tape, tape.terminal, "/private/tmp/kit/x.sh")
    (found,) = answers(tape)
    assert found.drop.path == f"{DOWN}/kit/x.sh"


def test_B2_member_linked_within_a_dropped_folder(tape: Any, answers: Any) -> None:
    tape.rename("/private/tmp/T/kit", f"{DOWN}/kit")
    tape.link(f"{DOWN}/kit/a", f"{DOWN}/x.sh")
    shell(tape, tape.terminal, X)
    assert answers.fired(tape) == ["B"]


def test_B4_translocated_app_beside_an_aged_bundle_is_silent(tape: Any, answers: Any) -> None:
    tape.rename(f"{DOWN}/Tool.app", "/Applications/Tool.app")
    place = "/private/var/folders/a/b/T/AppTranslocation/0-1/d/Tool.app/Contents/MacOS/Tool"
    tape.spawn(tape.launchd, place)
    assert answers.fired(tape) == []


def test_A4_workflow_with_unknown_signing_is_undetermined(standin: Any, answers: Any) -> None:
    day = date(2026, 1, 1)
    entry = Workflow(
        id="w", owner="o", reason="r", subject="image", branch="A", evidence="e",
        match=Match(path="/bin/sh", signing_id="com.apple.sh"),
        first_seen=day, review_by=day, expires=date(2027, 1, 1),
    )  # fmt: skip
    shell(standin, standin.chrome())
    (found,) = answers(standin, baseline=[entry])
    assert found.answer is Answer.UNDETERMINED
    assert found.reason == "workflow w: signing unknown"


def test_A5_platform_helper_inside_a_platform_browsers_bundle(tape: Any, answers: Any) -> None:
    bundle = f"{HOME}/Safari.app/Contents"
    apple = {"platform_binary": True, "cs_flags": 0x24000001}
    safari = tape.spawn(tape.launchd, f"{bundle}/MacOS/S", signing_id="com.apple.Safari", **apple)
    tape.spawn(safari, f"{bundle}/MacOS/helper", signing_id="com.apple.h", **apple)
    assert answers.fired(tape) == []
    tape.spawn(safari, f"{bundle}/MacOS/fake", signing_id="h", cs_flags=0x20000003)
    assert answers.fired(tape) == ["A"]


def test_A2_webkit_of_which_a_standin_cannot_know_the_owner(standin: Any, answers: Any) -> None:
    service = standin.spawn(
        standin.launchd,
        "/System/Library/Frameworks/WebKit.framework/Versions/A/XPCServices/"
        "com.apple.WebKit.GPU.xpc/Contents/MacOS/com.apple.WebKit.GPU",
    )
    shell(standin, service)
    (found,) = answers(standin)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "responsible process unknown")


def test_A2_responsible_process_that_nobody_saw(tape: Any, answers: Any) -> None:
    tape.spawn(tape.launchd, "/bin/sh", ["sh"], responsible=Token(pid=77, pidversion=5))
    (found,) = answers(tape)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "responsible process unknown")


def test_K1_exec_only_source_without_start_times(tape: Any, answers: Any) -> None:
    """As osquery: no forks, no starts. The exec is the spawn."""
    chrome = tape.chrome()
    child = tape.fork(chrome)
    tape.exec(child, "/bin/sh", ["sh"])
    plain = [
        replace(
            event,
            process=replace(event.process, start_ns=None),
            target=replace(event.target, start_ns=None),
        )
        for event in tape.events
        if event.kind is Kind.EXEC
    ]
    tape.events[:] = plain
    assert answers.fired(tape) == ["A"]


def test_K1_lost_exec_in_one_pid_keeps_the_lineage(tape: Any, answers: Any) -> None:
    host = tape.spawn(tape.chrome(), "/usr/bin/true")
    tape.exec(host, "/usr/bin/env")
    tape.events.pop()
    shell(tape, host)
    assert answers.fired(tape) == ["A"]


def test_K1_parent_known_by_ppid_only(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    child = tape.fork(chrome)
    tape.events.pop()
    child.image = replace(child.image, parent=None, original_ppid=None)
    tape.exec(child, "/bin/sh", ["sh"], parent=None, original_ppid=None)
    assert answers.fired(tape) == ["A"]
    orphaned = replace(child.image, ppid=None, token=Token(pid=7, pidversion=8))
    tape.exec(type(child)(orphaned), "/bin/sh", ["sh"], parent=None, original_ppid=None)
    last = tape.events[-1]
    tape.events[-1] = replace(last, target=replace(last.target, ppid=None, parent=None))
    assert [item.answer for item in answers(tape)] == [Answer.FIRED, Answer.UNDETERMINED]


def test_K1_snapshot_row_gets_its_start_from_its_own_records(tape: Any, answers: Any) -> None:
    rows = (SnapshotRow(pid=299, ppid=1, path=CHROME), SnapshotRow(pid=300, ppid=299, path="/v"))
    start = tape.now - 60_000_000_000
    host = type(tape.terminal)(
        tape.program("/v", Token(pid=300, pidversion=4), None, start_ns=start)
    )
    tape.events.clear()
    shell(tape, host)
    assert answers(tape, stream=tape.stream(snapshot=rows)) == []


def test_K1_snapshot_rows_in_a_circle(tape: Any, answers: Any) -> None:
    rows = (SnapshotRow(pid=298, ppid=299, path="/a"), SnapshotRow(pid=299, ppid=298, path="/b"))
    child = tape.fork(tape.terminal)
    tape.events.clear()
    child.image = replace(child.image, parent=Token(pid=298, pidversion=1), original_ppid=298)
    tape.exec(child, "/bin/sh", ["sh"])
    (found,) = answers(tape, stream=tape.stream(snapshot=rows))
    assert found.reason == "parent unknown"


def test_events_without_their_parts_say_nothing(tape: Any, answers: Any) -> None:
    tape.event(Kind.EXEC, tape.terminal)
    tape.event(Kind.FORK, tape.terminal)
    for kind in (Kind.RENAME, Kind.LINK, Kind.CLONE, Kind.CLOSE):
        tape.event(kind, tape.terminal, file=FileRef(path=X))
        tape.event(kind, tape.terminal)
    tape.event(Kind.OTHER, tape.terminal)
    assert answers.fired(tape) == []


def test_time_may_pass_without_events(tape: Any, params: Any) -> None:
    engine = Engine(params)
    shell(tape, tape.chrome())
    assert [item for event in tape.events for item in engine.feed(event)] == []
    assert engine.advance(tape.now + 29_000_000_000) == []
    assert len(engine.advance(tape.now + 31_000_000_000)) == 1
    assert engine.late == 0


def test_full_tables_forget_the_oldest(tape: Any, params: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(lineage, "MOST_IMAGES", 50)
    monkeypatch.setattr(tracked, "MOST_OUTSIDE", 10)
    engine = Engine(params)
    for number in range(300):
        tape.fork(tape.terminal)
        tape.write(f"{DOWN}/{number}")
        tape.rename(f"{DOWN}/{number}", f"/opt/{number}")
    for event in tape.events:
        engine.feed(event)
    engine._lineage.prune(tape.now)
    assert len(engine._lineage.images) <= 50
    assert len(engine._drops.table) <= 10


def test_alerts_held_back_are_forgotten_in_time(tape: Any, params: Any) -> None:
    engine = Engine(params)
    for number in range(1_300):
        tape.write(f"{DOWN}/{number}.sh")
        shell(tape, tape.terminal, f"{DOWN}/{number}.sh")
        tape.wait(1)
    for event in tape.events:
        engine.feed(event)
    assert len(engine._b._told) < 1_100


@pytest.mark.parametrize(
    ("language", "line", "runs", "operand"),
    [
        ("python", "python3 -V x", Runs.NOTHING, None),
        ("bash", "bash --version x", Runs.NOTHING, None),
        ("node", "node --eval 1 x", Runs.INLINE, None),
        ("node", "node --import=a x", Runs.SCRIPT, "x"),
        ("java", "java --module m/c x", Runs.MODULE, None),
        ("java", "java -cp", Runs.STDIN, None),
        ("csh", "csh -b x", Runs.SCRIPT, "x"),
        ("zsh", "zsh -fb x", Runs.SCRIPT, "x"),
        ("zsh", "zsh +o exec x", Runs.CHECK, "x"),
        ("php", "php -f", Runs.STDIN, None),
        ("php", "php --file=x y", Runs.SCRIPT, "x"),
        ("fish", "fish -C init x", Runs.SCRIPT, "x"),
        ("fish", "fish --no-execute x", Runs.CHECK, "x"),
        ("osascript", "osascript -e 1 x", Runs.INLINE, None),
        ("perl", "perl -i.bak -0777 -ne 1 x", Runs.INLINE, None),
        ("perl", "perl -Mstrict -T x", Runs.SCRIPT, "x"),
        ("ruby", "ruby -W0 --encoding utf-8 x", Runs.SCRIPT, "x"),
        ("tcl", "tclsh x", Runs.SCRIPT, "x"),
        ("swift", "swift -frontend -interpret x", Runs.SCRIPT, "x"),
        ("swift", "swift -typecheck x", Runs.CHECK, "x"),
        ("pwsh", "pwsh -Command x", Runs.INLINE, None),
        ("jsc", "jsc -e 1", Runs.INLINE, None),
        ("sh", "sh -", Runs.STDIN, None),
        ("sh", "sh", Runs.STDIN, None),
        ("sh", "", Runs.STDIN, None),
        ("sh", "sh -ec x y", Runs.INLINE, None),
        ("sh", "sh -o", Runs.STDIN, None),
        ("bash", "bash --norc --init-file f -i x", Runs.SCRIPT, "x"),
    ],
)
def test_B3_command_lines(language: str, line: str, runs: Runs, operand: str | None) -> None:
    found = parse(language, line.split())
    assert (found.runs, found.operand) == (runs, operand)


@pytest.mark.parametrize(("sizes", "fired"), [((60,), ["B"]), ((60, 0), [])])
def test_B4_translocated_app_whose_program_was_emptied_is_silent(
    tape: Any, answers: Any, sizes: tuple[int, ...], fired: list[str]
) -> None:
    inner = f"{DOWN}/Tool.app/Contents/MacOS/Tool"
    place = "/private/var/folders/a/b/T/AppTranslocation/0-1/d/Tool.app/Contents/MacOS/Tool"
    for size in sizes:
        tape.write(inner, size=size)
    tape.inodes[place] = tape.inodes[inner]
    tape.spawn(tape.launchd, place)
    assert answers.fired(tape) == fired


def test_B2_a_rename_over_a_folder_ends_what_was_in_it(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/old/x.sh")
    tape.rename("/opt/other", f"{DOWN}/old")
    del tape.inodes[f"{DOWN}/old/x.sh"]
    shell(tape, tape.terminal, f"{DOWN}/old/x.sh")
    (found,) = answers(tape)
    assert found.drop.path == f"{DOWN}/old", "the folder that came, not the file that was there"


def test_B2_a_rename_to_its_own_name_moves_nothing(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/d/x.sh")
    tape.rename(f"{DOWN}/d", f"{DOWN}/d")
    shell(tape, tape.terminal, f"{DOWN}/d/x.sh")
    (found,) = answers(tape)
    assert found.drop.path == f"{DOWN}/d/x.sh"


def test_B5_content_that_was_written_again_does_not_age_with_the_first(
    tape: Any, answers: Any
) -> None:
    tape.write(X)
    tape.wait(500)
    tape.write(X)
    tape.wait(400)
    tape.write(f"{DOWN}/other")
    tape.wait(100)
    shell(tape, tape.terminal, X)
    (found,) = answers(tape)
    assert (found.answer, round(found.gap_s)) == (Answer.FIRED, 500)


def test_B3_words_that_can_name_no_drop_are_passed_over(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, "/bin/cat", ["cat", "", "x" * 5_000, "other", X])
    assert answers(tape) == []
    assert answers.misses() == [f"B3: {X!r} is only an argument"]


def test_B3_a_check_of_another_file_is_no_near_miss(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, "/bin/sh", ["sh", "-n", "/opt/other.sh"])
    assert answers(tape) == []
    assert answers.misses() == []
    tape.spawn(tape.terminal, "/bin/sh", ["sh", "-n", X])
    assert answers(tape) == []
    assert answers.misses() == ["B3: the interpreter only parses it"]


def test_A2_a_token_of_a_pid_that_is_another_process_now_is_unknown(
    tape: Any, answers: Any
) -> None:
    gone = Token(pid=tape.terminal.pid, pidversion=1)
    tape.spawn(tape.launchd, "/bin/sh", ["sh"], responsible=gone)
    (found,) = answers(tape)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "responsible process unknown")


def test_A7_processes_whose_parent_nobody_saw_are_counted(tape: Any, answers: Any) -> None:
    shell(tape, tape.chrome())
    answers(tape)
    assert answers.engine.unresolved == 0
    stranger = replace(
        tape.terminal.image, token=Token(pid=77, pidversion=77), parent=Token(pid=76)
    )
    tape.event(
        Kind.CLOSE, replace(tape.terminal, image=replace(stranger, ppid=76, original_ppid=76))
    )
    answers(tape)
    assert answers.engine.unresolved == 1


def test_K1_a_token_that_a_reboot_used_again_outlives_the_first(tape: Any, answers: Any) -> None:
    """The first process is forgotten in time; the browser that has its token now is not."""
    first = tape.spawn(tape.launchd, "/bin/sleep")
    token = first.image.token
    tape.exit(first)
    tape.wait(5)
    browser = tape.chrome()
    tape.exec(browser, CHROME, start_ns=tape.now)
    tape.events[-1] = replace(tape.events[-1], target=replace(tape.events[-1].target, token=token))
    browser.image = tape.events[-1].target
    for _ in range(2 * BATCH):
        tape.wait(5)
        tape.write(f"{DOWN}/later")
    assert answers(tape) == []
    kept = answers.engine._lineage.images[token.pid, token.pidversion]
    assert kept.process.path == CHROME
    shell(tape, browser)
    assert answers.fired(tape) == ["A"]


def test_A1_known_images_are_forgotten_and_known_again(
    tape: Any, answers: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(identity, "_CACHE", 1)
    browser = tape.chrome()
    for number in range(3):
        shell(tape, tape.terminal, f"/opt/{number}")
        shell(tape, browser)
    assert answers.fired(tape) == ["A"] * 3
    found = answers.engine._lineage._identity
    assert (len(found._known), len(found._run)) == (1, 1)
