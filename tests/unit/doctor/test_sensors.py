"""A sensor is asked for what was really run: one that wakes late, sleeps, or cannot start.

Its records are synthetic.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.doctor.sensors import RIGHTS, Watched
from witnessmark.errors import HostError
from witnessmark.hosts.transport import Result
from witnessmark.model.hosts import Host, Origin, Role, Source
from witnessmark.model.verdicts import Status
from witnessmark.telemetry import eslogger
from witnessmark.telemetry.format import WRITES, Fill

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.doctor.lines import Line

MARK = "wm-20261124t042002z-0d0c70-doctor"
HOST = Host(
    name="mac1",
    origin=Origin.MAC,
    connection="ssh",
    lab=True,
    sources=(
        Source(name="es", kind="eslogger", role=Role.ORGANISATION, command=("eslogger", "exec")),
    ),
)


def process(pid: int, version: int, path: str) -> dict[str, Any]:
    return {
        "audit_token": {"pid": pid, "pidversion": version, "euid": 501},
        "parent_audit_token": {"pid": 1, "pidversion": 1, "euid": 0},
        "ppid": 1,
        "original_ppid": 1,
        "start_time": "2026-10-04T00:00:00.000001Z",
        "executable": {"path": path, "path_truncated": False},
        "signing_id": "com.apple.x",
        "team_id": None,
        "codesigning_flags": 0x24000001,
        "is_platform_binary": True,
    }


@dataclass
class Sensor:
    """A host whose only sensor writes down what is run, from the n-th command on."""

    wakes_at: int = 1
    late_s: float = 0.0
    """How much later its records say that it happened."""
    cannot: str = ""
    host: Host = HOST
    commands: list[list[str]] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    def run(self, argv: list[str], **_: object) -> Result:
        now = time.time_ns()
        self.commands.append(argv)
        if len(self.commands) >= self.wakes_at:
            target = process(500, 8, "/usr/bin/true")
            body = {"target": target, "args": argv, "cwd": {"path": "/"}, "script": None}
            self._write("exec", body)
        return Result(
            argv=tuple(argv),
            status=0,
            stdout=b"",
            stderr=b"",
            started_ns=now,
            finished_ns=time.time_ns(),
            timed_out=False,
            cut=0,
        )

    def drop(self, *, modified: bool = True, caches: bool = True) -> None:
        """The doctor's files in Downloads and Caches."""
        folders = ["Downloads/witnessmark"] + ["Library/Caches/org.witnessmark"] * caches
        for folder in folders:
            path = f"/Users/p/{folder}/x/{MARK}"
            self._write("close", {"target": {"path": path}, "modified": modified})

    def _write(self, name: str, body: dict[str, Any]) -> None:
        at = time.gmtime(time.time() + self.late_s)
        record = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S.000000001Z", at),
            "global_seq_num": len(self.lines),
            "seq_num": len(self.lines),
            "process": process(500, 7, "/bin/zsh"),
            "event": {name: body},
        }
        self.lines.append(json.dumps(record).encode() + b"\n")

    def stream(self, _argv: object) -> Sensor:
        if self.cannot:
            raise HostError(self.cannot)
        self._told = 0
        return self

    def read(self, timeout_s: float) -> bytes:
        lines = self.lines[self._told :]
        self._told += len(lines)
        if not lines:
            time.sleep(timeout_s)
        return b"".join(lines)

    def stderr(self) -> bytes:
        return b""

    def close(self) -> None:
        return None


def look(
    sensor: Sensor,
    folder: Path,
    *,
    drop: bool = True,
    modified: bool = True,
    caches: bool = True,
    wait_s: float = 20.0,
    ahead_s: float | None = 0.0,
) -> dict[str, Line]:
    watched = Watched(sensor, folder, MARK)  # type: ignore[arg-type]
    try:
        watched.start(wait_s)
        if drop:
            sensor.drop(modified=modified, caches=caches)
        return {item.name: item for item in watched.lines(wait_s, ahead_s, 5.0)}
    finally:
        watched.stop()


def statuses(found: dict[str, Line]) -> dict[str, Status]:
    return {name: item.status for name, item in found.items()}


@pytest.mark.parametrize("wakes_at", [1, 3])
def test_a_sensor_that_wakes_late_is_waited_for(tmp_path: Path, wakes_at: int) -> None:
    found = look(Sensor(wakes_at=wakes_at), tmp_path)
    assert statuses(found) == dict.fromkeys(("sensor es", "times es", "files es"), Status.PASS)


def test_a_sensor_that_shows_nothing_is_asked_for_one_wait_and_fails(tmp_path: Path) -> None:
    found = look(Sensor(wakes_at=10**9), tmp_path, wait_s=0.6, drop=False)
    assert statuses(found) == {"sensor es": Status.FAIL}
    assert found["sensor es"].message.startswith("it says nothing at all")
    (tmp_path / "other").mkdir()
    other = look(Sensor(wakes_at=10**9), tmp_path / "other", wait_s=0.6)
    assert "bytes came, but a command" in other["sensor es"].message


def test_a_sensor_that_cannot_start_says_why_with_the_rights_it_needs(tmp_path: Path) -> None:
    found = look(Sensor(cannot="mac1: Not permitted to create an ES Client"), tmp_path)
    assert statuses(found) == {"sensor es": Status.FAIL}
    assert "Not permitted" in found["sensor es"].message
    assert found["sensor es"].mend == RIGHTS


@pytest.mark.parametrize(("drop", "modified"), [(False, True), (True, False)])
def test_a_write_that_is_not_recorded_as_one_fails(
    tmp_path: Path, *, drop: bool, modified: bool
) -> None:
    found = look(Sensor(), tmp_path, drop=drop, modified=modified)
    assert found["files es"].status is Status.FAIL
    assert found["sensor es"].status is Status.PASS


def test_a_sensor_that_is_blind_in_one_of_the_folders_fails(tmp_path: Path) -> None:
    found = look(Sensor(), tmp_path, caches=False)["files es"]
    assert found.status is Status.FAIL
    assert found.message == "the write of a file in ~/Library/Caches was not recorded"


@pytest.mark.parametrize(
    ("late_s", "ahead_s", "status", "words"),
    [
        (0.0, 0.0, Status.PASS, ""),
        (-600.0, 0.0, Status.FAIL, "s before the moment at which it was run"),
        (600.0, 0.0, Status.FAIL, "s after the moment at which it was run"),
        (600.0, 600.0, Status.PASS, ""),
        (0.0, 600.0, Status.FAIL, "s before the moment"),
        (0.0, None, Status.ERROR, "nobody knows how far"),
    ],
)
def test_a_record_s_time_is_held_against_the_host_s_clock(
    tmp_path: Path, late_s: float, ahead_s: float | None, status: Status, words: str
) -> None:
    found = look(Sensor(late_s=late_s), tmp_path, ahead_s=ahead_s)
    assert found["times es"].status is status
    assert words in found["times es"].message


def test_a_kind_that_never_says_what_ran_is_unknown_and_not_waited_for(tmp_path: Path) -> None:
    (source,) = HOST.sources
    alerts = replace(HOST, sources=(replace(source, kind="unifiedlog"),))
    sensor = Sensor(host=alerts)
    found = look(sensor, tmp_path)
    assert statuses(found) == {"sensor es": Status.ERROR}
    assert "never records what is run" in found["sensor es"].message
    assert [words[1] for words in sensor.commands] == [f"{MARK}-ran", f"{MARK}-end"]
    broken = look(Sensor(host=alerts, cannot="mac1: no such file"), tmp_path)
    assert statuses(broken) == {"sensor es": Status.FAIL}


def test_a_kind_that_never_says_what_was_written_does_not_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = {**eslogger.FILLS, **dict.fromkeys(WRITES, Fill.NEVER)}
    monkeypatch.setattr(eslogger, "FILLS", blind)
    found = look(Sensor(), tmp_path, drop=False)
    assert found["sensor es"].status is Status.PASS
    assert found["files es"].status is Status.SKIP
