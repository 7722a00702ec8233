"""Injected faults: exactly the named events vanish, and a wrong file is refused with its place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.errors import ContentError
from witnessmark.standin import faults
from witnessmark.standin.broken import authorized, break_files, known_key, variables
from witnessmark.standin.faults import Fault, outside, sensor
from witnessmark.standin.faults.journal import journal
from witnessmark.standin.faults.sensor import Lines, SensorFaults
from witnessmark.standin.pidfile import write_pid

if TYPE_CHECKING:
    from pathlib import Path

DROP = {"layer": "sensor", "action": "drop"}


def load(folder: Path, *items: Any) -> SensorFaults:
    path = folder / "faults.json"
    path.write_text(json.dumps(list(items)))
    return SensorFaults(faults.load(path))


def test_no_faults_admit_everything() -> None:
    assert SensorFaults().admits("exec", ("/bin/sh",))
    assert SensorFaults().lines("exec", (), b"line\n") == [b"line\n"]


def test_event_and_path_must_both_fit(tmp_path: Path) -> None:
    found = load(tmp_path, DROP | {"event": "exec", "path": "*/a.sh"})
    assert not found.admits("exec", ("/bin/sh", "/Users/a.sh"))
    assert found.admits("exec", ("/bin/sh", "/Users/b.sh"))
    assert found.admits("close", ("/Users/a.sh",))


def test_globs_are_case_sensitive(tmp_path: Path) -> None:
    found = load(tmp_path, DROP | {"path": "/Users/A*"})
    assert found.admits("close", ("/Users/a",))
    assert not found.admits("close", ("/Users/A",))


def test_several_events_and_a_count(tmp_path: Path) -> None:
    found = load(tmp_path, DROP | {"event": ["close", "create"], "count": 2})
    assert [found.admits(e, ()) for e in ("close", "exec", "create", "close")] == [
        False,
        True,
        False,
        True,
    ]


def test_an_action_on_numbered_lines_is_one_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(_: Fault, lines: Lines) -> Lines:
        return lines * 2

    monkeypatch.setitem(sensor._ON_LINES, "twice", twice)
    found = SensorFaults([Fault(action="twice", left=1)])
    assert found.admits("exec", ())
    assert found.lines("exec", (), b"1\n") == [b"1\n", b"1\n"]
    assert found.lines("exec", (), b"2\n") == [b"2\n"]


def test_every_nth_is_counted_over_what_matches(tmp_path: Path) -> None:
    found = load(tmp_path, DROP | {"event": "exec", "every": 3, "count": 2})
    seen = [found.admits(event, ()) for event in ("exec", "close") * 12]
    assert [number for number, admitted in enumerate(seen) if not admitted] == [4, 10]


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (DROP | {"layer": "cloud"}, "unknown layer 'cloud'"),
        ({"action": "drop"}, "unknown layer None"),
        (DROP | {"action": "melt"}, "unknown action 'melt' of layer sensor; known: drop"),
        (DROP | {"action": ["drop"]}, "unknown action ['drop']"),
        (DROP | {"paht": "x"}, "unknown key 'paht'"),
        (DROP | {"event": "exce"}, "unknown event 'exce'"),
        (DROP | {"event": ["exec", 5]}, "unknown event 5"),
        (DROP | {"event": 5}, "event must be a name or a list of names"),
        (DROP | {"path": 5}, "path must be a glob"),
        (DROP | {"count": 0}, "count must be a whole number, 1 or more"),
        (DROP | {"every": 0}, "every must be a whole number, 1 or more"),
        (DROP | {"count": True}, "count must be a whole number, 1 or more"),
        ("drop", "must be an object"),
    ],
)
def test_wrong_items_are_named(tmp_path: Path, item: Any, problem: str) -> None:
    with pytest.raises(ContentError) as caught:
        load(tmp_path, DROP, item)
    (said,) = caught.value.problems
    assert said.startswith(f"{tmp_path / 'faults.json'}: item 1: {problem}")


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ContentError) as caught:
        load(tmp_path, DROP | {"count": 0, "path": 1}, "x")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "problem"), [("{}", "must be a list"), ("[", "is not JSON"), (None, "cannot be read")]
)
def test_files_that_are_no_list(tmp_path: Path, text: str | None, problem: str) -> None:
    path = tmp_path / "faults.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ContentError, match=problem):
        faults.load(path)


LINE = (
    b'{"schema_version":1,"time":"2026-02-28T23:58:30.000000007Z","process":{"executable":'
    b'{"path":"\\/bin\\/sh"},"ppid":1},"event":{"exec":{"args":["\\"time\\":\\"2026\\"","a"]}}}\n'
)


def lines(*items: dict[str, Any], given: int = 1) -> list[bytes]:
    """What is written of so many equal events."""
    found = SensorFaults([Fault(**item) for item in items])
    return [each for _ in range(given) for each in found.lines("exec", ("/x",), LINE)]


def test_a_lost_record_is_numbered_but_never_written() -> None:
    assert lines({"action": "lose", "every": 2}, given=3) == [LINE, LINE]
    assert SensorFaults([Fault(action="lose")]).admits("exec", ())


def test_a_dead_sensor_stays_dead(tmp_path: Path) -> None:
    found = load(tmp_path, {"layer": "sensor", "action": "stop", "event": "exec"})
    assert [found.admits(event, ()) for event in ("close", "exec", "close")] == [True, False, False]


def test_stripped_fields_are_gone_at_any_depth() -> None:
    (line,) = lines({"action": "strip", "settings": {"fields": ["ppid", "args"]}})
    assert json.loads(line)["process"] == {"executable": {"path": "/bin/sh"}}
    assert json.loads(line)["event"] == {"exec": {}}


def test_a_shifted_clock_shifts_times_and_no_argument() -> None:
    (line,) = lines({"action": "clock", "settings": {"seconds": 90}})
    assert json.loads(line)["time"] == "2026-03-01T00:00:00.000000007Z"
    assert json.loads(line)["event"] == json.loads(LINE)["event"]


def test_a_delayed_record_comes_after_the_next() -> None:
    found = SensorFaults([Fault(action="delay", every=3, settings={"records": 2})])
    wrote = [found.lines("exec", (), b"%d" % number) for number in range(1, 7)]
    assert wrote == [[b"1"], [b"2"], [], [b"4"], [b"5", b"3"], []]


def test_duplicate_corrupt_and_reshaped_lines() -> None:
    assert lines({"action": "duplicate"}) == [LINE, LINE]
    (half,) = lines({"action": "corrupt"})
    assert half == LINE[: len(LINE) // 2] + b"\n"
    (deeper,) = lines({"action": "reshape"})
    assert json.loads(deeper) == {"schema_version": 1, "message": json.loads(LINE)}
    (newer,) = lines({"action": "reshape", "settings": {"schema": 2}})
    assert json.loads(newer) == json.loads(LINE) | {"schema_version": 2}


def test_the_journal_says_what_was_broken(tmp_path: Path) -> None:
    note = journal(tmp_path / "faults.json")
    SensorFaults([Fault(action="drop")], note).admits("exec", ("/bin/sh", "/a"))
    (row,) = (tmp_path / "injected.ndjson").read_text().splitlines()
    found = json.loads(row)
    assert abs(found.pop("at_ns") - time.time_ns()) < 60 * 10**9
    assert found == {
        "layer": "sensor",
        "action": "drop",
        "event": "exec",
        "names": ["/bin/sh", "/a"],
    }


def test_a_sensor_without_rights_says_so_and_ends(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    item = [{"layer": "sensor", "action": "no-rights"}]
    break_files(tmp_path, item)
    done = subprocess.run(
        [tmp_path / "usr/bin/eslogger", "exec"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, sensor.NO_RIGHTS + "\n")
    names = [name for name, _ in variables(item)]
    assert names == ["witnessmark_sources", "witnessmark_faults"]
    assert list(variables([])) == []


def test_the_server_is_told_to_cut_at_the_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, int]] = []
    write_pid(tmp_path / "init.pid", os.getpid())
    monkeypatch.setattr(outside.os, "kill", lambda pid, number: sent.append((pid, number)))
    items = [
        Fault(layer="transport", action="cut", events=frozenset({"exec"}), left=1),
        Fault(layer="host", action="power-off", events=frozenset({"exit"})),
    ]
    found = outside.OutsideFaults(items, tmp_path / "faults.json", lambda *_: None)
    found.at("close", ())
    assert sent == []
    found.at("exec", ())
    found.at("exec", ())
    assert sent == [(os.getpid(), outside.CUT)]
    monkeypatch.setattr(outside.os, "kill", _power_off)
    with pytest.raises(RuntimeError, match="the power is off"):
        found.at("exit", ())


def _power_off(pid: int, number: int) -> None:
    assert (pid, number) == (os.getpid(), signal.SIGKILL)
    raise RuntimeError("the power is off")


def test_another_key_is_let_in_or_known_only_where_that_is_the_fault(tmp_path: Path) -> None:
    refuse = [{"layer": "transport", "action": "refuse"}]
    wrong = [{"layer": "transport", "action": "wrong-key"}]
    for change, fault, other in ((authorized, refuse, wrong), (known_key, wrong, refuse)):
        assert change("ssh-ed25519 OURS", tmp_path, other) == "ssh-ed25519 OURS"
        changed = change("ssh-ed25519 OURS", tmp_path, fault)
        assert changed.startswith("ssh-ed25519 AAAA")


def test_a_read_only_folder_binds_root_too(tmp_path: Path) -> None:
    item = {"layer": "host", "action": "read-only", "folder": "Downloads"}
    (tmp_path / "faults.json").write_text(json.dumps([item]))
    folder = tmp_path / "root/Users/purple/Downloads"
    folder.mkdir(parents=True)
    break_files(tmp_path / "root", [item])
    child = "import sys; from pathlib import Path; from witnessmark.standin.broken import *; "
    child += "import subprocess; modes_bind(Path(sys.argv[1])); "
    child += "raise SystemExit(subprocess.call(['mkdir', sys.argv[2]]))"
    argv = [sys.executable, "-c", child, tmp_path, folder / "new"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Permission denied" in done.stderr
    (said,) = faults.problems([item | {"folder": "../.."}])
    assert "folder must be Downloads or" in said
