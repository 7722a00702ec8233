"""Microsoft Defender's rows (synthetic: no capture of a Mac was at hand)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import defender

CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
DROP = "/Users/kim/Downloads/invoice.sh"


@pytest.fixture
def rows(synthetic: Any) -> list[Any]:
    return [json.loads(line) for line in synthetic("defender")]


def line(row: Any) -> bytes:
    return json.dumps(row).encode() + b"\n"


def test_the_story(synthetic: Any, whole: Any) -> None:
    stream = whole(defender, *synthetic("defender"))
    assert [event.kind for event in stream.events] == [
        Kind.EXEC, Kind.CLOSE, Kind.RENAME, Kind.EXEC, Kind.OTHER, Kind.UNLINK,
    ]  # fmt: skip
    assert not stream.coverage.bad
    rename = stream.events[2]
    assert (rename.file.path, rename.source_file.path.rsplit("/", 1)[0]) == (DROP, DROP[:20])
    assert stream.events[1].file.size == 60


def test_an_exec_knows_its_parents_image(rows: list[Any], whole: Any) -> None:
    (event,) = whole(defender, line(rows[3])).events
    assert (event.target.path, event.target.token) == ("/bin/sh", Token(pid=301))
    assert (event.parent.path, event.target.parent) == (CHROME, Token(pid=300))
    assert event.target.start_ns == 1_791_108_003 * 10**9
    assert event.args == ("sh", DROP)
    assert {"args", "responsible", "cwd", "signing_id", "pidversion"} <= event.target.simulated


def test_a_process_that_begins_another_image_is_not_its_own_parent(
    rows: list[Any], whole: Any
) -> None:
    row = rows[3]["properties"] | {"InitiatingProcessId": 301, "InitiatingProcessParentId": 300}
    (event,) = whole(defender, line(row)).events
    assert (event.parent, event.target.parent, event.target.ppid) == (None, None, 300)


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [
        ("/bin", "sh", "/bin/sh"),
        ("/bin/sh", "sh", "/bin/sh"),
        ("/", "x", "/x"),
        ("/a/xsh", "sh", "/a/xsh/sh"),
    ],
)
def test_a_folder_path_with_or_without_the_name(
    folder: str, name: str, path: str, rows: list[Any], whole: Any
) -> None:
    row = rows[3]["properties"] | {"FolderPath": folder, "FileName": name}
    (event,) = whole(defender, line(row)).events
    assert event.target.path == path


def test_a_whole_result_in_one_line(rows: list[Any], whole: Any) -> None:
    result = {"Schema": [], "Results": [rows[0], rows[1]]}
    stream = whole(defender, line(result), line({"Results": []}))
    assert [event.id for event in stream.events] == ["mac/s/1", "mac/s/1.2"]
    assert stream.coverage.notices == 1


def test_a_write_by_nobody_named_is_still_a_write(rows: list[Any], whole: Any) -> None:
    row = {key: value for key, value in rows[1].items() if not key.startswith("Initiating")}
    (event,) = whole(defender, line(row)).events
    assert (event.kind, event.process.token.pid) == (Kind.CLOSE, 0)


@pytest.mark.parametrize("given", [{"ProcessId": 0}, {"ProcessId": None}, {"ProcessId": "x"}])
def test_a_pid_that_is_none_is_bad(given: Any, rows: list[Any], whole: Any) -> None:
    assert len(whole(defender, line(rows[0] | given)).coverage.bad) == 1


@pytest.mark.parametrize(
    ("place", "given"),
    [
        (0, {"Timestamp": "2026-10-04T10:00:03"}),
        (0, {"ActionType": None}),
        (0, {"InitiatingProcessId": -1}),
        (1, {"FolderPath": None}),
        (2, {"PreviousFileName": None}),
    ],
)
def test_rows_that_lack_what_they_need_are_bad(
    place: int, given: Any, rows: list[Any], whole: Any
) -> None:
    assert len(whole(defender, line(rows[place] | given)).coverage.bad) == 1


def test_a_parents_parent_that_is_none_is_unknown(rows: list[Any], whole: Any) -> None:
    row = rows[3]["properties"] | {"InitiatingProcessParentId": -1}
    (event,) = whole(defender, line(row)).events
    assert event.parent.ppid is None
