"""CrowdStrike FDR: redacted real events, and a synthetic story."""

from __future__ import annotations

import json
from typing import Any

import pytest

from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import crowdstrike

OWN = 400_000_000_000_000_301


@pytest.fixture
def events(synthetic: Any) -> list[Any]:
    return [json.loads(line) for line in synthetic("crowdstrike")]


def line(event: Any) -> bytes:
    return json.dumps(event).encode() + b"\n"


def test_real_events_flat_and_wrapped(sample: Any, whole: Any) -> None:
    lines = sample("crowdstrike/fdr_mac_test_logs.ndjson").read_bytes().splitlines(keepends=True)
    stream = whole(crowdstrike, *lines)
    kinds = dict(stream.coverage.kinds)
    assert stream.coverage.bad == ()
    assert kinds["ProcessRollup2"] == len(stream.events) > 5
    git = stream.events[0]
    assert git.time_ns == 1_675_441_378_504_000_000, "the start, not when it was sent"
    assert git.target.token == Token(pid=30_138, pidversion=468_193_711_305_251_738)
    assert git.target.path.endswith("/git_local/bin/git")
    assert (git.target.signing_id, git.target.team_id) == ("git", None)
    assert git.target.cs_flags == 570_503_953
    assert git.target.platform_binary is False
    assert git.args[1:] == ("--no-pager", "--EncodedString", "aGVsbG93b3JsZA==")
    assert (git.target.parent, git.target.ppid) == (None, None), "its parent's start was not seen"


def test_the_story(synthetic: Any, whole: Any) -> None:
    stream = whole(crowdstrike, *synthetic("crowdstrike"))
    assert [event.kind for event in stream.events] == [
        Kind.OTHER, Kind.EXEC, Kind.CLOSE, Kind.EXEC, Kind.EXIT,
    ]  # fmt: skip
    write, ran, gone = stream.events[2:]
    assert (write.process.token.pid, write.modified) == (300, True)
    assert ran.target.parent == stream.events[1].target.token
    assert ran.target.ppid == 300
    assert gone.process.token == Token(pid=301, pidversion=OWN)
    assert stream.coverage.notices == 1


def test_ids_are_known_per_host(events: list[Any], whole: Any) -> None:
    other = events[3]["event"] | {"aid": "a2"}
    *_, event = whole(crowdstrike, *map(line, [*events[:3], other])).events
    assert event.target.parent is None


def test_a_writer_whose_start_nobody_saw_is_pid_0(events: list[Any], whole: Any) -> None:
    (event,) = whole(crowdstrike, line(events[2])).events
    assert (event.process.token.pid, event.process.path) == (0, "")
    assert event.file.path == "/Users/kim/Downloads/invoice.sh"


def test_another_platform_is_a_notice(events: list[Any], whole: Any) -> None:
    stream = whole(crowdstrike, line(events[1] | {"event_platform": "Win"}))
    assert stream.coverage.kinds == (("ProcessRollup2 (Win)", 1),)


def test_what_is_remembered_is_bounded(
    events: list[Any], whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowdstrike, "REMEMBERED", 1)
    *_, event = whole(crowdstrike, *map(line, [events[1], events[0], events[3]])).events
    assert event.target.parent is None


@pytest.mark.parametrize(
    "given",
    [
        {"RawProcessId": "0"},
        {"RawProcessId": None},
        {"TargetProcessId": None},
        {"ProcessStartTime": "soon"},
        {"ProcessStartTime": "-5.0"},
        {"ProcessStartTime": "", "timestamp": "2023-02-03 16:23:00.83"},
        {"event_simpleName": None},
    ],
)
def test_a_rollup_that_lacks_what_it_needs_is_bad(
    given: Any, events: list[Any], whole: Any
) -> None:
    assert len(whole(crowdstrike, line(events[1] | given)).coverage.bad) == 1


def test_an_end_without_a_process_is_bad(events: list[Any], whole: Any) -> None:
    assert len(whole(crowdstrike, line(events[5] | {"TargetProcessId": None})).coverage.bad) == 1


def test_timestamp_stands_in_where_a_time_is_missing(events: list[Any], whole: Any) -> None:
    (event,) = whole(crowdstrike, line(events[1] | {"ProcessStartTime": ""})).events
    assert event.time_ns == (1_791_108_001_880 + 2_300) * 10**6
