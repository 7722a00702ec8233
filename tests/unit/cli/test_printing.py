"""Detections as JSON and as a table."""

from __future__ import annotations

from typing import Any

import pytest

from witnessmark.cli.printing import Table, as_json
from witnessmark.model.detections import Answer, Branch, BrowserRef, Detection, ExecRef
from witnessmark.model.events import Coverage
from witnessmark.report.times import rfc3339

REF = ExecRef(pid=7, pidversion=8, seq=9, event_id="m/e/1", path="/bin/sh", script=None, time_ns=5)


def detection(**given: Any) -> Detection:
    plain: dict[str, Any] = {
        "answer": Answer.SUPPRESSED,
        "branch": Branch.A,
        "rules": ("A1", "A4"),
        "host": "mac",
        "exec": REF,
        "matched": (REF,),
        "browser": BrowserRef(pid=3, path="/Applications/B", edge="parent"),
        "gap_s": 0.25,
        "workflow": "vault",
        "reason": "unverified: x",
        "simulated": ("team_id",),
        "inferred": True,
    }
    return Detection(**plain | given)


def test_json_of_branch_a() -> None:
    data = as_json(detection())
    assert data["browser"] == {"pid": 3, "path": "/Applications/B", "edge": "parent"}
    assert [item["pid"] for item in data["matched"]] == [7]
    assert (data["workflow"], data["reason"]) == ("vault", "unverified: x")
    assert (data["simulated"], data["inferred"]) == (["team_id"], True)
    assert "drop" not in data


def test_json_leaves_out_what_is_not_known() -> None:
    bare = detection(workflow=None, reason=None, browser=None, simulated=(), inferred=False)
    assert not {"workflow", "reason", "browser", "simulated", "inferred"} & set(as_json(bare))


def test_table_of_branch_a(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table()
    table.detection(detection())
    table.host(
        "mac", Coverage(lines=3, events=2, first_ns=1, last_ns=2), bad=0, late=0, unresolved=0
    )
    table.end()
    said = capsys.readouterr().out
    assert "SUPPRESSED" in said
    assert "(pid 7, seq 9)" in said
    assert "/Applications/B  (pid 3, parent, 0.250 s before)" in said
    assert "vault" in said
    assert "unverified: x" in said
    assert "1 suppressed; 2 events in 3 lines" in said
    assert table.fired == 0


def test_table_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Table().end()
    assert capsys.readouterr().out.startswith("nothing fired; 0 events")


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (10**30, f"{10**30} ns"),
    ],
)
def test_times(moment: int, text: str) -> None:
    assert rfc3339(moment) == text
