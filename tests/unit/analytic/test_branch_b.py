"""Branch B (analytic.md B1-B6): every test is named after the rule that it holds to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from witnessmark.model.detections import Answer
from witnessmark.model.events import FileRef, Kind, Stream

HOME = "/Users/kim"
DOWN = f"{HOME}/Downloads"
CACHES = f"{HOME}/Library/Caches"
X = f"{DOWN}/x.sh"
SECOND = 1_000_000_000


def run(tape: Any, path: str = X, **given: Any) -> Any:
    return tape.spawn(tape.terminal, "/bin/sh", ["sh", path], **given)


def test_B1_close_after_modification_then_operand(tape: Any, answers: Any) -> None:
    drop = tape.write(X)
    tape.wait(2)
    task = run(tape)
    (found,) = answers(tape)
    assert (found.answer, found.branch.value) == (Answer.FIRED, "B")
    assert found.rules == ("B1", "B3", "B5")
    assert found.drop.seq == drop.global_seq
    assert found.drop.path == X
    assert found.drop.writer == "/bin/zsh"
    assert (found.exec.pid, found.exec.path, found.exec.script) == (task.pid, "/bin/sh", X)
    assert found.gap_s == pytest.approx(2, abs=0.01)
    assert found.received_ns == found.exec.time_ns + 7


@pytest.mark.parametrize("folder", [DOWN, CACHES, f"{DOWN}/deep/er", "/var/root/Downloads"])
def test_B1_monitored_directories(tape: Any, answers: Any, folder: str) -> None:
    tape.write(f"{folder}/x.sh")
    run(tape, f"{folder}/x.sh")
    assert answers.fired(tape) == ["B"]


@pytest.mark.parametrize(
    "folder",
    [HOME, f"{HOME}/Documents", "/private/tmp", "/Users/Shared/Downloads", f"{HOME}/Downloads2"],
)
def test_B1_elsewhere_is_silent(tape: Any, answers: Any, folder: str) -> None:
    tape.write(f"{folder}/x.sh")
    run(tape, f"{folder}/x.sh")
    assert answers.fired(tape) == []


def test_B1_read_only_close_is_no_drop(tape: Any, answers: Any) -> None:
    tape.write(X, modified=False)
    run(tape)
    assert answers.fired(tape) == []


def test_B1_mapped_writable_is_a_possible_drop(tape: Any, answers: Any) -> None:
    tape.write(X, modified=False, mapped_writable=True)
    run(tape)
    (found,) = answers(tape)
    assert found.answer is Answer.FIRED
    assert "possible" in found.reason


def test_B1_zero_byte_create_and_close_are_no_drop(tape: Any, answers: Any) -> None:
    tape.create(X)
    tape.write(X, size=0)
    run(tape)
    assert answers.fired(tape) == []


def test_B1_emptied_file_is_no_drop_any_more(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.write(X, size=0)
    run(tape)
    assert answers.fired(tape) == []


def test_B1_rename_over_reservation_as_chromium_does(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    tape.create(f"{DOWN}/.com.google.Chrome.AbC", chrome)
    tape.write(f"{DOWN}/.com.google.Chrome.AbC", chrome)
    tape.rename(f"{DOWN}/.com.google.Chrome.AbC", f"{X}.crdownload", chrome)
    tape.create(X, chrome)
    last = tape.rename(f"{X}.crdownload", X, chrome)
    tape.wait(90)
    run(tape)
    (found,) = answers(tape)
    assert found.drop.seq == last.global_seq
    assert found.rules == ("B1", "B2", "B3", "B5")
    assert found.severity == "high"  # B6: a browser wrote it


def test_B1_rename_in_of_a_directory_drops_everything_below(tape: Any, answers: Any) -> None:
    tape.rename("/private/tmp/T/Tool.app", f"{DOWN}/Tool.app")
    tape.spawn(tape.terminal, f"{DOWN}/Tool.app/Contents/MacOS/Tool")
    (found,) = answers(tape)
    assert (found.answer, found.drop.path) == (Answer.FIRED, f"{DOWN}/Tool.app")


@pytest.mark.parametrize("kind", [Kind.CLONE, Kind.COPYFILE])
def test_B1_clone_and_copyfile_in(tape: Any, answers: Any, kind: Kind) -> None:
    tape.clone("/private/tmp/x.sh", X, kind)
    run(tape)
    assert answers.fired(tape) == ["B"]


def test_B1_link_in(tape: Any, answers: Any) -> None:
    tape.link("/private/tmp/x.sh", X)
    run(tape)
    assert answers.fired(tape) == ["B"]


def test_B1_last_content_rules(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.wait(700)
    second = tape.write(X)
    tape.wait(5)
    run(tape)
    (found,) = answers(tape)
    assert found.drop.seq == second.global_seq


def test_B1_execution_before_the_drop_is_silent(tape: Any, answers: Any) -> None:
    run(tape)
    tape.write(X)
    assert answers.fired(tape) == []


def test_B2_keep_pressed_twenty_minutes_later(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/Unconfirmed 7.crdownload")
    tape.wait(1_200)
    kept = tape.rename(f"{DOWN}/Unconfirmed 7.crdownload", X)
    tape.wait(10)
    run(tape)
    (found,) = answers(tape)
    assert found.drop.seq == kept.global_seq


def test_B2_safari_download_folder_counts_as_temporary_name(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/x.sh.download/x.sh")
    tape.wait(1_200)
    tape.rename(f"{DOWN}/x.sh.download/x.sh", X)
    run(tape)
    assert answers.fired(tape) == ["B"]


def test_B2_other_rename_inside_keeps_the_content_time(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/a.txt")
    tape.wait(605)
    tape.rename(f"{DOWN}/a.txt", X)
    run(tape)
    assert answers.fired(tape) == []
    assert answers.misses() == ["B5: 605 s > 600 s"]


def test_B2_rename_of_a_file_older_than_the_capture_is_no_drop(tape: Any, answers: Any) -> None:
    tape.rename(f"{DOWN}/old.sh", X)
    run(tape)
    assert answers.fired(tape) == []


@pytest.mark.parametrize("move", ["rename", "link", "clone"])
def test_B2_out_of_the_directory_keeps_drop_and_origin(tape: Any, answers: Any, move: str) -> None:
    drop = tape.write(X)
    tape.wait(30)
    getattr(tape, move)(X, "/private/tmp/y.sh")
    tape.wait(30)
    run(tape, "/private/tmp/y.sh")
    (found,) = answers(tape)
    assert (found.drop.seq, found.drop.path) == (drop.global_seq, X)
    assert found.gap_s == pytest.approx(60, abs=0.01)


def test_B2_app_dragged_to_applications_keeps_the_drop(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/Tool.app/Contents/MacOS/Tool")
    tape.rename(f"{DOWN}/Tool.app", "/Applications/Tool.app")
    tape.spawn(tape.terminal, "/Applications/Tool.app/Contents/MacOS/Tool")
    (found,) = answers(tape)
    assert found.drop.path == f"{DOWN}/Tool.app/Contents/MacOS/Tool"


def test_B2_folder_moved_out_takes_its_members_along(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/kit/x.sh")
    tape.rename(f"{DOWN}/kit", "/private/tmp/kit")
    run(tape, "/private/tmp/kit/x.sh")
    assert answers.fired(tape) == ["B"]
    tape.wait(400)
    run(tape, f"{DOWN}/kit/x.sh")
    assert answers.fired(tape) == ["B"]


def test_B2_member_of_a_dropped_folder_moved_out_keeps_the_drop(tape: Any, answers: Any) -> None:
    tape.rename("/private/tmp/T/kit", f"{DOWN}/kit")
    tape.rename(f"{DOWN}/kit/x.sh", "/private/tmp/x.sh")
    run(tape, "/private/tmp/x.sh")
    assert answers.fired(tape) == ["B"]


def test_B2_coming_back_by_rename_keeps_the_content_time(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.rename(X, "/private/tmp/x.sh")
    tape.wait(1_500)
    for _ in range(300):
        tape.write(f"{HOME}/noise")
    tape.rename("/private/tmp/x.sh", X)
    run(tape)
    assert answers.fired(tape) == []


def test_B2_old_file_out_and_back_is_no_new_drop(tape: Any, answers: Any) -> None:
    tape.rename(f"{DOWN}/old.sh", "/private/tmp/old.sh")
    tape.rename("/private/tmp/old.sh", X)
    run(tape)
    assert answers.fired(tape) == []


def test_B2_rewritten_outside_is_no_drop_there(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.rename(X, "/private/tmp/x.sh")
    tape.write("/private/tmp/x.sh")
    run(tape, "/private/tmp/x.sh")
    assert answers.fired(tape) == []


def test_B2_rewritten_outside_and_back_takes_the_time_of_the_rewriting(
    tape: Any, answers: Any
) -> None:
    tape.write(X)
    tape.rename(X, "/private/tmp/x.sh")
    tape.wait(500)
    again = tape.write("/private/tmp/x.sh")
    tape.rename("/private/tmp/x.sh", X)
    tape.wait(300)
    run(tape)
    (found,) = answers(tape)
    assert found.drop.seq == again.global_seq


def test_B2_chmod_and_touch_do_not_move_the_time(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.wait(595)
    tape.event(Kind.SETMODE, tape.terminal, file=tape.ref(X), mode=0o755)
    tape.event(Kind.SETEXTATTR, tape.terminal, file=tape.ref(X), xattr="com.apple.quarantine")
    tape.wait(10)
    run(tape)
    assert answers.fired(tape) == []


def test_B3_image(tape: Any, answers: Any) -> None:
    tape.write(f"{CACHES}/u")
    tape.spawn(tape.terminal, f"{CACHES}/u")
    assert answers.fired(tape) == ["B"]


def test_B3_script_path(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, "/bin/sh", ["/bin/sh", "./x.sh"], script=X, cwd=DOWN)
    assert answers.fired(tape) == ["B"]


@pytest.mark.parametrize(
    ("program", "args"),
    [
        ("/bin/sh", ["sh", "x.sh"]),
        ("/bin/sh", ["sh", "./../Downloads/x.sh"]),
        ("/bin/sh", ["sh", "-e", "--", "x.sh", "arg"]),
        ("/bin/bash", ["bash", "-eo", "pipefail", "x.sh"]),
        ("/bin/bash", ["bash", "-norc", "x.sh"]),
        ("/bin/bash", ["bash", "--rcfile", "/dev/null", "x.sh"]),
        ("/bin/zsh", ["zsh", "-f", "x.sh"]),
        ("/bin/dash", ["dash", "+x", "x.sh"]),
        ("/usr/bin/python3", ["python3", "-u", "-W", "ignore", "-Xdev", "x.sh"]),
        ("/usr/bin/perl", ["perl", "-w", "-Ilib", "x.sh"]),
        ("/usr/bin/ruby", ["ruby", "-r", "json", "x.sh"]),
        ("/usr/bin/ruby", ["ruby", "-C", DOWN, "x.sh"]),
        ("/usr/local/bin/php", ["php", "-d", "a=1", "-f", "x.sh"]),
        ("/usr/local/bin/node", ["node", "--require", "m", "x.sh"]),
        ("/usr/bin/osascript", ["osascript", "-l", "JavaScript", "x.sh"]),
        ("/usr/bin/tclsh", ["tclsh", "-encoding", "utf-8", "x.sh"]),
        ("/usr/bin/swift", ["swift", "-O", "x.sh"]),
        ("/usr/bin/java", ["java", "-cp", ".", "-jar", "x.sh"]),
        ("/usr/local/bin/pwsh", ["pwsh", "-NoProfile", "-File", "x.sh"]),
    ],
)
def test_B3_script_operand(tape: Any, answers: Any, program: str, args: list[str]) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, program, args, cwd=DOWN)
    assert answers.fired(tape) == ["B"]


def test_B3_operand_after_a_change_of_folder(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/kit/x.rb")
    tape.spawn(tape.terminal, "/usr/bin/ruby", ["ruby", "-C", "kit", "x.rb"], cwd=DOWN)
    tape.spawn(tape.terminal, "/usr/bin/ruby", ["ruby", f"-C{DOWN}/kit", "./y/../x.rb"], cwd="/")
    assert answers.fired(tape) == ["B"]
    tape.events.pop(-3)
    tape.events.pop(-3)
    assert answers.fired(tape) == ["B"]


@pytest.mark.parametrize(
    ("program", "args"),
    [
        ("/bin/bash", ["bash", "-n", "x.sh"]),
        ("/bin/sh", ["sh", "-o", "noexec", "x.sh"]),
        ("/bin/zsh", ["zsh", "--no-exec", "x.sh"]),
        ("/usr/bin/perl", ["perl", "-wc", "x.sh"]),
        ("/usr/bin/ruby", ["ruby", "-c", "x.sh"]),
        ("/usr/local/bin/php", ["php", "-l", "x.sh"]),
        ("/usr/local/bin/node", ["node", "--check", "x.sh"]),
    ],
)
def test_B3_only_parsing_is_no_execution(
    tape: Any, answers: Any, program: str, args: list[str]
) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, program, args, cwd=DOWN)
    assert answers.fired(tape) == []
    assert answers.misses() == ["B3: the interpreter only parses it"]


@pytest.mark.parametrize(
    ("program", "args"),
    [
        ("/usr/bin/python3", ["python3", "/opt/tool.py", X]),
        ("/usr/bin/python3", ["python3", "-c", "print()", X]),
        ("/usr/bin/python3", ["python3", "-m", "tool", X]),
        ("/usr/bin/python3", ["python3", "-", X]),
        ("/bin/sh", ["sh", "-s", X]),
        ("/bin/sh", ["sh", "-c", "true", X]),
        ("/usr/bin/grep", ["grep", "x", X]),
        ("/bin/cat", ["cat", X]),
    ],
)
def test_B3_data_is_no_execution(tape: Any, answers: Any, program: str, args: list[str]) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, program, args)
    assert answers.fired(tape) == []
    assert answers.misses() == [f"B3: {X!r} is only an argument"]


@pytest.mark.parametrize(
    "words",
    [
        ["/usr/bin/env", "-S", X],
        ["/usr/bin/nohup", X],
        ["/usr/bin/sudo", "-n", "sh", X],
        ["/usr/bin/caffeinate", "-i", "sh", X],
    ],
)
def test_B3_a_wrapper_is_not_its_operand(tape: Any, answers: Any, words: list[str]) -> None:
    tape.write(X)
    wrapper = tape.spawn(tape.terminal, words[0], words)
    assert answers.fired(tape) == []
    assert "wrapper" in answers.misses()[0]
    tape.exec(wrapper, "/bin/sh", ["sh", X])
    assert answers.fired(tape) == ["B"]


def test_B3_missing_args_leave_it_open_only_beside_a_live_drop(tape: Any, answers: Any) -> None:
    tape.spawn(tape.terminal, "/bin/sh", no_args=True)
    assert answers(tape) == []
    tape.write(X)
    tape.spawn(tape.terminal, "/usr/bin/true", no_args=True)
    assert answers(tape) == []
    tape.spawn(tape.terminal, "/bin/sh", no_args=True)
    (found,) = answers(tape)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "args missing")


def test_B3_missing_cwd_leaves_open_only_what_could_be_the_drop(tape: Any, answers: Any) -> None:
    tape.write(X)
    run(tape, "y.sh", cwd=None)
    assert answers(tape) == []
    run(tape, "./x.sh", cwd=None)
    (found,) = answers(tape)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "cwd missing")


def test_B4_translocated_app_by_bundle_and_inode(tape: Any, answers: Any) -> None:
    inside = f"{DOWN}/Tool.app/Contents/MacOS/Tool"
    tape.write(inside)
    place = "/private/var/folders/a/b/T/AppTranslocation/0-1/d/Tool.app/Contents/MacOS/Tool"
    same = FileRef(path=place, dev=99, ino=tape.inodes[inside])
    tape.spawn(tape.launchd, place, file=same)
    (found,) = answers(tape)
    assert found.rules == ("B1", "B3", "B4", "B5")
    assert not found.inferred


def test_B4_translocated_app_with_another_inode_is_silent(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/Tool.app/Contents/MacOS/Tool")
    place = "/private/var/folders/a/b/T/AppTranslocation/0-1/d/Tool.app/Contents/MacOS/Tool"
    tape.spawn(tape.launchd, place, file=FileRef(path=place, dev=99, ino=5))
    assert answers.fired(tape) == []


def test_B4_unzipped_folder_translocated_is_inferred(tape: Any, answers: Any) -> None:
    tape.rename("/private/tmp/T/Tool.app", f"{DOWN}/Tool.app")
    place = "/private/var/folders/a/b/T/AppTranslocation/0-1/d/Tool.app/Contents/MacOS/Tool"
    tape.spawn(tape.launchd, place)
    (found,) = answers(tape)
    assert found.inferred


@pytest.mark.parametrize(("seconds", "fires"), [(0, True), (599.9, True), (600.1, False)])
def test_B5_window(tape: Any, answers: Any, seconds: float, fires: bool) -> None:
    tape.write(X)
    tape.wait(seconds)
    run(tape)
    assert answers.fired(tape) == (["B"] if fires else [])


def test_B5_sequence_rules_over_a_clock_that_stepped_back_a_little(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.wait(-1)
    run(tape)
    (found,) = answers(tape)
    assert (found.answer, found.gap_s) == (Answer.FIRED, 0)


def test_B5_clock_that_stepped_back_far_is_undetermined(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.wait(-300)
    run(tape)
    (found,) = answers(tape)
    assert found.answer is Answer.UNDETERMINED
    assert "clock" in found.reason


@pytest.mark.parametrize(("seconds", "count"), [(599.5, 1), (600.5, 1), (598, 1), (602, 0)])
def test_B5_coarse_clock_that_straddles_the_window(
    tape: Any, answers: Any, seconds: float, count: int
) -> None:
    tape.write(X)
    tape.wait(seconds)
    run(tape)
    found = answers(tape, stream=tape.stream(resolution_ns=SECOND))
    assert len(found) == count
    if count and seconds != 598:
        assert found[0].answer is Answer.UNDETERMINED


def test_B5_developer_id_image_is_info(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/tool")
    tape.spawn(tape.terminal, f"{DOWN}/tool", team_id="ABCDE12345", cs_flags=0x20010001)
    (found,) = answers(tape)
    assert (found.answer, found.severity) == (Answer.FIRED, "info")


def test_B5_require_quarantine(tape: Any, answers: Any) -> None:
    strict = replace(answers.params, require_quarantine=True)
    tape.event(Kind.SETEXTATTR, tape.terminal, file=tape.ref("/opt/a"), xattr="com.apple.x")
    tape.write(X)
    run(tape)
    assert answers.fired(tape, params=strict) == []
    assert answers.misses() == ["B5: no quarantine attribute was set on the file"]
    tape.event(Kind.SETEXTATTR, tape.terminal, file=tape.ref(X), xattr="com.apple.quarantine")
    run(tape)
    assert answers.fired(tape, params=strict) == ["B"]


def test_B5_quarantine_of_a_source_that_records_no_attributes_is_undetermined(
    tape: Any, answers: Any
) -> None:
    tape.write(X)
    run(tape)
    (found,) = answers(tape, params=replace(answers.params, require_quarantine=True))
    assert found.answer is Answer.UNDETERMINED
    assert found.reason.startswith("quarantine unknown")


@pytest.mark.parametrize(
    ("seconds", "writer", "severity"),
    [
        (60, "/bin/cp", "high"),
        (61, "/bin/cp", "medium"),
        (61, "/usr/bin/curl", "high"),
        (61, "/private/tmp/curl", "medium"),
    ],
)
def test_B6_severity(tape: Any, answers: Any, seconds: float, writer: str, severity: str) -> None:
    tape.write(X, tape.spawn(tape.terminal, writer))
    tape.wait(seconds - 0.01)
    run(tape)
    assert [item.severity for item in answers(tape)] == [severity]


def test_B6_high_where_branch_a_holds_too(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.wait(300)
    tape.spawn(tape.chrome(), "/bin/sh", ["sh", X])
    found = {item.branch.value: item for item in answers(tape)}
    assert sorted(found) == ["A", "B"]
    assert found["B"].severity == "high"


def test_dedupe_double_exec_in_one_pid(tape: Any, answers: Any) -> None:
    tape.write(X)
    task = tape.spawn(tape.terminal, "/usr/bin/env", ["env", "python3", X], script=X)
    tape.exec(task, "/usr/bin/python3", ["python3", X])
    assert answers.fired(tape) == ["B"]


@pytest.mark.parametrize(("seconds", "count"), [(299, 1), (301, 2)])
def test_dedupe_once_per_file_in_five_minutes(
    tape: Any, answers: Any, seconds: float, count: int
) -> None:
    tape.write(X)
    run(tape)
    tape.wait(seconds)
    run(tape)
    assert len(answers.fired(tape)) == count


def test_dedupe_follows_the_inode_through_a_rename(tape: Any, answers: Any) -> None:
    tape.write(X)
    run(tape)
    tape.rename(X, f"{DOWN}/y.sh")
    run(tape, f"{DOWN}/y.sh")
    assert answers.fired(tape) == ["B"]


@pytest.mark.parametrize(
    ("written", "executed"),
    [
        (f"/System/Volumes/Data{X}", X),
        (X, f"/System/Volumes/Data{X}"),
        (X, f"{HOME}/downloads/X.SH"),
        (f"{DOWN}/Z\u00fc.sh", f"{DOWN}/Zu\u0308.sh"),
        (X, f"{DOWN}//a/.././x.sh"),
    ],
)
def test_K2_one_file_many_spellings(tape: Any, answers: Any, written: str, executed: str) -> None:
    tape.write(written)
    run(tape, executed)
    assert answers.fired(tape) == ["B"]


def test_K2_case_sensitive_volume_tells_names_apart(tape: Any, answers: Any) -> None:
    tape.write(X)
    run(tape, f"{DOWN}/X.SH")
    assert answers.fired(tape, stream=tape.stream(case_sensitive=True)) == []


def test_K2_private_tmp_is_tmp(tape: Any, answers: Any) -> None:
    extended = replace(answers.params, monitored_directories=("/private/tmp",))
    tape.write("/private/tmp/x.sh")
    run(tape, "/tmp/x.sh")
    assert answers.fired(tape, params=extended) == ["B"]


def test_K2_relocated_downloads(tape: Any, answers: Any) -> None:
    cloud = f"{HOME}/Library/Mobile Documents/Downloads"
    tape.write(f"{cloud}/x.sh")
    run(tape)
    stream: Stream = tape.stream(symlinks=((DOWN, cloud),))
    assert answers.fired(tape, stream=stream) == ["B"]
    assert answers.fired(tape) == []


def test_K2_inode_found_through_an_unseen_move(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/u")
    place = "/opt/u"
    tape.spawn(tape.terminal, place, file=FileRef(path=place, dev=16, ino=tape.inodes[f"{DOWN}/u"]))
    assert answers.fired(tape) == ["B"]


def test_K2_inode_ends_at_the_last_unlink(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/u")
    ino = tape.inodes[f"{DOWN}/u"]
    tape.unlink(f"{DOWN}/u")
    tape.spawn(tape.terminal, "/opt/u", file=FileRef(path="/opt/u", dev=16, ino=ino))
    assert answers.fired(tape) == []


def test_K2_inode_lives_on_in_a_hard_link(tape: Any, answers: Any) -> None:
    tape.write(f"{DOWN}/u")
    tape.link(f"{DOWN}/u", "/opt/v")
    tape.unlink(f"{DOWN}/u")
    tape.spawn(tape.terminal, "/opt/v")
    assert answers.fired(tape) == ["B"]


def test_K2_reused_inode_is_told_by_its_birth(tape: Any, answers: Any) -> None:
    born = FileRef(path=f"{DOWN}/u", dev=16, ino=5, size=9, birth_ns=1)
    tape.event(Kind.CLOSE, tape.terminal, file=born, modified=True)
    other = FileRef(path="/opt/u", dev=16, ino=5, birth_ns=2)
    tape.spawn(tape.terminal, "/opt/u", file=other)
    assert answers.fired(tape) == []


def test_K3_two_users_files_are_two(tape: Any, answers: Any) -> None:
    tape.write(X)
    run(tape, "/Users/lee/Downloads/x.sh")
    assert answers.fired(tape) == []


def test_K3_known_homes_replace_the_inferred(tape: Any, answers: Any) -> None:
    tape.write("/home/kim/Downloads/x.sh")
    run(tape, "/home/kim/Downloads/x.sh")
    assert answers.fired(tape) == []
    assert answers.fired(tape, stream=tape.stream(home_dirs=("/home/kim",))) == ["B"]


def test_limits_stdin_and_inline_are_gaps(tape: Any, answers: Any) -> None:
    tape.write(X)
    tape.spawn(tape.terminal, "/bin/sh", ["sh"])
    tape.spawn(tape.terminal, "/usr/bin/python3", ["python3", "-c", f"exec(open({X!r}).read())"])
    assert answers.fired(tape) == []
