"""Jamf Protect's telemetry version 2 (synthetic, in the shape of published records)."""

from __future__ import annotations

import json
from typing import Any

from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import eslogger, jamf_telemetry


def test_the_story(synthetic: Any, whole: Any) -> None:
    stream = whole(jamf_telemetry, *synthetic("jamf-telemetry"), by_record=True)
    one, other, two = stream.events
    assert (one.kind, other.kind, two.kind) == (Kind.EXEC, Kind.OTHER, Kind.EXEC)
    assert (stream.coverage.bad, stream.coverage.gaps) == ((), ())
    assert dict(stream.coverage.kinds) == {"exec": 2, "authentication": 1}
    assert two.target.token == Token(pid=301, pidversion=811, euid=501)
    assert two.target.parent == two.target.responsible == Token(pid=300, pidversion=801, euid=501)
    assert (two.args[0], two.cwd, two.script) == ("sh", "/Users/kim", None)
    assert two.target.cdhash == "ab" * 20
    assert (two.host, two.global_seq, two.time_ns % 10**9) == ("mac7", 2, 880_000_000)


def test_a_gap_is_seen(synthetic: Any, whole: Any) -> None:
    lines = synthetic("jamf-telemetry")
    (gap,) = whole(jamf_telemetry, lines[0], lines[2]).coverage.gaps
    assert (gap.counter, gap.missing) == ("glob_seq_num", 1)


def test_esloggers_records_are_not_jamfs_nor_the_other_way(synthetic: Any, whole: Any) -> None:
    assert len(whole(jamf_telemetry, synthetic("eslogger")[0]).coverage.bad) == 1
    record = json.loads(synthetic("jamf-telemetry")[0])
    record["event"] = {"exec": {}, "fork": {}}
    (bad,) = whole(jamf_telemetry, json.dumps(record).encode()).coverage.bad
    assert bad.unknown_shape
    assert jamf_telemetry.FILLS != eslogger.FILLS


def test_an_event_of_no_known_name_is_another_kind(synthetic: Any, whole: Any) -> None:
    record = json.loads(synthetic("jamf-telemetry")[0])
    record["event"] = {"xp_something_new": {"a": 1}}
    (event,) = whole(jamf_telemetry, json.dumps(record).encode() + b"\n").events
    assert event.kind is Kind.OTHER
    for names in ({}, {"xp_a": {}, "xp_b": {}}):
        record["event"] = names
        (bad,) = whole(jamf_telemetry, json.dumps(record).encode() + b"\n").coverage.bad
        assert f"{len(names)} events in one record" in bad.reason
