"""Whatever goes wrong on one host, what was seen is kept and the others are played."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from witnessmark import fleet
from witnessmark.bag.write import BagWriter
from witnessmark.content import scenarios
from witnessmark.errors import HostError
from witnessmark.hosts.local import LocalTransport
from witnessmark.hosts.outcome import Outcome, PrepareResult
from witnessmark.model.hosts import Host, Role, Source
from witnessmark.model.run import Plan
from witnessmark.plan import build

RUN = "20261124t042002z-1f0c9a"


def plan(*hosts: Host) -> Plan:
    catalogue = scenarios.load_all()
    return build(
        run_id=RUN,
        hosts=hosts,
        scenarios=scenarios.select(catalogue, ["p07"]),
        catalogue=catalogue,
        window_s=1.0,
        late_arrival_s=0.2,
        profile=None,
    )


def ready(*hosts: Host) -> list[PrepareResult]:
    return [PrepareResult(host=host.name, outcome=Outcome.OK) for host in hosts]


@pytest.fixture
def host(tmp_path: Path, mac: LocalTransport) -> Host:
    store = tmp_path / "store.ndjson"
    store.write_bytes(b"{}\n")
    source = Source(name="es", kind="eslogger", role=Role.ORGANISATION, path=str(store))
    return replace(mac.host, sources=(source,))


def test_a_host_lost_at_the_end_keeps_all_that_was_seen(
    home: Path, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise HostError("me: the line went dead")

    monkeypatch.setattr(fleet, "_await_end", lost)
    runs = fleet.play(plan(host), ready(host), BagWriter(tmp_path / "bag"), fleet.Watch())
    run = runs["me"]
    assert run.facts.problem == "me: the line went dead"
    assert run.facts.home == str(home)
    assert all(act.started and (act.phases or act.skipped) for act in run.acts)
    assert len(run.acts) == len(plan(host).cases)
    assert [item.source for item in run.collected] == ["es"]
    assert run.collected[0].problem is None


def test_a_bug_on_one_host_costs_no_other_its_evidence(
    home: Path, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(host, name="you")
    real = fleet.reach

    def reach(wanted: Host) -> object:
        if wanted.name == "you":
            raise KeyError("a bug")
        return real(wanted)

    monkeypatch.setattr(fleet, "reach", reach)
    what = plan(host, other)
    runs = fleet.play(what, ready(host, other), BagWriter(tmp_path / "bag"), fleet.Watch())
    assert runs["me"].facts.problem is None
    assert "Traceback" in (runs["you"].facts.problem or "")
    lost = runs["you"].acts
    assert {act.case_id for act in lost} == {c.id for c in what.cases if c.host == "you"}
    assert not any(act.started for act in lost)


def test_a_host_that_was_not_prepared_is_not_reached(
    home: Path, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "reach", lambda _: pytest.fail("it was reached"))
    refused = [PrepareResult(host="me", outcome=Outcome.REFUSED, reason="me: no consent")]
    runs = fleet.play(plan(host), refused, BagWriter(tmp_path / "bag"), fleet.Watch())
    assert {act.error for act in runs["me"].acts} == {"me: no consent"}


def test_the_clock_is_asked_again_after_the_last_case(
    home: Path, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "with_end", lambda facts, _: replace(facts, clock_offset_end_s=61.5))
    runs = fleet.play(plan(host), ready(host), BagWriter(tmp_path / "bag"), fleet.Watch())
    assert runs["me"].facts.clock_offset_end_s == 61.5
    assert runs["me"].facts.clock_offset_s == pytest.approx(0.0, abs=2.0)


@pytest.mark.parametrize("secret", [False, True])
def test_the_deployed_rule_is_hashed_and_kept_in_the_bag_unless_it_is_secret(
    secret: bool, home: Path, host: Host, tmp_path: Path
) -> None:
    rule = tmp_path / "an0994.rule"
    rule.write_text("the deployed rule")
    (source,) = host.sources
    told = replace(
        source, rule_file=str(rule), rule_secret=secret, version_command=("printf", "7.18")
    )
    asked = replace(host, sources=(told,))
    bag = tmp_path / "bag"
    runs = fleet.play(plan(asked), ready(asked), BagWriter(bag), fleet.Watch())
    (fact,) = runs["me"].facts.sensors
    assert (fact.source, fact.version) == ("es", "7.18")
    assert fact.rule_sha256 == hashlib.sha256(b"the deployed rule").hexdigest()
    kept = bag / "data/rules/me/es"
    assert fact.rule_kept is kept.exists() is not secret
    if secret:
        texts = [path.read_bytes() for path in bag.rglob("*") if path.is_file()]
        assert not any(b"the deployed rule" in text for text in texts)
