"""Endpoint events in the unified log: eslogger's own only, and a record that was cut is counted.

Its records are synthetic.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from witnessmark.model.events import Kind
from witnessmark.telemetry import eslogger, eslogger_oslog
from witnessmark.telemetry.eslogger_oslog import LIMIT, OWN_LIMIT


def logged(message: str, **given: Any) -> bytes:
    said = {
        "timestamp": "2025-08-07 13:21:36.000001+0000", "eventType": "logEvent", "processID": 88,
        "processImagePath": "/usr/bin/eslogger", "eventMessage": message,
        "subsystem": "com.apple.eslogger", "category": "events",
    }  # fmt: skip
    return json.dumps(said | given).encode() + b"\n"


def test_the_events_are_those_that_eslogger_writes_by_itself(synthetic: Any, whole: Any) -> None:
    there = whole(eslogger_oslog, *synthetic("eslogger-oslog"))
    alone = whole(eslogger, *synthetic("eslogger"))

    def same(stream: Any) -> list[Any]:
        known = (item for item in stream.events if item.kind is not Kind.LOG)
        return [(e.kind, e.time_ns, e.global_seq, e.target, e.args, e.file) for e in known]

    assert same(there) == same(alone)
    assert [e.message for e in there.events if e.kind is Kind.LOG] == ["witnessmark canary 0001"]
    assert (there.coverage.gaps, there.coverage.bad) == ((), ())


@pytest.mark.parametrize(
    ("size", "end"), [(LIMIT, ""), (LIMIT - 3, ""), (OWN_LIMIT, ""), (700, "<…>")]
)
def test_a_record_that_was_cut_is_counted_as_lost(es: Any, whole: Any, size: int, end: str) -> None:
    long = es.line("exit", {"stat": 0}, pad="x" * 2 * LIMIT, global_seq_num=1, seq_num=1).decode()
    before = logged(es.line("exit", {"stat": 0}).decode())
    after = [
        logged(es.line("exit", {"stat": 0}, global_seq_num=n, seq_num=n).decode()) for n in (2, 3)
    ]
    stream = whole(eslogger_oslog, before, logged(long[:size] + end), *after)
    assert len(stream.events) == 3
    assert dict(stream.coverage.kinds)["truncated"] == 1
    words = [gap.counter for gap in stream.coverage.gaps]
    assert any(word.startswith("eslogger's record was cut at ") for word in words), words
    assert "global" in words, "the hole in eslogger's own numbers is told too"


def test_what_is_no_json_and_was_not_cut_is_a_line_that_nobody_can_read(whole: Any) -> None:
    stream = whole(eslogger_oslog, logged('{"event": '))
    (bad,) = stream.coverage.bad
    assert bad.reason.startswith("what eslogger logged is no JSON")
    assert stream.coverage.gaps == ()


def test_an_event_of_an_unknown_shape_is_never_taken_for_cut(es: Any, whole: Any) -> None:
    record = es.record("exit", {"stat": 0}, process=None, pad="x" * LIMIT)
    (bad,) = whole(eslogger_oslog, logged(json.dumps(record))).coverage.bad
    assert bad.unknown_shape


def test_only_eslogger_itself_is_believed(es: Any, whole: Any) -> None:
    forged = logged(es.line("exit", {"stat": 0}).decode(), processImagePath="/Users/x/eslogger")
    (event,) = whole(eslogger_oslog, forged).events
    assert event.kind is Kind.LOG


def test_what_eslogger_says_of_itself_is_a_notice(whole: Any) -> None:
    stream = whole(eslogger_oslog, logged("Not privileged", category="main"))
    assert (stream.events, dict(stream.coverage.kinds)) == ((), {"eslogger:main": 1})


def test_private_is_unreadable_and_never_an_event(whole: Any) -> None:
    assert len(whole(eslogger_oslog, logged("<private>")).coverage.bad) == 1
