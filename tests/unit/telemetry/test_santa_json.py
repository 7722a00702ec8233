"""Santa's JSON log: Santa's own test output in a synthetic envelope."""

from __future__ import annotations

import json
from typing import Any

import pytest

from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import santa_json

NAMES = {
    "exec": ("execution", Kind.EXEC), "close": ("close", Kind.CLOSE), "fork": ("fork", Kind.FORK),
    "rename": ("rename", Kind.RENAME), "exit": ("exit", Kind.EXIT), "link": ("link", Kind.LINK),
    "unlink": ("unlink", Kind.UNLINK), "clone": ("clone", Kind.CLONE),
    "copyfile": ("copyfile", Kind.COPYFILE),
}  # fmt: skip


def message(name: str, body: Any, **given: Any) -> bytes:
    envelope = {
        "machine_id": "m", "event_time": "2026-10-04T10:00:00.123456789Z",
        "processed_time": "2026-10-04T10:00:00.2Z", "boot_session_uuid": "b", name: body,
    }  # fmt: skip
    return json.dumps(envelope | given).encode() + b"\n"


@pytest.fixture
def golden(sample: Any) -> Any:
    def read(name: str) -> Any:
        return json.loads((sample("santa/protobuf_json") / f"{name}.json").read_text())

    return read


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_kind_of_santas_own_output(name: str, golden: Any, whole: Any) -> None:
    key, kind = NAMES[name]
    (event,) = whole(santa_json, message(key, golden(name))).events
    assert (event.kind, event.time_ns % 10**9) == (kind, 123_456_789)
    assert event.process.token == Token(pid=12, pidversion=34, euid=-2)
    assert event.process.parent == Token(pid=56, pidversion=78)
    assert event.process.path == "foo"


def test_an_exec(golden: Any, whole: Any) -> None:
    (event,) = whole(santa_json, message("execution", golden("exec"))).events
    target = event.target
    assert target.token == Token(pid=23, pidversion=45, euid=-2)
    assert target.responsible is None, "pid 0 is Santa's word for none"
    assert (target.signing_id, target.team_id) == ("my_signing_id", "my_team_id")
    assert target.cdhash == "41" * 20
    assert (target.cs_flags, target.platform_binary) == (536_871_680, True)
    assert (target.file.dev, target.file.ino, target.file.size) == (301, 304, 306)
    assert event.args == ("exec_path", "-l", "--foo")
    assert (event.cwd, event.script.path, event.script.ino) == ("cwd", "script.sh", 504)
    assert "responsible" not in target.simulated
    assert "responsible" in event.process.simulated


def test_files_and_ends(golden: Any, whole: Any) -> None:
    lines = [message(NAMES[name][0], golden(name)) for name in ("close", "rename", "exit")]
    close, rename, gone = whole(santa_json, *lines).events
    assert (close.modified, close.file.path, close.file.ino) == (True, "close_file", 304)
    assert (rename.source_file.ino, rename.file.path) == (304, "target_dir/target_file")
    assert rename.existed is False
    assert gone.exit_status == 1 << 8


def test_protobuf_leaves_out_what_is_false(golden: Any, whole: Any) -> None:
    body = golden("close")
    del body["modified"]
    (event,) = whole(santa_json, message("close", body)).events
    assert event.modified is False


def test_a_denied_execution_is_none(golden: Any, whole: Any) -> None:
    body = golden("exec") | {"decision": "DECISION_DENY"}
    (event,) = whole(santa_json, message("execution", body)).events
    assert event.kind is Kind.DENIED


@pytest.mark.parametrize("name", ["allowlist", "xp_detected", "something_new"])
def test_what_the_model_has_no_use_for_is_a_notice(name: str, whole: Any) -> None:
    cover = whole(santa_json, message(name, {})).coverage
    assert (cover.notices, cover.kinds) == (1, ((name, 1),))


@pytest.mark.parametrize("line", [b"{}", b'{"event_time": "2026-10-04T10:00:00Z"}', b"[1]"])
def test_what_is_no_message_is_bad(line: bytes, whole: Any) -> None:
    (bad,) = whole(santa_json, line).coverage.bad
    assert bad.unknown_shape


def test_a_process_without_a_pid_is_bad(golden: Any, whole: Any) -> None:
    body = golden("close")
    body["instigator"]["id"]["pid"] = 0
    (bad,) = whole(santa_json, message("close", body)).coverage.bad
    assert "pid" in bad.reason


def test_every_cut_is_bad(golden: Any, whole: Any) -> None:
    text = message("close", golden("close"))
    for cut in range(1, len(text) - 2, 23):
        (bad,) = whole(santa_json, text[:cut]).coverage.bad
        assert not bad.unknown_shape


def test_an_end_by_a_signal_and_one_of_another_form(golden: Any, whole: Any) -> None:
    body = golden("exit")
    del body["exited"]
    killed = message("exit", body | {"signaled": {"signal": 9}})
    one, two = whole(santa_json, killed, message("exit", body)).events
    assert (one.exit_status, two.exit_status) == (9, None)


def test_a_parent_that_is_none_is_unknown(golden: Any, whole: Any) -> None:
    body = golden("close")
    body["instigator"]["parent_id"]["pid"] = -1
    (event,) = whole(santa_json, message("close", body)).events
    assert (event.process.ppid, event.process.parent) == (None, None)


ACTOR = {
    "id": {"pid": 12, "pidversion": 34},
    "parent_id": {"pid": 56, "pidversion": 78},
    "executable": {"path": "/bin/sh"},
}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"exited": {"exit_status": 3}}, 3 << 8),
        ({"signaled": {"signal": 9}}, 9),
        ({}, None),
    ],
)
def test_an_end_is_a_wait_status(body: Any, status: int | None, whole: Any) -> None:
    (event,) = whole(santa_json, message("exit", {"instigator": ACTOR} | body)).events
    assert (event.kind, event.exit_status) == (Kind.EXIT, status)


def test_a_removed_file_is_named(whole: Any) -> None:
    body = {"instigator": ACTOR, "target": {"path": "/x"}}
    (event,) = whole(santa_json, message("unlink", body)).events
    assert (event.kind, event.file.path) == (Kind.UNLINK, "/x")
    body["instigator"] = ACTOR | {"id": {"pid": 0, "pidversion": 0}}
    (bad,) = whole(santa_json, message("unlink", body)).coverage.bad
    assert bad.reason == "pid 0 or less is not a process"
