"""Alerts are read here or on the host, until none could still come in time."""

from pathlib import Path

import pytest

from witnessmark.collect import alerting
from witnessmark.collect.alerting import Alerts, deadline_s
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.alerts import Alerting
from witnessmark.model.hosts import Host, Origin, Role, Source


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
