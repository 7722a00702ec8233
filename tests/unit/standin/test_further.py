"""Sensors beside eslogger's tell the same: what two of them know of an event is equal."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from witnessmark.errors import HostError
from witnessmark.model.events import Event, Kind, Process
from witnessmark.standin import further
from witnessmark.standin.emit import Emitter, Store
from witnessmark.standin.faults import problems
from witnessmark.standin.faults.known import Fault
from witnessmark.standin.faults.sensor import SensorFaults
from witnessmark.standin.files import stat
from witnessmark.standin.paths import Translator
from witnessmark.standin.processes import Credentials
from witnessmark.standin.processes import Process as Running
from witnessmark.standin.records import ExecBody, File
from witnessmark.standin.shape import Shape
from witnessmark.standin.told import told
from witnessmark.telemetry import santa
from witnessmark.telemetry.decoder import decode
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from witnessmark.model.events import Stream
    from witnessmark.standin.records import TokenForm

DROP = '/Users/purple/Downloads/a|b "c".sh\nx]'
NAMES = ("/Applications/A|B.app/a", DROP, "/Users/purple/Downloads/it's <pip>")
WORDS = ["sh", "-c", 'echo "a b" c\\', "", DROP, "|", "(null)", " "]


class Host:
    """A host with all its sensors, which is told of events by hand."""

    def __init__(self, folder: Path, *faults: Fault, tokens: TokenForm = "object") -> None:
        self.root = folder / "root"
        self.store = folder / "eslogger.ndjson"
        self.shape = Shape(Translator(self.root, {}), host="mac", tokens=tokens)
        kinds = tuple(further.FORMS)
        self.emitter = Emitter(
            Store(self.store),
            self.shape,
            tokens=tokens,
            faults=SensorFaults(faults),
            hidden_groups=frozenset(),
            also=further.sensors(kinds, self.root, "mac", faults, lambda *_: None),
        )

    def process(self, number: int, path: str, parent: Running | None = None) -> Running:
        real = os.fsencode(Path("/proc/self/exe").resolve())
        file = msgspec.json.encode(File(path, self.shape.file(real, stat(real)).stat))
        return Running(
            pid=os.getpid(),
            number=number,
            version=number * 2,
            parent=parent,
            original_ppid=parent.number if parent else 1,
            group=number,
            session=5,
            credentials=Credentials(os.geteuid(), os.geteuid(), os.getegid(), os.getegid()),
            started=1_700_000_000_123_456_789,
            path=path,
            executable=msgspec.Raw(file),
        )

    def tell(self, name: str, who: Running, body: object, *paths: str) -> None:
        self.emitter.event(name, None, who, body, paths or ("/a/b",))

    def run(self, who: Running, args: list[str]) -> None:
        shown = self.shape.process(who)
        body = ExecBody(
            shown, args, ["HOME=/Users/purple"], None, File("/x y", None), 2, [], 1, 1, ""
        )
        self.tell("exec", who, body, who.path)

    def stream(self, kind: str) -> Stream:
        path = self.store if kind == "eslogger" else self.root / further.STORES[kind]
        with path.open("rb") as lines:
            return decode(decoder_of(kind), lines, host="mac", source=kind)


def story(host: Host) -> None:
    """All that the sensors may tell, with names that are hard to write down."""
    browser = host.process(20, NAMES[0])
    child = host.process(21, "/bin/sh", browser)
    host.tell("fork", browser, {"child": host.shape.process(child)})
    host.run(child, WORDS)
    file, other = File(NAMES[1], None), File(NAMES[2], None)
    made = {"destination_type": 0, "destination": {"existing_file": file}, "acl": None}
    host.tell("create", child, made)
    host.tell("close", child, {"modified": True, "target": file, "was_mapped_writable": False})
    host.tell("close", child, {"modified": False, "target": file, "was_mapped_writable": False})
    folder = File("/Users/purple/Downloads", None)
    new = {"destination_type": 1, "destination": {"new_path": {"dir": folder, "filename": "n|w"}}}
    host.tell("rename", child, {"source": file, **new})
    old = {"destination_type": 0, "destination": {"existing_file": other}}
    host.tell("rename", child, {"source": file, **old})
    host.tell("link", child, {"source": file, "target_dir": folder, "target_filename": "l|k"})
    host.tell("setmode", child, {"mode": 0o755, "target": file})
    host.tell("unlink", child, {"target": file, "parent_dir": folder})
    host.tell("exit", child, {"stat": 256})


def told_by(stream: Stream) -> list[Event]:
    return [event for event in stream.events if event.modified is not False]


def known(process: Process | None, other: Process | None) -> dict[str, tuple[Any, Any]]:
    """What both say of a process: None is not said, and one of which only the pid is known has no
    path."""
    if process is None or other is None:
        return {"": (process, other)}
    silent = process.simulated | other.simulated | {"simulated", "file"}
    if "" in (process.path, other.path):
        silent |= {"path", "team_id"}
    found = {
        item.name: (getattr(process, item.name), getattr(other, item.name))
        for item in fields(Process)
        if item.name not in silent
        and None not in (getattr(process, item.name), getattr(other, item.name))
    }
    for name in ("token", "parent", "responsible"):
        if name in found:
            found[name] = tuple(each and each.pid for each in found[name])  # type: ignore[assignment]
    if not {"pidversion"} & silent:
        found["version"] = (process.token.pidversion, other.token.pidversion)
    return found


@pytest.mark.parametrize("tokens", ["object", "array"])
@pytest.mark.parametrize("kind", further.FORMS)
def test_what_two_sensors_know_of_an_event_is_equal(
    kind: str, tokens: TokenForm, tmp_path: Path
) -> None:
    host = Host(tmp_path, tokens=tokens)
    story(host)
    theirs = host.stream(kind)
    assert not theirs.coverage.bad
    assert not theirs.coverage.gaps
    seen = {event.kind for event in theirs.events}
    ours = [event for event in told_by(host.stream("eslogger")) if event.kind in seen]
    assert [event.kind for event in theirs.events] == [event.kind for event in ours]
    assert seen >= {Kind.EXEC, Kind.FORK, Kind.EXIT, Kind.CLOSE, Kind.RENAME}
    for mine, other in zip(ours, theirs.events, strict=True):
        for pair in (mine.process, other.process), (mine.target, other.target):
            for name, (one, two) in known(*pair).items():
                assert one == two, (mine.kind, name)
        if mine.child and other.child:
            assert mine.child.token.pid == other.child.token.pid
        for one, two in ((mine.file, other.file), (mine.source_file, other.source_file)):
            assert (one and one.path) == (two and two.path)
        assert abs(mine.time_ns - other.time_ns) < theirs.resolution_ns + 10**9


def test_words_are_kept_by_osquery_and_run_together_by_santa(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.run(host.process(21, "/bin/sh"), WORDS)
    (row,), (line,) = host.stream("osquery").events, host.stream("santa").events
    assert row.args == tuple(WORDS)
    assert row.cwd == "/x y"
    assert row.target is not None
    assert "args" not in row.target.simulated
    assert line.args == tuple(" ".join(WORDS).split(" "))
    assert line.target is not None
    assert "args" in line.target.simulated


@pytest.mark.parametrize("kind", further.FORMS)
def test_what_linux_cannot_know_is_unknown_to_every_decoder(kind: str, tmp_path: Path) -> None:
    host = Host(tmp_path)
    story(host)
    for event in host.stream(kind).events:
        for image in (event.process, event.target):
            if image is not None:
                unknown = {"signing_id", "team_id", "cdhash", "platform_binary", "responsible"}
                assert unknown <= image.simulated
                assert {getattr(image, name) for name in unknown} == {None}


@pytest.mark.parametrize("kind", further.FORMS)
def test_each_record_says_that_it_is_a_stand_in_s(kind: str, tmp_path: Path) -> None:
    host = Host(tmp_path)
    story(host)
    lines = (host.root / further.STORES[kind]).read_text().splitlines()
    assert lines
    assert all("stand-in mac" in line for line in lines)


def test_osquery_fills_euid_from_the_group_and_knows_no_parts_of_a_second(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.run(host.process(21, "/bin/sh"), ["sh"])
    (line,) = (host.root / further.STORES["osquery"]).read_text().splitlines()
    columns = json.loads(line)["columns"]
    assert (columns["uid"], columns["euid"], columns["egid"]) == ("501", "20", "20")
    assert columns["time"].isdecimal()
    assert {type(value) for value in columns.values()} == {str}
    assert not {"team_id", "signing_id", "cdhash", "platform_binary"} & columns.keys()


def test_osquery_sees_no_files_where_it_was_not_told_to_look(tmp_path: Path) -> None:
    host = Host(tmp_path)
    body = {"modified": True, "target": File("/private/var/log/x", None)}
    host.tell("close", host.process(21, "/bin/sh"), body)
    assert host.stream("osquery").events == ()
    assert len(host.stream("santa").events) == 1


def test_santa_tells_the_digest_of_the_file_that_runs_or_none(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.run(host.process(21, "/bin/sh"), ["sh"])
    stranger = host.process(22, "/bin/sh")
    stranger.executable = msgspec.Raw(b'{"path":"/bin/sh","stat":{"st_dev":1,"st_ino":1}}')
    host.run(stranger, ["sh"])
    first, second = (host.root / further.STORES["santa"]).read_text().splitlines()
    with Path("/proc/self/exe").open("rb") as file:
        assert f"|sha256={hashlib.file_digest(file, 'sha256').hexdigest()}|" in first
    assert "sha256" not in second
    assert len(host.stream("santa").events) == 2


@pytest.mark.parametrize("source", ["eslogger", "santa", "osquery", None])
def test_a_fault_breaks_the_sensor_that_it_names_or_all(source: str | None, tmp_path: Path) -> None:
    only = {} if source is None else {"source": source}
    fault = Fault(action="drop", events=frozenset({"exec"}), left=1, settings=only)
    host = Host(tmp_path, fault)
    who = host.process(21, "/bin/sh")
    host.run(who, ["first"])
    host.run(who, ["second"])
    left = {kind: len(host.stream(kind).events) for kind in ("eslogger", *further.FORMS)}
    assert left == {kind: 1 if source in (kind, None) else 2 for kind in left}


@pytest.mark.parametrize("kind", further.FORMS)
def test_what_is_lost_after_it_was_numbered_shows(kind: str, tmp_path: Path) -> None:
    host = Host(tmp_path, Fault(action="lose", left=1, settings={"source": kind}))
    who = host.process(21, "/bin/sh")
    host.run(who, ["sh"])
    for _ in range(3):
        host.run(who, ["sh"])
    first = host.stream(kind)
    assert len(first.events) == 3
    assert len(host.stream("eslogger").coverage.gaps) == 0
    if kind == "santa":
        assert [gap.counter for gap in first.coverage.gaps] == ["log quota exceeded"]
    else:  # the first number that is seen is the baseline: what was before it cannot show
        assert {event.global_seq for event in first.events} == {1, 2, 3}


@pytest.mark.parametrize("kind", further.FORMS)
def test_what_no_sensor_could_be_told_shows_in_each(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = Host(tmp_path)
    who = host.process(21, "/bin/sh")
    host.run(who, ["sh"])
    host.emitter.lost("exec", 2, "it vanished")
    host.emitter.lost("setmode", 1, "neither tells of it")
    for _ in range(2):
        host.run(who, ["sh"])
    gaps = host.stream(kind).coverage.gaps
    assert sum(gap.missing for gap in gaps if gap.counter not in ("exec",)) >= 1
    assert "it vanished" in capsys.readouterr().err


def test_a_full_disk_keeps_nothing_of_any_sensor(tmp_path: Path) -> None:
    host = Host(tmp_path)
    (sensor,) = further.sensors(["santa"], host.root, "mac", (), lambda *_: None)
    who = host.process(21, "/bin/sh")
    facts = told("exit", 1, host.shape.process(who), {"stat": 0}, lambda: None)
    sensor.event(facts, (), full=True)
    assert host.stream("santa").events == ()
    sensor.event(facts, (), full=False)
    sensor.close()
    assert len(host.stream("santa").events) == 1


def test_what_reads_a_record_can_break_eslogger_s_only() -> None:
    item = {"layer": "sensor", "action": "strip", "fields": ["ppid"], "source": "santa"}
    (said,) = problems([item])
    assert "unknown key 'source'" in said
    (said,) = problems([{"layer": "sensor", "action": "drop", "source": "sysmon"}])
    assert "source must be eslogger or santa or osquery" in said


def test_a_sensor_that_is_none_or_that_only_a_fault_knows_is_refused() -> None:
    with pytest.raises(HostError, match="sysmon is no sensor"):
        further.check(["sysmon"], {})
    fault = {"layer": "sensor", "action": "drop", "source": "santa"}
    with pytest.raises(HostError, match="a fault of mac1 breaks santa: boot it with --also santa"):
        further.check([], {"mac1": [fault]})
    assert further.check(["osquery", "santa", "santa"], {"mac1": [fault]}) == ("santa", "osquery")
    assert further.check([], {"mac1": [{**fault, "source": "eslogger"}]}) == ()


def test_a_host_s_lines_have_the_order_that_santa_s_decoder_reads_fast(tmp_path: Path) -> None:
    host = Host(tmp_path)
    story(host)
    for line in (host.root / further.STORES["santa"]).read_text().splitlines():
        action, _, rest = line.partition("action=")[2].partition("|")
        pattern = santa.LAYOUTS[action].pattern
        assert pattern is None or pattern.fullmatch(rest), line
