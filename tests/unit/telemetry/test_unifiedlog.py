"""The unified log: banner, trailing record, zones, and the kernel's words about stopped runs.

Its records are synthetic.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import unifiedlog
from witnessmark.telemetry.unifiedlog import moment


def record(**given: Any) -> bytes:
    said = {
        "timestamp": "2026-10-04 06:00:03.880814-0400", "eventType": "logEvent", "processID": 5,
        "processImagePath": "/x", "eventMessage": "hello", "subsystem": "com.x", "category": "y",
    }  # fmt: skip
    return json.dumps({k: v for k, v in (said | given).items() if v is not None}).encode() + b"\n"


def test_banner_and_trailing_record_are_notices(synthetic: Any, whole: Any) -> None:
    stream = whole(unifiedlog, *synthetic("unifiedlog"))
    kinds = dict(stream.coverage.kinds)
    assert (kinds["banner"], kinds["finished"], stream.coverage.bad) == (1, 1, ())
    assert [event.kind for event in stream.events] == [
        Kind.LOG, Kind.LOG, Kind.DENIED, Kind.DENIED, Kind.LOG,
    ]  # fmt: skip


def test_a_log_line(whole: Any) -> None:
    (event,) = whole(unifiedlog, record()).events
    assert (event.message, event.subsystem) == ("hello", "com.x:y")
    assert (event.process.token, event.process.path) == (Token(pid=5), "/x")
    assert {"parent", "ppid", "args", "responsible"} <= event.process.simulated


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-10-04 06:00:03.880814-0400", "2026-10-04 10:00:03.880814+0000"),
        ("2026-10-04 15:30:03.5+0530", "2026-10-04T10:00:03.500Z"),
    ],
)
def test_zones_without_a_colon(text: str, same: str) -> None:
    assert moment(text) == moment(same)


def test_a_time_without_a_zone_is_refused(whole: Any) -> None:
    (bad,) = whole(unifiedlog, record(timestamp="2026-10-04 06:00:03.880814")).coverage.bad
    assert "RFC 3339" in bad.reason


def test_only_the_kernels_words_stop_an_execution(synthetic: Any, whole: Any) -> None:
    events = whole(unifiedlog, *synthetic("unifiedlog")).events
    policy, amfi, forged = events[2:]
    assert policy.target.path == "/Users/kim/Downloads/invoice.sh"
    assert (policy.target.token.pid, policy.process.token.pid) == (301, 0)
    assert (amfi.target.token.pid, amfi.target.path) == (302, "")
    assert (forged.kind, forged.target) == (Kind.LOG, None)


def test_a_negative_pid_is_bad_and_the_kernels_is_not(whole: Any) -> None:
    stream = whole(unifiedlog, record(processID=-1), record(processID=0))
    assert (len(stream.coverage.bad), len(stream.events)) == (1, 1)


def test_a_loss_event_is_a_gap(whole: Any) -> None:
    loss = record(eventType="lossEvent", eventMessage="lost >= 3 unreliable messages")
    (gap,) = whole(unifiedlog, record(), loss, record()).coverage.gaps
    assert (gap.counter, gap.line) == ("lossEvent", 2)


def test_an_activity_without_a_message_is_a_notice(whole: Any) -> None:
    assert whole(unifiedlog, record(eventMessage=None)).coverage.notices == 1


@pytest.mark.parametrize("line", [b"Timestamp  Thread  Type\n", b"{}\n", b"[\n", b'{"count": 3}\n'])
def test_what_is_no_record_is_bad(line: bytes, whole: Any) -> None:
    assert len(whole(unifiedlog, line).coverage.bad) == 1
