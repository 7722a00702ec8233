"""A store that loses, rotates or breaks what the sensor wrote: exactly at the named event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from witnessmark.standin.emit import Store
from witnessmark.standin.faults import problems
from witnessmark.standin.faults.known import Fault
from witnessmark.standin.faults.store import ACTIONS, StoreFaults
from witnessmark.telemetry import eslogger
from witnessmark.telemetry.decoder import decode

if TYPE_CHECKING:
    from pathlib import Path

LINES = [b'{"n": %d}\n' % number for number in range(6)]


def written(path: Path, action: str, **settings: object) -> bytes:
    """What the store holds after six lines of which the fourth is the fault's."""
    store = Store(path)
    fault = Fault(layer="store", action=action, path="*/bad", settings=settings)
    faults = StoreFaults([fault, Fault(action="drop")], store)
    for number, line in enumerate(LINES):
        kept = faults.line("exec", ("/bad" if number == 3 else "/good",), line)
        if kept:
            store.append(kept)
    store.close()
    return path.read_bytes()


def test_truncated_to_nothing_with_the_record_itself(tmp_path: Path) -> None:
    assert written(tmp_path / "s", "truncate") == b"".join(LINES[4:])


def test_the_older_half_of_the_lines_is_lost(tmp_path: Path) -> None:
    assert written(tmp_path / "s", "truncate", lose="beginning") == b"".join(LINES[2:])


def test_rotation_keeps_the_old_file_beside_the_new_one(tmp_path: Path) -> None:
    assert written(tmp_path / "s", "rotate") == b"".join(LINES[3:])
    assert (tmp_path / "s.1").read_bytes() == b"".join(LINES[:3])


@pytest.mark.parametrize(("action", "unknown"), [("corrupt", False), ("unknown-shape", True)])
def test_one_line_becomes_unreadable(tmp_path: Path, action: str, *, unknown: bool) -> None:
    lines = written(tmp_path / "s", action).splitlines(keepends=True)
    assert [line for line in lines if line in LINES] == LINES[:3] + LINES[4:]
    coverage = decode(eslogger, [lines[3]], host="h", source="s").coverage
    (bad,) = coverage.bad
    assert bad.unknown_shape is unknown
    if unknown:
        json.loads(lines[3])


def test_settings_are_checked_for_every_action() -> None:
    good = [{"layer": "store", "action": action, "event": "exec"} for action in ACTIONS]
    assert problems([*good, {**good[0], "lose": "beginning"}]) == []
    (said,) = problems([{"layer": "store", "action": "truncate", "lose": "some"}])
    assert said == "item 0: lose must be all or beginning"
    (said,) = problems([{"layer": "store", "action": "rotate", "lose": "all"}])
    assert said.startswith("item 0: unknown key 'lose'")
