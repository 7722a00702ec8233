"""A stand-in's own rules raise alerts over what was delivered, as well as they were told to."""

import json
from pathlib import Path

import pytest

from witnessmark.standin.alerting import Alerter
from witnessmark.standin.faults import Fault, problems
from witnessmark.standin.faults.alerts import AlertFaults

FILE = "/Users/purple/Downloads/x.sh"


def line(name: str, body: dict[str, object], second: float = 0.0) -> bytes:
    time = f"2026-11-24T04:20:{second:012.9f}Z"
    return json.dumps({"time": time, "event": {name: body}}).encode() + b"\n"


def wrote(path: str = FILE, second: float = 0.0) -> bytes:
    return line("close", {"modified": True, "target": {"path": path}}, second)


def moved(to: str) -> bytes:
    folder, _, name = to.rpartition("/")
    return line(
        "rename", {"destination": {"new_path": {"dir": {"path": folder}, "filename": name}}}
    )


def ran(
    *args: str,
    image: str = "/bin/sh",
    script: str | None = None,
    pid: int = 7,
    parent: int = 1,
    second: float = 1.0,
) -> bytes:
    token, above = {"pid": pid}, {"pid": parent}
    target = {"executable": {"path": image}, "audit_token": token, "parent_audit_token": above}
    return line(
        "exec",
        {
            "target": target,
            "script": script and {"path": script},
            "args": list(args),
            "cwd": {"path": "/Users/purple/Downloads"},
        },
        second,
    )


def raised(
    tmp_path: Path, *lines: bytes, lacks: str = "", **fault: object
) -> list[dict[str, object]]:
    broken = [Fault(layer="alerts", action="weaken", settings={"lacks": lacks.split()})]
    if fault:
        action = str(fault.pop("action"))
        broken.append(Fault(layer="alerts", action=action, settings=fault))
    alerter = Alerter(tmp_path / "alerts", "mac1", 4.0, broken)
    for item in lines:
        alerter.take([item])
    alerter.finish()
    return [json.loads(item) for item in (tmp_path / "alerts").read_bytes().splitlines()]


def test_an_alert_names_rule_host_process_script_and_time(tmp_path: Path) -> None:
    (found,) = raised(tmp_path, wrote(), ran("sh", FILE, script=FILE))
    assert (found["rule"], found["host"]) == ({"id": "standin-drop-exec"}, {"name": "mac1"})
    assert found["process"] == {
        "pid": 7,
        "path": "/bin/sh",
        "script": FILE,
        "time": "2026-11-24T04:20:01.000000000Z",
    }


@pytest.mark.parametrize(
    ("lines", "clause"),
    [
        ((wrote(), ran("sh", FILE)), "B3"),
        ((wrote(), ran("sh", "x.sh")), "B3"),
        ((moved(FILE), ran(image=FILE)), "B2"),
        ((wrote(), ran(image=FILE)), "B"),
        ((ran(image="/Applications/Safari", pid=3), ran("sh", parent=3)), "A"),
        (
            (
                ran(image="/Applications/Safari", pid=3),
                ran(image="/x", pid=4, parent=3),
                ran("sh", parent=4),
            ),
            "A6",
        ),
    ],
)
def test_each_clause_finds_what_it_is_for_and_can_be_taken_away(
    tmp_path: Path, lines: tuple[bytes, ...], clause: str
) -> None:
    (tmp_path / "weak").mkdir()
    assert len(raised(tmp_path, *lines)) == 1
    assert raised(tmp_path / "weak", *lines, lacks=clause) == []


def test_the_window_ends_it_unless_the_rule_has_none(tmp_path: Path) -> None:
    (tmp_path / "weak").mkdir()
    late = (wrote(), ran(image=FILE, second=9.0))
    assert raised(tmp_path, *late) == []
    assert len(raised(tmp_path / "weak", *late, lacks="B5")) == 1


@pytest.mark.parametrize(
    "other",
    [b"{", b'{"event": {"exec": 7}, "time": 1}', wrote("/tmp/x.sh"), ran("sh", "/tmp/x.sh")],
)
def test_what_the_rules_do_not_understand_raises_nothing(tmp_path: Path, other: bytes) -> None:
    assert raised(tmp_path, other, ran("sh", "/tmp/x.sh")) == []


THREE = (wrote(), *(ran(image=FILE, pid=pid) for pid in (7, 8, 9)))


def test_alerts_are_lost_copied_or_merged(tmp_path: Path) -> None:
    for name in ("drop", "copy", "all", "first"):
        (tmp_path / name).mkdir()
    assert raised(tmp_path / "drop", *THREE, action="drop") == []
    assert len(raised(tmp_path / "copy", *THREE, action="duplicate", times=2)) == 9
    (one,) = raised(tmp_path / "all", *THREE, action="merge")
    processes = one["processes"]
    assert isinstance(processes, list)
    assert (one["count"], [item["pid"] for item in processes]) == (3, [7, 8, 9])
    (one,) = raised(tmp_path / "first", *THREE, action="merge", by=9, names="first")
    process = one["process"]
    assert isinstance(process, dict)
    assert (one["count"], process["pid"]) == (3, 7)


def test_what_is_held_is_due_in_time() -> None:
    now = 100.0
    held = [
        Fault(layer="alerts", action="merge", settings={"by": 5}),
        Fault(layer="shipper", action="drop"),
    ]
    faults = AlertFaults(held, lambda: now)
    alert = json.dumps({"process": {"path": "/x"}}).encode() + b"\n"
    assert faults.take(alert) == []
    assert faults.wait_s() == pytest.approx(2.0)
    assert faults.due() == []
    now = 102.0
    assert len(faults.due()) == 1
    assert faults.wait_s() is None


def test_a_wrong_fault_of_alerts_is_refused() -> None:
    assert problems([{"layer": "alerts", "action": "weaken"}])
    assert problems([{"layer": "alerts", "action": "merge", "names": "none"}])
    assert not problems([{"layer": "alerts", "action": "weaken", "lacks": ["B3"]}])
