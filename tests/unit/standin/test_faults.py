"""Injected faults: exactly the named events vanish, and a wrong file is refused with its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.errors import ContentError
from witnessmark.standin import faults
from witnessmark.standin.faults import Fault, Faults, Known

if TYPE_CHECKING:
    from pathlib import Path

DROP = {"layer": "sensor", "action": "drop"}


def load(folder: Path, *items: Any) -> Faults:
    path = folder / "faults.json"
    path.write_text(json.dumps(list(items)))
    return faults.load(path)


def test_no_faults_admit_everything() -> None:
    assert Faults().admits("exec", ("/bin/sh",))
    assert Faults().lines("exec", (), b"line\n") == [b"line\n"]


def test_event_and_path_must_both_fit(tmp_path: Path) -> None:
    found = load(tmp_path, DROP | {"event": "exec", "path": "*/a.sh"})
    assert not found.admits("exec", ("/bin/sh", "/Users/a.sh"))
    assert found.admits("exec", ("/bin/sh", "/Users/b.sh"))
    assert found.admits("close", ("/Users/a.sh",))


def test_globs_are_case_sensitive(tmp_path: Path) -> None:
    found = load(tmp_path, DROP | {"path": "/Users/A*"})
    assert found.admits("close", ("/Users/a",))
    assert not found.admits("close", ("/Users/A",))


def test_several_events_and_a_count(tmp_path: Path) -> None:
    found = load(tmp_path, DROP | {"event": ["close", "create"], "count": 2})
    assert [found.admits(e, ()) for e in ("close", "exec", "create", "close")] == [
        False,
        True,
        False,
        True,
    ]


def test_an_action_on_numbered_lines_is_one_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(_: Fault, lines: list[bytes]) -> list[bytes]:
        return lines * 2

    monkeypatch.setitem(faults.ACTIONS, "duplicate", Known(act=twice, numbered=True))
    found = Faults([Fault(action="duplicate", left=1)])
    assert found.admits("exec", ())
    assert found.lines("exec", (), b"1\n") == [b"1\n", b"1\n"]
    assert found.lines("exec", (), b"2\n") == [b"2\n"]


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (DROP | {"layer": "store"}, "unknown layer 'store'"),
        ({"action": "drop"}, "unknown layer None"),
        (DROP | {"action": "melt"}, "unknown action 'melt'; known: drop"),
        (DROP | {"action": ["drop"]}, "unknown action ['drop']"),
        (DROP | {"paht": "x"}, "unknown key 'paht'"),
        (DROP | {"event": "exce"}, "unknown event 'exce'"),
        (DROP | {"event": ["exec", 5]}, "unknown event 5"),
        (DROP | {"event": 5}, "event must be a name or a list of names"),
        (DROP | {"path": 5}, "path must be a glob"),
        (DROP | {"count": 0}, "count must be a whole number, 1 or more"),
        (DROP | {"count": True}, "count must be a whole number, 1 or more"),
        ("drop", "must be an object"),
    ],
)
def test_wrong_items_are_named(tmp_path: Path, item: Any, problem: str) -> None:
    with pytest.raises(ContentError) as caught:
        load(tmp_path, DROP, item)
    (said,) = caught.value.problems
    assert said.startswith(f"{tmp_path / 'faults.json'}: item 1: {problem}")


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ContentError) as caught:
        load(tmp_path, DROP | {"count": 0, "path": 1}, "x")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "problem"), [("{}", "must be a list"), ("[", "is not JSON"), (None, "cannot be read")]
)
def test_files_that_are_no_list(tmp_path: Path, text: str | None, problem: str) -> None:
    path = tmp_path / "faults.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ContentError, match=problem):
        faults.load(path)
