"""Branch A (analytic.md A1-A7, K1): every test is named after the rule that it holds to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from witnessmark.analytic.parameters import Browser
from witnessmark.model.detections import Answer
from witnessmark.model.events import Kind, SnapshotRow, Token

HOME = "/Users/kim"
CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
HELPER = (
    "/Applications/Google Chrome.app/Contents/Frameworks/Google Chrome Framework.framework/"
    "Versions/98.0/Helpers/Google Chrome Helper.app/Contents/MacOS/Google Chrome Helper"
)
SAFARI = "/Applications/Safari.app/Contents/MacOS/Safari"
WEBCONTENT = (
    "/System/Library/Frameworks/WebKit.framework/Versions/A/XPCServices/"
    "com.apple.WebKit.WebContent.xpc/Contents/MacOS/com.apple.WebKit.WebContent"
)
HOST = "/Applications/Vault.app/Contents/MacOS/vault"
DEVELOPER = {"team_id": "ABCDE12345", "signing_id": "com.vault", "cs_flags": 0x20010001}


def shell(tape: Any, parent: Any, **given: Any) -> Any:
    return tape.spawn(parent, "/bin/sh", ["sh", "/opt/host.sh"], **given)


def orphan(tape: Any, path: str, parent: Token, original: int) -> None:
    """A process whose fork was lost, so that only its own record tells who its parent is."""
    child = tape.fork(tape.terminal)
    tape.events.pop()
    child.image = replace(child.image, parent=parent, original_ppid=original, ppid=parent.pid)
    tape.exec(child, path, [path])


def test_A1_interpreter_under_a_browser(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    child = shell(tape, chrome)
    (found,) = answers(tape)
    assert (found.answer, found.branch.value, found.severity) == (Answer.FIRED, "A", "high")
    assert found.rules == ("A1", "A4")
    assert (found.browser.pid, found.browser.path) == (chrome.pid, CHROME)
    assert found.browser.edge == "parent"
    assert (found.exec.pid, found.exec.script) == (child.pid, "/opt/host.sh")
    assert found.exec.ppid == chrome.pid
    assert found.gap_s == pytest.approx(0, abs=0.01)


def test_A1_twin_under_a_terminal_is_silent(tape: Any, answers: Any) -> None:
    tape.chrome()
    shell(tape, tape.terminal)
    assert answers.fired(tape) == []


@pytest.mark.parametrize(
    "path", ["/private/tmp/Safari", "/Users/kim/Google Chrome.app/Contents/MacOS/Google Chrome"]
)
def test_A1_spoofed_name_is_recorded_and_silent(tape: Any, answers: Any, path: str) -> None:
    shell(tape, tape.spawn(tape.launchd, path))
    assert answers.fired(tape) == []
    assert "browser's name" in answers.misses()[0]


def test_A1_spoofed_place_with_another_signature_is_silent(tape: Any, answers: Any) -> None:
    fake = tape.spawn(tape.launchd, CHROME, signing_id="x", team_id=None, cs_flags=0x20000003)
    shell(tape, fake)
    assert answers.fired(tape) == []


def test_A1_signing_id_without_the_team_is_silent(tape: Any, answers: Any) -> None:
    fake = tape.spawn(tape.launchd, "/private/tmp/c", signing_id="com.google.Chrome", team_id=None)
    shell(tape, fake)
    assert answers.fired(tape) == []


def test_A1_signature_counts_wherever_the_browser_lies(tape: Any, answers: Any) -> None:
    chrome = tape.spawn(
        tape.launchd, "/opt/c", signing_id="com.google.Chrome", team_id="EQHXZ8M8AV"
    )
    shell(tape, chrome)
    assert answers.fired(tape) == ["A"]


def test_A1_path_counts_where_signing_is_unknown(standin: Any, answers: Any) -> None:
    shell(standin, standin.chrome())
    (found,) = answers(standin)
    assert (found.answer, found.simulated) == (Answer.FIRED, ())


def test_A1_ad_hoc_chromium_needs_id_and_path(tape: Any, answers: Any) -> None:
    path = f"{HOME}/Library/Caches/ms-playwright/chromium-1/Chromium.app/Contents/MacOS/Chromium"
    for place, count in ((path, 1), ("/private/tmp/Chromium", 1)):
        browser = tape.spawn(tape.launchd, place, signing_id="org.chromium.Chromium")
        shell(tape, browser)
        assert len(answers.fired(tape)) == count


def test_A1_lab_browser_is_added_to_the_list(tape: Any, answers: Any) -> None:
    stub = Browser(
        name="lab", signing_ids=("stub",), team_id=None, ad_hoc=True, paths=("/opt/stub",)
    )
    lab = replace(answers.params, lab_browsers=(stub,))
    shell(tape, tape.spawn(tape.launchd, "/opt/stub", signing_id="stub"))
    assert answers.fired(tape) == []
    assert answers.fired(tape, params=lab) == ["A"]


def test_A1_parent_at_spawn_time_not_after(tape: Any, answers: Any) -> None:
    """A wrapper script that becomes the browser by exec: its earlier children are no browser's."""
    wrapper = tape.spawn(tape.terminal, "/bin/sh", ["sh", "/opt/chrome"])
    shell(tape, wrapper)
    tape.exec(wrapper, CHROME)
    shell(tape, wrapper)
    assert answers.fired(tape) == ["A"]


def test_A1_helper_process_is_a_browser_too(tape: Any, answers: Any) -> None:
    helper = tape.spawn(tape.chrome(), HELPER)
    shell(tape, helper)
    (found,) = answers(tape)
    assert found.browser.path == HELPER


def test_A2_disclaimed_native_host_by_its_parent(tape: Any, answers: Any) -> None:
    child = shell(tape, tape.chrome())
    assert child.image.responsible == child.image.token
    assert [item.browser.edge for item in answers(tape)] == ["parent"]


def test_A2_responsible_edge_under_launchd(tape: Any, answers: Any) -> None:
    safari = tape.spawn(tape.launchd, SAFARI, signing_id="com.apple.Safari", platform_binary=True)
    shell(tape, tape.launchd, responsible=safari.image.token)
    (found,) = answers(tape)
    assert found.rules == ("A1", "A2", "A4")
    assert (found.browser.edge, found.browser.pid) == ("responsible", safari.pid)


def test_A2_responsible_edge_elsewhere_makes_no_new_candidate(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    shell(tape, tape.terminal, responsible=chrome.image.token)
    assert answers.fired(tape) == []


def test_A2_webkit_counts_only_under_a_browser(tape: Any, answers: Any) -> None:
    safari = tape.spawn(tape.launchd, SAFARI, signing_id="com.apple.Safari", platform_binary=True)
    mail = tape.spawn(tape.launchd, "/System/Applications/Mail.app/Contents/MacOS/Mail")
    for owner, count in ((mail, 0), (safari, 1)):
        service = tape.spawn(tape.launchd, WEBCONTENT, responsible=owner.image.token)
        shell(tape, service)
        assert len(answers.fired(tape)) == count


def test_A2_webkit_with_an_unknown_owner_is_undetermined(tape: Any, answers: Any) -> None:
    service = tape.spawn(tape.launchd, WEBCONTENT, responsible=Token(pid=77, pidversion=5))
    shell(tape, service)
    (found,) = answers(tape)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "responsible process unknown")


def test_A3_xpcproxy_is_transparent(tape: Any, answers: Any) -> None:
    safari = tape.spawn(tape.launchd, SAFARI, signing_id="com.apple.Safari", platform_binary=True)
    owner = safari.image.token
    service = tape.spawn(tape.launchd, "/usr/libexec/xpcproxy", responsible=owner)
    tape.wait(60)
    tape.exec(service, "/bin/sh", ["sh", "/opt/x.sh"], responsible=owner)
    (found,) = answers(tape)
    assert [item.path for item in found.matched] == ["/bin/sh"]
    assert found.browser.edge == "responsible"


def test_A4a_script_run_directly(tape: Any, answers: Any) -> None:
    tape.spawn(tape.chrome(), "/opt/lua/bin/lua", script="/opt/x.lua", **DEVELOPER)
    assert answers.fired(tape) == ["A"]


def test_A4a_interpreter_by_signing_id_under_another_name(tape: Any, answers: Any) -> None:
    tape.spawn(
        tape.chrome(), "/opt/com.apple.update", signing_id="com.apple.zsh", cs_flags=0x20000001
    )
    assert answers.fired(tape) == ["A"]


@pytest.mark.parametrize(
    ("path", "count"),
    [
        (f"{HOME}/Library/Caches/u", 1),
        (f"{HOME}/bin/u", 1),
        ("/Users/Shared/u", 1),
        ("/private/tmp/u", 1),
        ("/private/var/folders/a/b/T/u", 1),
        ("/Applications/U.app/Contents/MacOS/u", 0),
        ("/opt/u", 0),
    ],
)
def test_A4b_user_writable_directories(tape: Any, answers: Any, path: str, count: int) -> None:
    tape.spawn(tape.chrome(), path, **DEVELOPER)
    assert len(answers.fired(tape)) == count


@pytest.mark.parametrize(("flags", "count"), [(0x20000003, 1), (0, 1), (0x20010001, 0)])
def test_A4c_unsigned_or_ad_hoc(tape: Any, answers: Any, flags: int, count: int) -> None:
    tape.spawn(tape.chrome(), "/opt/u", cs_flags=flags, platform_binary=False)
    assert len(answers.fired(tape)) == count


def test_A4c_unknown_signing_is_undetermined_where_it_decides(standin: Any, answers: Any) -> None:
    standin.spawn(standin.chrome(), "/usr/bin/true")
    (found,) = answers(standin)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "signing unknown")
    assert "cs_flags" in found.simulated


def test_A4c_unknown_signing_beside_a_certain_match_decides_nothing(
    standin: Any, answers: Any
) -> None:
    host = shell(standin, standin.chrome())
    standin.spawn(host, "/usr/bin/true")
    assert answers.fired(standin) == ["A"]


def test_A4c_unknown_signing_under_a_terminal_is_silent(standin: Any, answers: Any) -> None:
    standin.spawn(standin.terminal, "/usr/bin/true")
    assert answers(standin) == []


@pytest.mark.parametrize(("seconds", "count"), [(29, 1), (31, 0)])
def test_A4_window_for_descendants(tape: Any, answers: Any, seconds: float, count: int) -> None:
    host = tape.spawn(tape.chrome(), HOST, **DEVELOPER)
    tape.wait(seconds)
    shell(tape, host)
    assert len(answers.fired(tape)) == count
    assert len(answers.misses()) == 1 - count


def test_A4_the_first_program_of_c_has_no_window(tape: Any, answers: Any) -> None:
    child = tape.fork(tape.chrome())
    tape.wait(400)
    tape.exec(child, "/bin/sh", ["sh"])
    assert answers.fired(tape) == ["A"]


@pytest.mark.parametrize(("between", "count"), [(3, 0), (2, 1)])
def test_A4_depth(tape: Any, answers: Any, between: int, count: int) -> None:
    task = tape.spawn(tape.chrome(), HOST, **DEVELOPER)
    for _ in range(between):
        task = tape.spawn(task, HOST, **DEVELOPER)
    shell(tape, task)
    assert len(answers.fired(tape)) == count
    if not count:
        assert answers.misses() == ["A4: depth 4 > 3"]


def test_A4_depth_counts_processes_not_execs(tape: Any, answers: Any) -> None:
    task = tape.spawn(tape.chrome(), HOST, **DEVELOPER)
    for _ in range(6):
        tape.exec(task, HOST, **DEVELOPER)
    shell(tape, task)
    assert answers.fired(tape) == ["A"]


def test_A5_helper_of_the_same_team_in_the_bundle(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    tape.spawn(chrome, HELPER)
    other = CHROME.replace("MacOS/Google Chrome", "MacOS/tool")
    tape.spawn(chrome, other, cs_flags=0x20000003, team_id=None, signing_id="tool")
    (found,) = answers(tape)
    assert found.exec.path == other


def test_A5_ad_hoc_helper_of_an_ad_hoc_browser(tape: Any, answers: Any) -> None:
    bundle = f"{HOME}/Library/Caches/ms-playwright/chromium-1/Chromium.app/Contents"
    browser = tape.spawn(
        tape.launchd, f"{bundle}/MacOS/Chromium", signing_id="org.chromium.Chromium"
    )
    tape.spawn(browser, f"{bundle}/Frameworks/F/Helpers/Chromium Helper.app/Contents/MacOS/C")
    assert answers.fired(tape) == []


def test_A5_helper_from_a_code_sign_clone(tape: Any, answers: Any) -> None:
    clone = (
        "/private/var/folders/a/b/X/com.google.Chrome.code_sign_clone/code_sign_clone.1/"
        "Google Chrome.app/Contents/MacOS/Google Chrome"
    )
    chrome = tape.spawn(
        tape.launchd,
        clone,
        signing_id="com.google.Chrome",
        team_id="EQHXZ8M8AV",
        cs_flags=0x20010001,
    )
    tape.spawn(chrome, HELPER)
    tape.spawn(chrome, clone.replace("MacOS/", "Frameworks/F/"), signing_id="com.google.Chrome.h",
               team_id="EQHXZ8M8AV", cs_flags=0x20010001)  # fmt: skip
    assert answers.fired(tape) == []


def test_A5_crash_reporter_by_signing_id(tape: Any, answers: Any) -> None:
    path = f"{HOME}/Library/crash/handler"
    chrome = tape.chrome()
    tape.spawn(chrome, path, signing_id="crashpad_handler", team_id="EQHXZ8M8AV")
    assert answers.fired(tape) == []
    tape.spawn(chrome, path, signing_id="crashpad_handler", team_id=None)
    assert answers.fired(tape) == ["A"]


def test_A5_unknown_signing_of_a_helper_is_undetermined(standin: Any, answers: Any) -> None:
    standin.spawn(standin.chrome(), HELPER)
    (found,) = answers(standin)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "signing unknown")


def test_A5_unknown_signing_of_a_helper_in_a_cache_is_undetermined(
    standin: Any, answers: Any
) -> None:
    bundle = f"{HOME}/Library/Caches/ms-playwright/chromium-1/Chromium.app/Contents"
    browser = standin.spawn(standin.launchd, f"{bundle}/MacOS/Chromium")
    standin.spawn(browser, f"{bundle}/MacOS/helper")
    assert [item.answer for item in answers(standin)] == [Answer.UNDETERMINED]


def test_A6_one_alert_lists_every_matched_exec(tape: Any, answers: Any) -> None:
    host = tape.spawn(
        tape.chrome(), "/usr/bin/env", ["env", "python3", "/o/h.py"], script="/o/h.py"
    )
    tape.exec(host, "/usr/bin/python3", ["python3", "/o/h.py"])
    tape.spawn(host, "/usr/bin/osascript", ["osascript", "-e", "1"])
    (found,) = answers(tape)
    names = [item.path.rsplit("/", 1)[-1] for item in found.matched]
    assert names == ["env", "python3", "osascript"]


def test_A6_one_alert_per_spawned_process(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    for _ in range(3):
        shell(tape, chrome)
    assert answers.fired(tape) == ["A"] * 3


def test_A6_lineage_survives_the_browser_and_reparenting(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    middle = tape.spawn(chrome, HOST, **DEVELOPER)
    grandchild = tape.fork(middle)
    tape.exit(middle)
    tape.exit(chrome)
    tape.wait(10)
    launchd = tape.launchd.image.token
    grandchild.image = replace(grandchild.image, parent=launchd, ppid=1)
    tape.exec(grandchild, "/bin/sh", ["sh"], parent=launchd)
    (found,) = answers(tape)
    assert found.browser.pid == chrome.pid


def test_A6_alert_waits_until_its_window_has_closed(tape: Any, answers: Any) -> None:
    from witnessmark.analytic import Engine

    shell(tape, tape.chrome())
    tape.wait(29)
    tape.write("/opt/noise")
    engine = Engine.of(tape.stream(), answers.params)
    assert [item for event in tape.events for item in engine.feed(event)] == []
    tape.wait(2)
    later = [tape.write("/opt/noise") for _ in range(4)]
    assert [len(engine.feed(event)) for event in later] == [0, 0, 0, 1]
    assert engine.finish() == []


def test_A7_unknown_parent_is_undetermined(tape: Any, answers: Any) -> None:
    orphan(tape, "/bin/sh", Token(pid=300, pidversion=44), 300)
    (found,) = answers(tape)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "parent unknown")
    assert "A7" in found.rules


def test_A7_unknown_parent_of_what_could_not_fire_is_silent(tape: Any, answers: Any) -> None:
    orphan(tape, "/usr/bin/true", Token(pid=300, pidversion=44), 300)
    assert answers(tape) == []


def test_A7_unknown_parent_and_unknown_signing_are_silent(standin: Any, answers: Any) -> None:
    """Two unknowns about a program that is no interpreter: every stray process would be one."""
    orphan(standin, "/usr/bin/true", Token(pid=300, pidversion=44), 300)
    assert answers(standin) == []


def test_A7_spawn_time_of_a_snapshot_row_is_unknown(tape: Any, answers: Any) -> None:
    rows = (
        SnapshotRow(pid=299, ppid=1, path=CHROME),
        SnapshotRow(pid=300, ppid=299, path=HOST),
    )
    host = type(tape.terminal)(
        tape.program(HOST, Token(pid=300, pidversion=4), None, start_ns=None, **DEVELOPER)
    )
    tape.events.clear()
    shell(tape, host)
    stream = tape.stream(snapshot=rows)
    (found,) = answers(tape, stream=stream)
    assert (found.answer, found.reason) == (Answer.UNDETERMINED, "spawn time unknown")
    tape.events.clear()
    tape.write("/opt/noise")
    tape.wait(31)
    shell(tape, host)
    assert answers(tape, stream=tape.stream(snapshot=rows)) == []  # older than any window


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ((SnapshotRow(pid=300, ppid=1, path=CHROME),), Answer.FIRED),
        ((SnapshotRow(pid=300, ppid=1, path="/bin/zsh"),), None),
        ((SnapshotRow(pid=300, ppid=299, path="/bin/zsh"),), Answer.UNDETERMINED),
    ],
)
def test_A7_snapshot_resolves_the_parent(tape: Any, answers: Any, rows: Any, answer: Any) -> None:
    orphan(tape, "/bin/sh", Token(pid=300, pidversion=4), 300)
    found = answers(tape, stream=tape.stream(snapshot=rows))
    assert [item.answer for item in found] == ([answer] if answer else [])


def test_A7_old_shell_of_unknown_origin_is_silent(standin: Any, answers: Any) -> None:
    """Its parent is not known, but it is older than any window: the unknown cannot matter."""
    tape = standin
    old = replace(
        tape.terminal.image,
        token=Token(pid=300, pidversion=4),
        parent=Token(pid=299, pidversion=3),
        original_ppid=299,
        start_ns=tape.now - 3_600_000_000_000,
    )
    task = type(tape.terminal)(old)
    shell(tape, task)
    tape.exec(task, "/usr/bin/python3", ["python3", "x.py"])
    assert answers(tape) == []


def test_A7_young_shell_of_unknown_origin_is_undetermined(tape: Any, answers: Any) -> None:
    young = replace(
        tape.terminal.image,
        token=Token(pid=300, pidversion=4),
        parent=Token(pid=299, pidversion=3),
        original_ppid=299,
        start_ns=tape.now - 5_000_000_000,
    )
    shell(tape, type(tape.terminal)(young))
    (found,) = answers(tape)
    assert found.answer is Answer.UNDETERMINED


def test_A7_everything_below_init_is_known(standin: Any, answers: Any) -> None:
    tape = standin
    first = tape.fork(tape.launchd)
    tape.events.clear()  # the host's init predates the capture
    for _ in range(3):
        first = shell(tape, first)
    shell(tape, tape.launchd)
    assert answers(tape) == []


def test_A7_young_child_of_an_init_that_never_acted(tape: Any, answers: Any) -> None:
    agent = tape.spawn(tape.launchd, "/bin/zsh", ["zsh", "/opt/agent.sh"])
    tape.events.clear()
    tape.write("/opt/noise", agent)
    shell(tape, agent)
    assert answers(tape) == []


def test_A7_reparented_before_it_was_seen(tape: Any, answers: Any) -> None:
    """ES still tells the first parent (original_ppid): launchd adopted it, but did not spawn it."""
    orphan(tape, "/bin/sh", tape.launchd.image.token, 300)
    (found,) = answers(tape)
    assert found.answer is Answer.UNDETERMINED


def test_K1_reused_pid_is_another_process(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    pid = chrome.pid
    tape.exit(chrome)
    tape._pid = pid - 1
    other = tape.spawn(tape.terminal, "/bin/zsh", ["-zsh"])
    assert other.pid == pid
    shell(tape, other)
    assert answers.fired(tape) == []


def test_K1_snapshot_row_ends_with_its_pid(tape: Any, answers: Any) -> None:
    rows = (SnapshotRow(pid=600, ppid=1, path=CHROME),)
    tape._pid = 599
    other = tape.spawn(tape.terminal, "/bin/zsh", ["-zsh"])
    assert other.pid == 600
    shell(tape, other)
    assert answers(tape, stream=tape.stream(snapshot=rows)) == []


@pytest.mark.parametrize("end", ["fork", "exec", "exit"])
def test_K1_snapshot_row_names_no_later_process(tape: Any, answers: Any, end: str) -> None:
    rows = (SnapshotRow(pid=600, ppid=1, path=CHROME),)
    if end == "fork":
        tape._pid = 599
        tape.exit(tape.fork(tape.terminal))
    else:
        known = tape.program(CHROME, Token(pid=600, pidversion=4), tape.launchd)
        task = type(tape.terminal)(known)
        tape.exec(task, "/bin/zsh") if end == "exec" else tape.exit(task)
    orphan(tape, "/bin/sh", Token(pid=600, pidversion=77), 600)
    (found,) = answers(tape, stream=tape.stream(snapshot=rows))
    assert found.answer is Answer.UNDETERMINED


def test_K1_browser_known_from_its_file_events_only(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    tape.events.clear()
    tape.write(f"{HOME}/Library/Caches/c", chrome)
    shell(tape, chrome)
    assert answers.fired(tape) == ["A"]


def test_K1_rebooted_host_reuses_a_token(tape: Any, answers: Any) -> None:
    chrome = tape.chrome()
    tape.wait(100)
    other = type(chrome)(
        tape.program("/bin/zsh", chrome.image.token, tape.launchd, start_ns=tape.now)
    )
    shell(tape, other)
    assert answers.fired(tape) == []


def test_K1_duplicate_exec_counts_once(tape: Any, answers: Any) -> None:
    shell(tape, tape.chrome())
    event = tape.events[-1]
    tape.events.append(replace(event, global_seq=event.global_seq + 1, line=event.line + 1))
    (found,) = answers(tape)
    assert len(found.matched) == 1


def test_exit_events_may_come_twice(tape: Any, answers: Any) -> None:
    child = shell(tape, tape.chrome())
    tape.exit(child)
    tape.exit(child)
    tape.event(Kind.CLOSE, child, file=tape.ref("/opt/x"), modified=True)
    assert answers.fired(tape) == ["A"]
