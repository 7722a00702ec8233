"""Jamf Protect's alerts: published real ones, and a synthetic story."""

from __future__ import annotations

import json
from typing import Any

import pytest

from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import jamf_alerts


@pytest.fixture
def alerts(synthetic: Any) -> list[Any]:
    return [json.loads(line) for line in synthetic("jamf-alerts")]


def line(alert: Any) -> bytes:
    return json.dumps(alert).encode() + b"\n"


def real(sample: Any, name: str) -> bytes:
    return line(json.loads((sample("jamf_protect/alerts") / f"{name}.json").read_text()))


@pytest.mark.parametrize(
    ("name", "kind", "pid"),
    [
        ("GPProcessEvent", Kind.EXEC, 3136),
        ("GPFSEvent", Kind.CREATE, 11_762),
        ("GPDownloadEvent", Kind.CLOSE, 0),
        ("GPGatekeeperEvent", Kind.DENIED, 39_357),
        ("GPPreventedExecutionEvent", Kind.DENIED, 40_990),
        ("GPThreatMatchExecEvent", Kind.DENIED, 39_356),
        ("GPUnifiedLogEvent", Kind.LOG, 6925),
        ("GPClickEvent", Kind.OTHER, 44_334),
        ("GPScreenshotEvent", Kind.OTHER, 0),
        ("GPUSBEvent", Kind.OTHER, 0),
        ("auth-mount", Kind.OTHER, 0),
    ],
)
def test_every_real_alert(name: str, kind: Kind, pid: int, sample: Any, whole: Any) -> None:
    (event,) = whole(jamf_alerts, real(sample, name)).events
    assert (event.kind, event.process.token.pid) == (kind, pid)


def test_a_real_exec(sample: Any, whole: Any) -> None:
    (event,) = whole(jamf_alerts, real(sample, "GPProcessEvent")).events
    target = event.target
    assert target.token == Token(pid=3136, pidversion=6750)
    assert (target.path, target.ppid) == ("/usr/libexec/security_authtrampoline", 3099)
    assert (target.signing_id, target.team_id) == ("com.apple.security_authtrampoline", None)
    assert (target.platform_binary, target.responsible) == (True, Token(pid=765))
    assert target.cdhash == "ADB22875D3CCCFD32830C665D404E2858F3094C9"
    assert event.time_ns == 1_698_841_238_851_668_000
    assert event.args[0] == target.path


def test_a_file_that_could_not_be_looked_at_is_not_called_unsigned(sample: Any, whole: Any) -> None:
    (event,) = whole(jamf_alerts, real(sample, "GPThreatMatchExecEvent")).events
    assert event.target.cs_flags is None


def test_a_real_download_is_a_drop_by_nobody_named(sample: Any, whole: Any) -> None:
    (event,) = whole(jamf_alerts, real(sample, "GPDownloadEvent")).events
    assert event.file.path == "/Users/local-admin/Downloads/JamfConnect-2.27.0.dmg"
    assert event.modified is True


def test_the_story(synthetic: Any, whole: Any) -> None:
    stream = whole(jamf_alerts, *synthetic("jamf-alerts"))
    assert [event.kind for event in stream.events] == [
        Kind.CLOSE, Kind.EXEC, Kind.RENAME, Kind.DENIED, Kind.LOG, Kind.OTHER,
    ]  # fmt: skip
    _, ran, moved, *_ = stream.events
    assert (ran.parent.token.pid, ran.target.ppid) == (300, 300)
    assert (moved.file.ino, moved.source_file.path[-10:]) == (77, "invoice.sh")


def test_what_was_not_blocked_is_not_denied(alerts: list[Any], whole: Any) -> None:
    alerts[3]["input"]["match"]["event"]["blocked"] = False
    (event,) = whole(jamf_alerts, line(alerts[3])).events
    assert event.kind is Kind.OTHER


def test_a_process_event_that_is_no_start_is_no_exec(alerts: list[Any], whole: Any) -> None:
    alerts[1]["match"]["event"]["type"] = 2
    (event,) = whole(jamf_alerts, line(alerts[1])).events
    assert event.kind is Kind.OTHER


@pytest.mark.parametrize("pid", [0, -3])
def test_a_pid_that_is_none_is_bad(pid: int, alerts: list[Any], whole: Any) -> None:
    alerts[3]["input"]["match"]["event"]["process"]["pid"] = pid
    assert len(whole(jamf_alerts, line(alerts[3])).coverage.bad) == 1


@pytest.mark.parametrize("cut", ["eventType", "match"])
def test_what_is_no_alert_is_bad(cut: str, alerts: list[Any], whole: Any) -> None:
    del alerts[0][cut]
    (bad,) = whole(jamf_alerts, line(alerts[0])).coverage.bad
    assert bad.unknown_shape


def test_an_exec_whose_process_is_not_described_has_no_words(alerts: list[Any], whole: Any) -> None:
    alerts[1]["related"]["processes"] = []
    (event,) = whole(jamf_alerts, line(alerts[1])).events
    assert (event.kind, event.target.token, event.args) == (Kind.EXEC, Token(pid=301), None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("timestamp", 1e308), ("timestamp", -1.0), ("timestamp", "now"), ("pid", -3)],
)
def test_values_that_are_none_cost_the_line(
    name: str, value: Any, alerts: list[Any], whole: Any
) -> None:
    alerts[1]["match"]["event"][name] = value
    alerts[1]["related"]["processes"] = []
    (bad,) = whole(jamf_alerts, line(alerts[1])).coverage.bad
    assert bad.unknown_shape


def test_relations_that_are_none_are_unknown(alerts: list[Any], whole: Any) -> None:
    alerts[1]["related"]["processes"][0] |= {"ppid": -1, "responsiblePID": -1}
    (event,) = whole(jamf_alerts, line(alerts[1])).events
    assert (event.target.ppid, event.target.parent, event.target.responsible) == (None, None, None)


@pytest.mark.parametrize(
    ("place", "name"), [(2, "prevFile"), (2, "path"), (0, "path")], ids=["from", "to", "download"]
)
def test_a_file_event_without_its_path_is_bad(
    place: int, name: str, alerts: list[Any], whole: Any
) -> None:
    alerts[place]["match"]["event"][name] = None
    assert len(whole(jamf_alerts, line(alerts[place])).coverage.bad) == 1


def test_an_actor_that_the_alert_does_not_describe_is_its_pid(
    alerts: list[Any], whole: Any
) -> None:
    event = alerts[2]["match"]["event"]
    event["pid"] = 4242
    (moved,) = whole(jamf_alerts, line(alerts[2])).events
    assert (moved.process.token, moved.process.path) == (Token(pid=4242), "")
    event["pid"] = -4
    (bad,) = whole(jamf_alerts, line(alerts[2])).coverage.bad
    assert bad.reason == "pid -4 is not a process"


@pytest.mark.parametrize(
    ("cut", "said"), [("prevFile", "a rename without prevFile"), ("path", "without path")]
)
def test_a_file_event_that_lacks_a_name_is_bad(
    alerts: list[Any], whole: Any, cut: str, said: str
) -> None:
    del alerts[2]["match"]["event"][cut]
    (bad,) = whole(jamf_alerts, line(alerts[2])).coverage.bad
    assert said in bad.reason


@pytest.mark.parametrize(
    ("number", "kind", "modified"),
    [
        (0, Kind.CREATE, None),
        (1, Kind.UNLINK, None),
        (4, Kind.CLOSE, True),
        (99, Kind.OTHER, None),
        (None, Kind.OTHER, None),
    ],
)
def test_a_file_event_is_what_its_number_says(
    alerts: list[Any], whole: Any, number: int | None, kind: Kind, modified: bool | None
) -> None:
    alerts[2]["match"]["event"]["type"] = number
    (event,) = whole(jamf_alerts, line(alerts[2])).events
    assert (event.kind, event.modified, event.source_file) == (kind, modified, None)
