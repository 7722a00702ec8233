"""Alerts are read here, on the host or in a log server, until none could still come in time.

The alert documents are synthetic.
"""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3

from witnessmark.collect import alerting
from witnessmark.collect.alerting import Alerts, deadline_s
from witnessmark.collect.collector import Collected
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.alerts import Alerting
from witnessmark.model.hosts import Host, Origin, Role, Search, Source
from witnessmark.telemetry import alert_shapes
from witnessmark.telemetry.alerts import decode


def source(*, deadline: float | None = None, own: float | None = None, path: str = "/a") -> Source:
    told = Alerting(kind="ndjson", rules=(("R", "AB"),), path=path, deadline_s=deadline)
    return Source(
        name="es",
        kind="eslogger",
        role=Role.ORGANISATION,
        path="/s",
        alerts=told,
        alert_deadline_s=own,
    )


def collected(folder: Path, deadline: float) -> Alerts:
    told = source(deadline=deadline, path=str(folder / "alerts"))
    host = Host(name="me", origin=Origin.STAND_IN, connection="local", path_prefix=str(folder))
    return Alerts(LocalTransport(host), told, folder / "raw", 120.0)


def test_the_alerts_deadline_rules_over_the_source_s_and_that_over_the_analytic_s() -> None:
    assert deadline_s(source(deadline=5.0, own=7.0), 9.0) == 5.0
    assert deadline_s(source(own=7.0), 9.0) == 7.0
    assert deadline_s(source(), 9.0) == 9.0


def test_all_of_the_deadline_is_waited_for_and_only_new_alerts_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerting, "SLACK_S", 0.0)
    (tmp_path / "alerts").write_bytes(b"old\n")
    found = collected(tmp_path, 0.3)
    found.collector.start()
    with (tmp_path / "alerts").open("ab") as out:
        out.write(b"new\n")
    assert found.wait(lambda: False)
    done = found.collector.finish()
    assert (tmp_path / "raw").read_bytes() == b"new\n"
    assert (done.source, done.problem) == ("es.alerts", None)
    assert done.look is not None
    assert done.look.intact


def test_a_wait_ends_when_it_is_called_off_or_when_nobody_can_look(tmp_path: Path) -> None:
    (tmp_path / "alerts").touch()
    off = collected(tmp_path, 600.0)
    off.collector.start()
    assert not off.wait(lambda: True)
    off.collector.finish()
    (tmp_path / "alerts").unlink()
    gone = collected(tmp_path, 600.0)
    gone.collector.start()
    assert not gone.wait(lambda: False)
    assert gone.collector.finish().problem is not None


NAMES = (f"alerts-{number}" for number in itertools.count())


class Siem:
    """An index of Elastic Security's alerts, in a real server."""

    def __init__(self, url: str) -> None:
        self.url, self.index = url, next(NAMES)
        fields = {"@timestamp": {"type": "date_nanos"}, "host.name": {"type": "keyword"}}
        body = {"mappings": {"properties": fields}}
        assert urllib3.request("PUT", f"{url}/{self.index}", json=body).status == 200

    def raises(self, name: str, host: str = "mac1") -> None:
        alert = {
            "@timestamp": time.time_ns() // 10**6,
            "kibana.alert.uuid": name,
            "kibana.alert.rule.name": "Drop and run",
            "host": {"name": host},
            "process": {"pid": 401, "executable": "/bin/sh", "args": ["sh", "/x"]},
        }
        path = f"{self.url}/{self.index}/_doc/{name}-{host}?refresh=true"
        assert urllib3.request("PUT", path, json=alert).status == 201

    def source(self, index: str | None = None) -> Source:
        search = Search(
            kind="opensearch",
            url=self.url,
            index=index or self.index,
            host_field="host.name",
            host_value="mac1",
            poll_s=0.1,
        )
        told = Alerting(kind="elastic", rules=(("Drop and run", "AB"),), search=search)
        return Source(
            name="es", kind="eslogger", role=Role.ORGANISATION, path="/s", alerts=told,
            alert_deadline_s=30.0,
        )  # fmt: skip

    def alerts(self, raw: Path, earlier: Collected | None = None) -> Alerts:
        host = Host(name="mac1", origin=Origin.STAND_IN, connection="local")
        part = 0 if earlier is None else 1
        found = self.source()
        return Alerts(LocalTransport(host), found, raw, 120.0, earlier=earlier, part=part)


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def keys(raw: Path, done: Collected) -> dict[str, bool]:
    """By alert: whether it is known when it came."""

    def received(end: int) -> int | None:
        return next((at for upto, at in done.chunks if upto >= end), None)

    shape = alert_shapes.shape("elastic")
    lines = raw.read_bytes().splitlines(keepends=True)
    stream = decode(shape, lines, host="mac1", source="es", received=received)
    assert not stream.bad
    assert {item.rules for item in stream.alerts} == {("Drop and run",)}
    return {str(item.key): item.received_ns is not None for item in stream.alerts}


def test_alerts_in_a_server_are_this_host_s_and_only_those_raised_since_the_run_began(
    opensearch: str, tmp_path: Path
) -> None:
    siem, raw = Siem(opensearch), tmp_path / "es.alerts.ndjson"
    siem.raises("old")
    found = siem.alerts(raw)
    found.collector.start()
    siem.raises("new")
    siem.raises("theirs", host="mac2")
    until(lambda: raw.exists() and b"new" in raw.read_bytes())
    siem.raises("last")
    done = found.collector.finish()
    assert done.problem is None
    assert keys(raw, done) == {"new": True, "last": True}
    assert done.look is not None
    assert done.look.intact


def test_a_resumed_run_knows_not_when_an_alert_came_that_nobody_looked_for(
    opensearch: str, tmp_path: Path
) -> None:
    siem, raw = Siem(opensearch), tmp_path / "es.alerts.ndjson"
    first = siem.alerts(raw)
    first.collector.start()
    siem.raises("seen")
    until(lambda: raw.exists() and b"seen" in raw.read_bytes())
    until(lambda: bool(first.collector.result.chunks))
    past = first.collector.result
    first.collector.finish()
    siem.raises("meanwhile")
    again = siem.alerts(raw, earlier=past)
    again.collector.start()
    until(lambda: b"meanwhile" in raw.read_bytes())
    siem.raises("after")
    until(lambda: b"after" in raw.read_bytes())
    done = again.collector.finish()
    assert keys(raw, done) == {"seen": True, "meanwhile": False, "after": True}


def test_an_index_that_is_not_there_is_said_and_is_no_silence(
    opensearch: str, tmp_path: Path
) -> None:
    siem = Siem(opensearch)
    siem.index = "nowhere"
    found = siem.alerts(tmp_path / "raw")
    found.collector.start()
    assert not found.wait(lambda: False)
    assert "no such index [nowhere]" in str(found.collector.finish().problem)
