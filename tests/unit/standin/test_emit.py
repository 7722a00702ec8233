"""The envelope: numbers, gaps, what is hidden, and a store that never tears a line silently.

Its records are a stand-in's.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from witnessmark.standin.emit import Emitter, Store
from witnessmark.standin.faults.known import Fault
from witnessmark.standin.faults.sensor import SensorFaults
from witnessmark.standin.faults.store import StoreFaults
from witnessmark.standin.paths import Translator
from witnessmark.standin.processes import Credentials, Process
from witnessmark.standin.recorder import RecorderConfig
from witnessmark.standin.shape import Shape


def process(pid: int = 10, *, parent: Process | None = None, group: int = 5) -> Process:
    return Process(
        pid=pid,
        number=pid,
        version=pid * 2,
        parent=parent,
        original_ppid=1,
        group=group,
        session=group,
        credentials=Credentials(os.geteuid(), 7, os.getegid(), 8),
        started=1_700_000_000_123_456_789,
        executable=msgspec.Raw(b'{"path":"/bin/sh"}'),
    )


class Sensor:
    """An emitter with a store to read back."""

    def __init__(self, folder: Path, *faults: Fault, hidden: frozenset[int] = frozenset()) -> None:
        self.path = folder / "store.ndjson"
        self.shape = Shape(Translator(folder / "root", {}), host="mac", tokens="object")
        store = Store(self.path)
        self.emitter = Emitter(
            store,
            self.shape,
            tokens="object",
            faults=SensorFaults(faults),
            hidden_groups=hidden,
            store_faults=StoreFaults(faults, store),
        )

    def say(self, name: str, who: Process | None = None, **body: object) -> None:
        self.emitter.event(name, None, who or process(), body, ("/a/b",))

    def numbers(self) -> list[tuple[str, int, int]]:
        return [(next(iter(e["event"])), e["seq_num"], e["global_seq_num"]) for e in self.events()]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


def test_numbers_count_per_type_and_over_all(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path)
    for name in ("exec", "close", "exec", "close"):
        sensor.say(name)
    assert sensor.numbers() == [("exec", 0, 0), ("close", 0, 1), ("exec", 1, 2), ("close", 1, 3)]


def test_a_store_that_loses_a_record_leaves_a_gap_in_the_numbers(tmp_path: Path) -> None:
    lost = Fault(layer="store", action="truncate", events=frozenset({"exec"}), left=1)
    sensor = Sensor(tmp_path, lost)
    for name in ("close", "exec", "close", "exec"):
        sensor.say(name)
    assert sensor.numbers() == [("close", 1, 2), ("exec", 1, 3)]


def test_a_loss_is_loud_and_leaves_a_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sensor = Sensor(tmp_path)
    sensor.say("close")
    sensor.emitter.lost("close", 3, "the queue overflowed")
    sensor.say("close")
    sensor.say("exec")
    assert sensor.numbers() == [("close", 0, 0), ("close", 4, 4), ("exec", 0, 5)]
    assert capsys.readouterr().err == "recorder: 3 close event(s) lost: the queue overflowed\n"


def test_a_dropped_event_takes_no_number(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path, Fault(action="drop", events=frozenset({"close"}), path="/a/*"))
    for name in ("exec", "close", "exec"):
        sensor.say(name)
    assert sensor.numbers() == [("exec", 0, 0), ("exec", 1, 1)]


def test_a_hidden_group_takes_no_number(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path, hidden=frozenset({77}))
    sensor.say("exec", process(group=77))
    sensor.say("exec", process(group=78))
    assert sensor.numbers() == [("exec", 0, 0)]


def test_the_recorder_s_own_group_is_hidden_by_default(tmp_path: Path) -> None:
    assert RecorderConfig(root=tmp_path, store=tmp_path).hidden_groups == {os.getpgrp()}


def test_slashes_are_escaped_and_backslashes_survive(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path)
    sensor.say("exec", path="/a\\/b\\")
    assert b'"\\/a\\\\\\/b\\\\"' in sensor.path.read_bytes()
    assert sensor.events()[0]["event"]["exec"]["path"] == "/a\\/b\\"


def test_identities_are_the_mac_s(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path)
    sensor.say("exit", process(parent=process(20)))
    said = sensor.events()[0]["process"]
    token = said["audit_token"]
    assert (token["euid"], token["egid"], token["ruid"], token["rgid"]) == (501, 20, 7, 8)
    assert (token["pid"], token["pidversion"], token["auid"]) == (10, 20, 501)
    assert said["start_time"] == "2023-11-14T22:13:20.123456Z"
    assert (said["ppid"], said["parent_audit_token"]["pidversion"]) == (20, 40)


def test_outside_the_host_is_launchd(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path)
    sensor.say("exit")
    token = sensor.events()[0]["process"]["parent_audit_token"]
    assert (token["pid"], token["euid"], token["ruid"]) == (1, 0, 0)


def test_files_of_the_system_keep_their_owner(tmp_path: Path) -> None:
    shape = Sensor(tmp_path).shape
    (tmp_path / "root").mkdir()
    from witnessmark.standin.files import stat

    found = stat(os.fsencode(tmp_path / "root"))
    assert found is not None
    inside = shape.file(os.fsencode(tmp_path / "root"), found).stat
    outside = shape.file(b"/elsewhere", found).stat
    assert inside is not None
    assert outside is not None
    assert (inside.st_uid, inside.st_gid) == (501, 20)
    assert (outside.st_uid, outside.st_gid) == (os.geteuid(), os.getegid())
    real = os.stat(tmp_path / "root")  # noqa: PTH116
    assert (inside.st_dev, inside.st_ino, inside.st_mode) == (
        real.st_dev,
        real.st_ino,
        real.st_mode,
    )
    assert inside.st_mtimespec.endswith(f".{real.st_mtime_ns % 10**9:09d}Z")


def test_a_full_disk_is_said_and_shows_as_a_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sensor = Sensor(tmp_path)
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    real, sensor.emitter._store = sensor.emitter._store, Store(full)
    sensor.say("exec")
    sensor.emitter._store = real
    sensor.say("exec")
    assert sensor.numbers() == [("exec", 1, 1)]
    assert "an event is lost" in capsys.readouterr().err


def test_a_torn_line_does_not_spoil_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "s")
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:4]))
    store.append(b"{torn}\n")
    monkeypatch.setattr(os, "write", write)
    store.append(b"{whole}\n")
    assert (tmp_path / "s").read_bytes() == b"{tor\n{whole}\n"
    assert "only part of an event" in capsys.readouterr().err
