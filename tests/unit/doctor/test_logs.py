"""A unified log is tried by what was written into it: it shows nothing that was run (synthetic)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from witnessmark.collect.collector import Collected
from witnessmark.doctor.logs import DEAD, line
from witnessmark.model.hosts import Role, Source
from witnessmark.model.unifiedlog import Canary, LogLook, UnifiedLog
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = Source(name="log", kind="unifiedlog", role=Role.ORGANISATION, unified_log=UnifiedLog())
FIRST = Canary(text="witnessmark canary 1", pid=7, began_ns=1, ended_ns=2)
LAST = replace(FIRST, text="witnessmark canary 2", pid=8)


def record(canary: Canary) -> str:
    said = {"timestamp": "2026-10-04 06:00:03.880814+0000", "eventType": "logEvent"}
    more = {"processID": canary.pid, "processImagePath": "/usr/bin/logger"}
    return json.dumps({**said, **more, "eventMessage": canary.text}) + "\n"


@pytest.mark.parametrize(
    ("written", "kept", "status", "words"),
    [
        ((FIRST, LAST), (FIRST, LAST), Status.PASS, "its coverage gap"),
        ((FIRST, LAST), (LAST,), Status.FAIL, "of 2 messages written into it it shows 1"),
        ((FIRST, LAST), (), Status.FAIL, "it shows 0"),
        ((FIRST, replace(LAST, problem="no logger")), (FIRST,), Status.ERROR, "no logger"),
        ((), (), Status.ERROR, "nobody tried"),
    ],
)
def test_the_log_keeps_what_was_written_into_it(
    tmp_path: Path,
    written: tuple[Canary, ...],
    kept: tuple[Canary, ...],
    status: Status,
    words: str,
) -> None:
    raw = tmp_path / "log.ndjson"
    raw.write_text("".join(map(record, kept)))
    found = line(SOURCE, Collected(host="m", source="log", log=LogLook(canaries=written)), raw)
    assert (found.name, found.status) == ("sensor log", status)
    assert words in found.message
    assert found.mend == (DEAD if status is Status.FAIL else "")
