"""A store may hold the records of several Macs: another's never speak for this one.

The records are synthetic, osquery's shape with a host's name in each.
"""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from witnessmark.judge import owners
from witnessmark.judge.evidence import host_row, parameters
from witnessmark.judge.seen import look
from witnessmark.model.hosts import Destination, Host, Origin, Role, Source
from witnessmark.model.places import Search
from witnessmark.model.run import HostFacts
from witnessmark.model.verdicts import Link, Status, Verdict
from witnessmark.telemetry.decoder import decode
from witnessmark.telemetry.kinds import decoder_of

from .test_kinds import DATA, judged, told_by

SOURCE = Source(name="edr", kind="osquery", role=Role.ORGANISATION, path="/var/log/edr")


def host(name: str, **given: Any) -> Host:
    return Host(name=name, origin=Origin.MAC, connection="ssh", sources=(SOURCE,), **given)


def run(*called: tuple[str, tuple[str, ...]], address: str = "localhost") -> Any:
    """A run of hosts, each with the names that it gave itself."""
    facts = tuple(HostFacts(name=name, origin="mac", names=names) for name, names in called)
    hosts = tuple(host(name, address=address) for name, _ in called)
    return SimpleNamespace(facts=facts, plan=SimpleNamespace(hosts=hosts))


TWO = run(("mac1", ("Kims-Mac", "C02AAAAAAAAA")), ("mac2", ("Jos-Mac", "C02BBBBBBBBB")))


def answers(record: Any, *named: str, source: Source = SOURCE) -> list[bool | None]:
    """Whether each name is mac1's."""
    whose = owners.held(record, record.plan.hosts[0], source, named)
    return [True if whose is None else whose(name) for name in named]


@pytest.mark.parametrize(
    "name", ["mac1", "MAC1", "mac1.local", "mac1.corp.example", "kims-mac", "C02AAAAAAAAA"]
)
def test_a_host_is_called_in_many_ways(name: str) -> None:
    assert answers(TWO, name, "mac2") == [True, False]


def test_another_host_of_the_run_is_another() -> None:
    assert answers(TWO, "Jos-Mac.local") == [False]
    assert answers(TWO, "C02BBBBBBBBB", "mac1") == [False, True]


def test_what_is_nothing_like_it_is_anothers_where_its_own_name_stands_beside() -> None:
    assert answers(TWO, "mac1", "printer") == [True, False]


def test_of_several_strange_names_nobody_knows() -> None:
    assert answers(TWO, "one", "two") == [None, None]
    named = replace(SOURCE, host_name="two")
    assert answers(TWO, "one", "two", source=named) == [False, True]
    pattern = replace(SOURCE, host_name="{host}-edr")
    assert answers(TWO, "mac1-edr", "mac2-edr", source=pattern) == [True, False]


def test_one_strange_name_alone_is_this_hosts() -> None:
    assert owners.held(TWO, TWO.plan.hosts[0], SOURCE, ["only"]) is None


def test_one_name_in_two_domains_is_nobodys() -> None:
    record = run(("mac1.a.example", ()), ("mac2.a.example", ()))
    assert answers(record, "mac1.b.example", "mac1") == [None, True]


def test_a_name_that_two_hosts_gave_themselves_tells_neither() -> None:
    record = run(("mac1", ("Mac",)), ("mac2", ("Mac",)))
    assert answers(record, "Mac", "mac1") == [False, True]
    assert answers(record, "Mac", "other") == [None, None]


def test_what_a_host_calls_itself_stays_in_the_bag() -> None:
    row = host_row(HostFacts(name="mac1", origin="mac", names=("C02AAAAAAAAA",)))
    assert "C02AAAAAAAAA" not in str(row)


def test_addresses_are_whole_or_nothing() -> None:
    record = run(("mac1", ()), address="10.0.0.7")
    assert answers(record, "10.0.0.7", "10.0.0.8") == [True, False]


def test_an_alert_of_another_host_of_the_run_is_known() -> None:
    mac1 = TWO.plan.hosts[0]
    assert owners.another(TWO, mac1, SOURCE, "JOS-MAC")
    assert not owners.another(TWO, mac1, SOURCE, "Kims-Mac")
    assert not owners.another(TWO, mac1, SOURCE, "printer")


@pytest.mark.parametrize(("answer", "verdict"), [(True, Verdict.DETECTED), (False, None)])
def test_only_its_own_records_earn_a_verdict(answer: bool, verdict: Verdict | None) -> None:
    case = told_by("osquery", whose=lambda _: answer)
    result = judged(case)
    assert case.stream is not None
    assert (case.stream.coverage.elsewhere > 0) is (not answer)
    if verdict is not None:
        assert result.verdict is verdict
    else:
        assert result.verdict not in (Verdict.DETECTED, Verdict.SILENT)
        assert dict(result.links)[Link.RECORDED] is not Status.PASS


def test_records_of_whom_nobody_knows_are_neither_evidence_nor_its_absence() -> None:
    case = told_by("osquery", whose=lambda _: None)
    result = judged(case)
    assert case.stream is not None
    assert "nobody knows whether that is" in case.stream.coverage.bad[0].reason
    assert result.verdict is Verdict.INCONCLUSIVE


def test_a_shared_store_is_read_for_one_host(played: Any) -> None:
    first, second = (DATA / "osquery.synthetic").read_bytes().splitlines(keepends=True)[:2]
    told = first.replace(b'"mac7"', b'"mac1"') + second.replace(b'"mac7"', b'"mac2"')
    found = _look(played.seal(), told)
    assert [event.line for event in found.stream.events] == [1]
    assert (found.stream.coverage.lines, found.stream.coverage.elsewhere) == (2, 1)
    assert found.stream.hosts == ("mac1", "mac2")


def _look(bag: Any, delivered: bytes) -> Any:
    (mac,) = bag.record.plan.hosts
    source = replace(mac.sources[0], kind="osquery")
    return look(_Shared(bag, delivered), mac, source, parameters(bag))  # type: ignore[arg-type]


class _Shared:
    """A bag whose source's store holds other bytes."""

    def __init__(self, bag: Any, stored: bytes) -> None:
        self.record, self._bag, self._stored = bag.record, bag, stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bag, name)

    def raw(self, host: str, name: str, suffix: str = "ndjson") -> bytes | None:
        return self._stored if suffix == "ndjson" else self._bag.raw(host, name, suffix)


def test_a_host_is_also_called_as_its_destination_is_asked_for_it() -> None:
    search = Search(
        kind="opensearch", url="https://s", index="i", host_field="host", host_value="asset-7"
    )
    where = Destination(kind="opensearch", search=search)
    shipped = replace(SOURCE, destination=where)
    assert answers(TWO, "asset-7", "other", source=shipped) == [True, False]
    assert answers(TWO, "asset-7", "other") == [None, None]


def test_an_answer_with_rows_of_several_hosts_is_told_apart_row_by_row() -> None:
    rows = [
        json.loads(line) for line in (DATA / "defender.synthetic").read_bytes().splitlines()[:3]
    ]
    for row, name in zip(rows, ("mac1", "mac2", None), strict=True):
        row["DeviceName"] = name
    line = json.dumps({"Results": rows}).encode() + b"\n"
    record, form = TWO, decoder_of("defender")
    every = decode(form, [line], host="mac1", source="s")
    whose = owners.held(record, record.plan.hosts[0], SOURCE, every.hosts)
    stream = decode(form, [line], host="mac1", source="s", whose=whose)
    assert [event.id for event in stream.events] == ["mac1/s/1"]
    found = stream.coverage
    assert (found.elsewhere, [item.reason for item in found.bad]) == (
        1,
        ["it names no host beside others that do, and nobody knows whether that is mac1"],
    )
    assert found.lines + found.more == found.events + found.elsewhere + len(found.bad)
