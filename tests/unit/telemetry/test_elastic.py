"""Elastic Defend: whose parent entity_id is not the parent (synthetic documents)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from witnessmark.analytic.identity import untrusted
from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import elastic

CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


@pytest.fixture
def documents(synthetic: Any) -> list[Any]:
    return [json.loads(line) for line in synthetic("elastic")]


def line(document: Any) -> bytes:
    return json.dumps(document).encode() + b"\n"


def test_the_story(synthetic: Any, whole: Any) -> None:
    stream = whole(elastic, *synthetic("elastic"))
    assert [event.kind for event in stream.events] == [
        Kind.EXEC, Kind.CLOSE, Kind.RENAME, Kind.FORK, Kind.EXEC, Kind.EXIT,
    ]  # fmt: skip
    assert (stream.coverage.bad, stream.coverage.gaps) == ((), ())
    assert stream.events[2].source_file.path.endswith(".com.google.Chrome.aB3xYz")
    assert (stream.events[1].modified, stream.events[1].file.ino) == (True, 77)
    assert stream.events[5].exit_status == 0
    assert stream.events[3].child.token == Token(pid=301)


def test_the_parent_is_of_parent_pid_and_never_of_its_entity_id(
    documents: list[Any], whole: Any
) -> None:
    (event,) = whole(elastic, line(documents[4])).events
    documents[4]["process"]["parent"]["entity_id"] = "anything else"
    assert whole(elastic, line(documents[4])).events == (event,)
    assert event.target.parent == Token(pid=300)
    assert (event.parent.token, event.parent.path) == (Token(pid=300), CHROME)
    assert (event.process.path, event.process.token) == ("", Token(pid=301))


def test_responsible_is_the_effective_parent_else_unknown(documents: list[Any], whole: Any) -> None:
    (event,) = whole(elastic, line(documents[4])).events
    assert event.target.responsible == Token(pid=300)
    assert "responsible" not in event.target.simulated
    del documents[4]["process"]["Ext"]
    (event,) = whole(elastic, line(documents[4])).events
    assert event.target.responsible is None
    assert "responsible" in event.target.simulated


@pytest.mark.parametrize(
    ("signature", "platform", "trusted"),
    [
        ({"exists": True, "trusted": True, "subject_name": "Software Signing"}, True, False),
        ({"exists": True, "trusted": False, "subject_name": "Software Signing"}, False, None),
        ({"exists": False}, False, True),
        (None, None, None),
    ],
)
def test_signatures(
    signature: Any, platform: Any, trusted: Any, documents: list[Any], whole: Any
) -> None:
    documents[4]["process"]["code_signature"] = signature
    (event,) = whole(elastic, line(documents[4])).events
    assert event.target.platform_binary is platform
    assert untrusted(event.target) is trusted


@pytest.mark.parametrize("action", ["modification", "creation", "overwrite"])
def test_actions_that_write_content(action: str, documents: list[Any], whole: Any) -> None:
    documents[1]["event"]["action"] = action
    (event,) = whole(elastic, line(documents[1])).events
    assert (event.kind, event.modified) == (Kind.CLOSE, True)


def test_a_gap_in_the_sequence_is_a_loss(documents: list[Any], whole: Any) -> None:
    lines = [line(item) for item in documents]
    (gap,) = whole(elastic, *lines[:3], *lines[4:]).coverage.gaps
    assert (gap.counter, gap.missing) == ("event.sequence", 1)


@pytest.mark.parametrize("pid", [0, -1])
def test_a_pid_that_is_none_is_bad(pid: int, documents: list[Any], whole: Any) -> None:
    documents[4]["process"]["pid"] = pid
    assert len(whole(elastic, line(documents[4])).coverage.bad) == 1


@pytest.mark.parametrize("cut", ["rename", "fork", "file"])
def test_what_an_event_cannot_be_without(cut: str, documents: list[Any], whole: Any) -> None:
    place = {"rename": 2, "fork": 3, "file": 1}[cut]
    document = documents[place].get("_source", documents[place])
    if cut == "fork":
        del document["process"]["parent"]
    else:
        del document["file"]["Ext" if cut == "rename" else "path"]
    assert len(whole(elastic, line(document)).coverage.bad) == 1


def test_a_document_without_a_process_is_a_notice(whole: Any) -> None:
    text = {"@timestamp": "2026-10-04T10:00:00Z", "event": {"action": "heartbeat"}}
    assert whole(elastic, line(text)).coverage.notices == 1


def test_a_script_is_named(documents: list[Any], whole: Any) -> None:
    documents[4]["process"]["Ext"]["script"] = {"path": "/x.sh", "content": "true"}
    (event,) = whole(elastic, line(documents[4])).events
    assert event.script.path == "/x.sh"


def test_other_actions_and_deletions(documents: list[Any], whole: Any) -> None:
    documents[1]["event"]["action"] = "deletion"
    documents[4]["event"]["action"] = "already_running"
    other = json.loads(json.dumps(documents[1]))
    other["event"] = {"action": "mount", "sequence": 9}
    lines = [line(documents[1]), line(documents[4]), line(other)]
    kinds = [event.kind for event in whole(elastic, *lines).events]
    assert kinds == [Kind.UNLINK, Kind.OTHER, Kind.OTHER]


def test_relations_that_are_none_are_unknown(documents: list[Any], whole: Any) -> None:
    documents[4]["process"]["parent"]["pid"] = -1
    documents[4]["process"]["Ext"]["effective_parent"]["pid"] = -1
    (event,) = whole(elastic, line(documents[4])).events
    assert (event.target.parent, event.target.responsible, event.parent) == (None, None, None)


def test_an_end_carries_its_status_as_a_wait_status(documents: list[Any], whole: Any) -> None:
    documents[4]["event"]["action"] = "end"
    documents[4]["process"]["exit_code"] = 3
    bare = json.loads(json.dumps(documents[4]))
    del bare["process"]["exit_code"]
    bare["event"]["sequence"] += 1
    ended, unknown = whole(elastic, line(documents[4]), line(bare)).events
    assert (ended.kind, ended.exit_status, unknown.exit_status) == (Kind.EXIT, 3 << 8, None)


@pytest.mark.parametrize(
    ("place", "cut", "said"),
    [
        (3, ("process", "parent"), "a fork without parent.pid"),
        (3, ("process", "parent", "pid"), "a fork without parent.pid"),
        (1, ("file", "path"), "a file event without file.path"),
        (2, ("_source", "file", "Ext"), "a rename without file.Ext.original.path"),
        (1, ("@timestamp",), "lacks @timestamp"),
    ],
)
def test_what_lacks_its_part_is_bad(
    documents: list[Any], whole: Any, place: int, cut: tuple[str, ...], said: str
) -> None:
    *way, last = cut
    at = documents[place]
    for name in way:
        at = at[name]
    del at[last]
    (bad,) = whole(elastic, line(documents[place])).coverage.bad
    assert said in bad.reason
    assert bad.unknown_shape


@pytest.mark.parametrize(("given", "ino"), [("77", 77), (78, 78), ("x7", None), (None, None)])
def test_an_inode_may_be_text(
    documents: list[Any], whole: Any, given: Any, ino: int | None
) -> None:
    documents[1]["file"]["inode"] = given
    (event,) = whole(elastic, line(documents[1])).events
    assert event.file.ino == ino
