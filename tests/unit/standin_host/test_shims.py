"""The commands that only a Mac has, called directly; test_sshhost.py runs them on a host.

Its records are a stand-in's.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import os
import plistlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from witnessmark.standin import shim, tools
from witnessmark.standin.faults.oslog import LogFaults
from witnessmark.standin.oslog import OS_LOG, OsLog
from witnessmark.standin.saying import serve_log
from witnessmark.standin.shims import (
    codesign,
    csrutil,
    defaults,
    launchctl,
    log,
    logger,
    osascript,
    plutil,
    profiles,
    spctl,
    uuidgen,
    xattr,
)
from witnessmark.standin.shims.host import EX_UNAVAILABLE, MANIFEST

if sys.platform != "linux":
    pytest.skip("the shims run on a stand-in, which is Linux", allow_module_level=True)

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shim that asks the host's init goes where that listens, and ends there."""
    monkeypatch.chdir(Path.cwd())


@pytest.fixture
def root(tmp_path: Path) -> str:
    (tmp_path / MANIFEST).parent.mkdir(parents=True)
    return str(tmp_path)


def tell(root: str, **answers: object) -> None:
    Path(root, MANIFEST).write_text(json.dumps(answers))


ASKED = {
    "spctl": (spctl.main, ["--status"]),
    "csrutil": (csrutil.main, ["status"]),
    "profiles list": (profiles.main, ["list"]),
    "profiles status": (profiles.main, ["status", "-type", "enrollment"]),
    "codesign": (codesign.main, ["-dv", "/"]),
    "log": (log.main, ["config", "--status"]),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_nobody_said_is_unknown_and_never_a_mac_s_answer(
    name: str, root: str, capsys: Captured
) -> None:
    main, arguments = ASKED[name]
    for manifest in (None, "{}", "[]", "{", '{"gatekeeper": 1, "sip": [], "profiles": 3}'):
        if manifest is not None:
            Path(root, MANIFEST).write_text(manifest)
        assert main(arguments, root) == EX_UNAVAILABLE
        out, err = capsys.readouterr()
        assert out == ""
        assert "standin.json" in err


def test_the_manifest_s_answers_come_in_the_tools_words(root: str, capsys: Captured) -> None:
    for state, status in (("enabled", 0), ("disabled", 1)):
        tell(root, gatekeeper=state, sip=state)
        assert spctl.main(["--status"], root) == status
        assert csrutil.main(["status"], root) == 0
        assert capsys.readouterr().out == (
            f"assessments {state}\nSystem Integrity Protection status: {state}.\n"
        )
    tell(root, profiles=[], enrollment={"dep": True, "mdm": False})
    assert profiles.main(["list"], root) == 0
    assert profiles.main(["status", "-type", "enrollment"], root) == 0
    assert capsys.readouterr().out.splitlines() == [
        "There are no configuration profiles installed for user 'purple'",
        "Enrolled via DEP: Yes",
        "MDM enrollment: No",
    ]
    tell(root, profiles=[{"identifier": "org.x"}])
    profiles.main(["list"], root)
    assert "profileIdentifier: org.x" in capsys.readouterr().out


def test_a_signature_is_known_not_there_or_unknown(
    root: str, tmp_path: Path, capsys: Captured
) -> None:
    for name in ("signed", "unsigned", "other"):
        (tmp_path / name).touch()
    tell(root, signatures={"/signed": {"Identifier": "org.x"}, "/unsigned": None})
    found = {
        name: (codesign.main(["-dv", f"{root}/{name}"], root), capsys.readouterr().err)
        for name in ("signed", "unsigned", "other", "none")
    }
    assert found["signed"] == (0, "Executable=/signed\nIdentifier=org.x\n")
    assert found["unsigned"][0] == 1
    assert "code object is not signed at all" in found["unsigned"][1]
    assert found["other"][0] == EX_UNAVAILABLE
    assert (found["none"][0], "No such file" in found["none"][1]) == (1, True)


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (spctl.main, ["-a", "x"]),
        (csrutil.main, ["disable"]),
        (profiles.main, ["install"]),
        (codesign.main, ["-s", "-", "x"]),
        (codesign.main, ["--verify", "x"]),
        (plutil.main, ["-p", "x"]),
        (plutil.main, ["-convert", "swift", "x"]),
        (plutil.main, ["-convert", "json"]),
        (defaults.main, ["delete", "x"]),
        (defaults.main, ["write", "x", "k"]),
        (defaults.main, ["write", "x", "k", "-int", "two"]),
        (defaults.main, ["read", "../../x"]),
        (launchctl.main, []),
        (launchctl.main, ["bootout", "system"]),
        (launchctl.main, ["submit", "-l", "x", "--", "no-such-program"]),
        (launchctl.main, ["print", "gui/501/x"]),
        (launchctl.main, ["list"]),  # no init answers
        (log.main, ["stream"]),
        (log.main, ["stream", "--style", "ndjson", "--start", "@1"]),
        (log.main, ["stream", "--style", "ndjson"]),  # there is no log
        (log.main, ["stats", "--overview"]),
        (log.main, ["show", "--style", "ndjson", "--predicate", '(process == "a"']),
        (log.main, ["show", "--style", "ndjson", "--predicate", 'process == "a")']),
        (log.main, ["show", "--style", "ndjson", "--predicate", "(" * 2000]),
        (logger.main, ["-f", "x"]),
        (logger.main, ["-p", "local0.loud", "x"]),
        (logger.main, ["hello"]),  # no init answers
        (log.main, ["show"]),
        (log.main, ["show", "--style", "syslog"]),
        (log.main, ["show", "--style", "ndjson", "--last", "boot"]),
        (log.main, ["show", "--style", "ndjson", "--start", "yesterday"]),
        (log.main, ["show", "--style", "ndjson", "--predicate", "process == sshd"]),
        (log.main, ["show", "--style", "ndjson", "--predicate", 'process == "a" OR 1']),
        (log.main, ["show", "--style", "ndjson", "--predicate", 'process == "a" AND']),
        (log.main, ["show", "--style", "ndjson", "--predicate", 'sender == "a"']),
        (log.main, ["show", "--style", "ndjson", "--signpost"]),
        (log.main, ["show", "--style", "ndjson"]),  # there is no log
        (log.main, ["config", "--mode", "level:debug"]),
        (osascript.main, ["-l", "JavaScript"]),
        (osascript.main, ["-e"]),
        (osascript.main, ["/no/such/script"]),
        (uuidgen.main, ["-x"]),
        (xattr.main, ["-w", "-d", "a", "b", "c"]),
        (xattr.main, ["-q", "c"]),
        (xattr.main, []),
    ],
)
def test_what_a_shim_cannot_do_it_refuses(
    main: object, arguments: list[str], root: str, capsys: Captured
) -> None:
    assert callable(main)
    assert main(arguments, root) != 0
    out, err = capsys.readouterr()
    assert (out, bool(err)) == ("", True)


def test_attributes(root: str, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "a file"
    file.touch()
    (tmp_path / "link").symlink_to(file)
    try:
        os.setxattr(file, "user.probe", b"")
    except OSError:
        pytest.skip("this file system has no user attributes")
    assert xattr.main(["-c", str(file)], root) == 0
    assert xattr.main(["-w", "com.apple.quarantine", "0081;x", str(tmp_path / "link")], root) == 0
    assert xattr.main(["-w", "-x", "b", "00 ff", str(file)], root) == 0
    assert os.getxattr(file, "user.com.apple.quarantine") == b"0081;x"
    assert xattr.main([str(file)], root) == 0
    assert sorted(capsys.readouterr().out.split()) == ["b", "com.apple.quarantine"]
    assert xattr.main(["-p", "b", str(file)], root) == 0
    assert xattr.main(["-d", "b", str(file)], root) == 0
    assert xattr.main(["-rl", str(tmp_path)], root) == 0
    assert capsys.readouterr().out.splitlines() == [
        "00 FF",
        f"{file}: com.apple.quarantine: 0081;x",
        f"{tmp_path}/link: com.apple.quarantine: 0081;x",
    ]
    assert xattr.main(["-d", "b", str(file)], root) == 1
    assert xattr.main(["-p", "b", f"{file}x", str(file)], root) == 1
    err = capsys.readouterr().err
    assert f"{file}: No such xattr: b" in err
    assert f"No such file: {file}x" in err


def test_preferences_are_files_of_the_host(root: str, capsys: Captured) -> None:
    domain, key = "com.apple.Safari", "AutoOpenSafeDownloads"
    assert defaults.main(["read", domain, key], root) == 1
    assert f"({domain}, {key}) does not exist" in capsys.readouterr().err
    assert defaults.main(["write", domain, key, "-bool", "NO"], root) == 0
    assert defaults.main(["write", domain, "n", "-int", "7"], root) == 0
    assert defaults.main(["write", domain, "s", "two words"], root) == 0
    assert defaults.main(["read", domain, key], root) == 0
    assert defaults.main(["read", domain], root) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0",
        "{",
        f"    {key} = 0;",
        "    n = 7;",
        '    s = "two words";',
        "}",
    ]
    path = Path(root, f"Users/purple/Library/Preferences/{domain}.plist")
    assert plistlib.loads(path.read_bytes()) == {key: False, "n": 7, "s": "two words"}
    path.write_bytes(b"junk")
    assert defaults.main(["read", domain, key], root) == 1


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_property_lists_become_json(
    form: plistlib.PlistFormat,
    root: str,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    file, out = tmp_path / "a.plist", tmp_path / "out.json"
    file.write_bytes(plistlib.dumps({"a/b": [1, True, "é"]}, fmt=form))
    assert plutil.main(["-convert", "json", "-o", str(out), str(file)], root) == 0
    assert out.read_text() == '{"a\\/b":[1,true,"é"]}'
    assert plutil.main(["-convert", "xml1", str(out)], root) == 0
    assert plistlib.loads(out.read_bytes()) == {"a/b": [1, True, "é"]}
    assert plutil.main(["-lint", str(file)], root) == 0
    file.write_bytes(plistlib.dumps({"d": b"data"}, fmt=form))
    assert plutil.main(["-convert", "json", "-o", "-", str(file)], root) == 1
    file.write_bytes(b"junk")
    assert plutil.main(["-lint", str(file)], root) == 1
    out_bytes, err = capsysbinary.readouterr()
    assert out_bytes == f"{file}: OK\n".encode()
    assert err.count(b"plutil: ") == 2


def test_apple_script(
    root: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = ["-e", "do shell script \"printf 'a\\nb\\n'\""]
    assert osascript.main(two, root) == 0
    script = tmp_path / "x.scpt"
    script.write_text('-- a comment\ndo shell script "true"\nreturn "say \\"x\\""\nreturn "no"\n')
    assert osascript.main([str(script)], root) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO('return "in"'))
    assert osascript.main([], root) == 0
    assert capsys.readouterr().out == 'a\rb\nsay "x"\nin\n'
    assert osascript.main(["-e", 'do shell script "echo bad >&2; exit 3"'], root) == 1
    assert capsys.readouterr().err == "osascript: execution error: bad (3)\n"
    touched = tmp_path / "touched"
    refused = ["-e", f'do shell script "touch {touched}"', "-e", 'tell application "Finder"']
    assert osascript.main(refused, root) == 1
    assert not touched.exists()


def entry(minutes_ago: int, message: str, category: str = "sshd") -> str:
    when = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes_ago)
    fields = {"subsystem": "org.x", "category": category, "processImagePath": "/usr/bin/python3"}
    more = {"processID": 7, "eventMessage": message, "messageType": "Default"}
    return json.dumps({"timestamp": when.strftime("%Y-%m-%d %H:%M:%S.%f%z"), **fields, **more})


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([], ["old", "Two words", "job"]),
        (["--info", "--debug", "--last", "5m"], ["Two words", "job"]),
        (["--last", "0s"], []),
        (["--start", "@1"], ["old", "Two words", "job"]),
        (["--end", "2001-01-01 00:00:00"], []),
        (["--predicate", 'category == "launchd"'], ["job"]),
        (["--predicate", "eventMessage CONTAINS 'two'"], []),
        (["--predicate", "eventMessage CONTAINS[c] 'two'"], ["Two words"]),
        (["--predicate", 'process == "python3" && eventMessage ENDSWITH "words"'], ["Two words"]),
        (
            ["--predicate", 'processID == 7 AND category != "sshd" AND messageType == default'],
            ["job"],
        ),
        (
            ["--predicate", '(process == "x" OR eventMessage CONTAINS "o") AND category == "sshd"'],
            ["old", "Two words"],
        ),
        (
            ["--predicate", 'eventMessage == "job" || eventMessage == "old" && process == "x"'],
            ["job"],
        ),
        (["--predicate", "processID == 7", "--predicate", 'eventMessage BEGINSWITH "o"'], ["old"]),
    ],
)
def test_the_log_shows_what_the_predicate_asks_for(
    arguments: list[str], shown: list[str], root: str, capsys: Captured
) -> None:
    assert log.STORE == OS_LOG
    store = Path(root, log.STORE)
    store.parent.mkdir(parents=True)
    entries = (entry(60, "old"), entry(1, "Two words"), entry(0, "job", "launchd"))
    store.write_text("".join(f"{line}\n" for line in entries))
    assert log.main(["show", "--style", "ndjson", *arguments], root) == 0
    *found, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert [item["eventMessage"] for item in found] == shown
    assert last == {"count": len(shown), "finished": 1}


def serve(root: str, *faults: dict[str, object]) -> None:
    kept = OsLog(Path(root), LogFaults([{"layer": "log", **item} for item in faults]))
    serve_log(Path(root), kept, logging.getLogger("test"))


def said(root: str) -> list[dict[str, object]]:
    lines = Path(root, OS_LOG).read_text().splitlines()
    return [json.loads(line) for line in lines if line]


def test_what_logger_is_given_is_in_the_log_by_who_said_it(root: str) -> None:
    serve(root)
    program = Path(root, "usr/bin/logger")
    program.parent.mkdir(parents=True)
    code = f"import sys\nsys.path[:0] = {sys.path!r}\n"
    code += f"from {logger.__name__} import main\nsys.exit(main(sys.argv[1:], {root!r}))\n"
    python = Path(root, "python")  # no first line may hold a blank
    python.symlink_to(sys.executable)
    program.write_text(f"#!{python} -IBS\n{code}")
    program.chmod(0o755)
    process = subprocess.Popen([program, "-t", "tag", "two", "words"])
    assert process.wait(30) == 0
    (record,) = said(root)
    assert (record["eventMessage"], record["messageType"]) == ("two words", "Default")
    assert (record["processID"], record["processImagePath"]) == (process.pid, "/usr/bin/logger")


def test_priorities_and_standard_input(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(root)
    for priority in ("user.err", "debug", "user.info", "user.warn"):
        assert logger.main(["-p", priority, "-i", priority], root) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("a line\nanother\n"))
    assert logger.main(["-s"], root) == 0
    found = [(item["eventMessage"], item["messageType"]) for item in said(root)]
    default = "Default"
    assert found == [("user.err", "Error"), ("user.warn", default), ("a line", default),
                     ("another", default)], "info and debug are not kept"  # fmt: skip


def test_faults_of_the_log(root: str, capsys: Captured) -> None:
    own = Path(sys.executable).resolve().name
    script = next((word for word in sys.orig_argv[1:3] if word.startswith("/")), own)
    name = Path(script).name
    serve(
        root,
        {"action": "redact", "process": name, "form": "private"},
        {"action": "purge", "process": name, "at": 2},
        {"action": "drop", "process": "another"},
    )
    assert logger.main(["one"], root) == 0
    assert [item["eventMessage"] for item in said(root)] == ["<private>"]
    first = said(root)[0]["machTimestamp"]
    assert logger.main(["two"], root) == 0
    assert [item["eventMessage"] for item in said(root)] == ["<private>"]
    assert said(root)[0]["machTimestamp"] != first, "what was older is gone"
    assert log.main(["show", "--style", "ndjson"], root) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["count"] == 1
    dropping = LogFaults([{"layer": "log", "action": "drop", "process": "logger"}])
    assert (dropping.kept("logger", "x"), dropping.kept("sshd", "x")) == (None, "x")


def test_the_stream_tells_what_comes_until_nobody_reads(root: str) -> None:
    store = Path(root, log.STORE)
    store.parent.mkdir(parents=True)
    store.write_text(entry(1, "old") + "\n")
    code = f"import sys; sys.path[:0] = {sys.path!r}; from {log.__name__} import main\n"
    words = ["stream", "--style", "ndjson", "--predicate", 'eventMessage != "no"']
    code += f"sys.exit(main({words!r}, {root!r}))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"Filtering the log data")
    with store.open("a") as out:
        out.write(entry(0, "no") + "\n" + entry(0, "new") + "\n")
    assert json.loads(process.stdout.readline())["eventMessage"] == "new"
    process.stdout.close()
    assert process.wait(30) == 0


def test_the_log_s_configuration_is_what_the_manifest_says(root: str, capsys: Captured) -> None:
    tell(root, log_config="INFO PERSIST_DEFAULT")
    assert log.main(["config", "--status"], root) == 0
    assert capsys.readouterr().out == "System mode = INFO PERSIST_DEFAULT\n"


def test_uuids_are_upper_case_and_never_twice_the_same(root: str, capsys: Captured) -> None:
    assert [uuidgen.main([], root) for _ in range(2)] == [0, 0]
    first, second = capsys.readouterr().out.split()
    assert re.fullmatch("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", first)
    assert first != second


@pytest.mark.parametrize("python", ["plain", "with a space"])
def test_every_shim_runs_whatever_the_path_of_python(python: str, tmp_path: Path) -> None:
    interpreter = tmp_path / python
    interpreter.symlink_to(Path(sys.executable).resolve())
    text = shim._text("uuidgen", tmp_path, interpreter)
    assert text.startswith(f"#!{interpreter}" if python == "plain" else "#!/bin/sh\n")
    command = tmp_path / "uuidgen"
    command.write_text(text)
    command.chmod(0o755)
    assert len(subprocess.check_output([command], text=True).strip()) == 36


def test_each_shim_is_installed_and_no_command_twice(tmp_path: Path) -> None:
    for folder in tools.SHIMS:
        (tmp_path / folder).mkdir(parents=True)
    shim.install_shims(tmp_path)
    names = {name for names in tools.SHIMS.values() for name in names}
    sources = {path.stem for path in Path(xattr.__file__).parent.iterdir()}
    assert sources - {"__init__", "__pycache__", "host", "launchd", "predicates"} == names
    assert not names & {name for names in tools.COMMANDS.values() for name in names}
