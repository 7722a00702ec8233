"""The last branches: what is refused, left out, or runs out (its records are synthetic)."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.errors import PackError
from witnessmark.qualify import store
from witnessmark.qualify.effort import Effort
from witnessmark.qualify.finds import VENDORS, in_line, in_text
from witnessmark.qualify.literals import is_json, rewritten
from witnessmark.qualify.manifest import MANIFEST
from witnessmark.qualify.pack import build
from witnessmark.qualify.private import RESERVED, Private, What, known
from witnessmark.qualify.scrub import Scrubber
from witnessmark.qualify.shapes import shape, unread
from witnessmark.qualify.store import check, write
from witnessmark.qualify.survivors import survivors
from witnessmark.qualify.tokens import assigned
from witnessmark.telemetry import eslogger, santa

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("line", ["{", "[]", "plain", "{} {}", '{"a":' * 100_000])
def test_what_is_no_object_is_taken_as_text(line: str) -> None:
    assert not is_json(line)


def test_a_lone_surrogate_stays_one() -> None:
    line = '{"k": "\\ud800 jane \u00e9"}'
    assert json.loads(rewritten(line, lambda _, said: said.replace("jane", "x")))["k"] == (
        "\ud800 x \u00e9"
    )


def test_what_only_looks_like_an_address_is_none() -> None:
    text = "999.1.2.3 1:2:3 12:30:45 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff std::string"
    assert in_text(text) == ()
    signed = f"Developer ID Application: Google LLC ({min(VENDORS)})"
    assert in_text(signed) == ()
    assert list(in_line("user=(null)|teamid=short|hostname=-")) == []
    assert list(in_line('{"group": {"name": "everyone"}}')) == []


@pytest.mark.parametrize("word", ["event", "Library"])
def test_a_word_of_every_record_cannot_be_taken_out(word: str) -> None:
    assert word.casefold() in RESERVED
    with pytest.raises(PackError, match="also a word of the records"):
        known(What.USER, word)


def test_tokens_run_out_in_a_sentence() -> None:
    many = [
        Private(what=What.ADDRESS, value=f"10.0.{number >> 8}.{number & 255}")
        for number in range(763)
    ]
    assert len(set(assigned(tuple(many[:762])).values())) == 762
    with pytest.raises(PackError, match="more than 762 addresses"):
        assigned(tuple(many))
    taken = tuple(Private(what=What.WORD, value=name) for name in ("word1", "zs1", "blue"))
    assert assigned(taken) == {"word1": "word2", "zs1": "word3", "blue": "word4"}


def test_where_every_token_is_somebodys_name_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from witnessmark.qualify import tokens

    monkeypatch.setattr(tokens, "MOST", 3)
    names = [f"{form}{n}" for form in ("word", "zs") for n in (1, 2, 3)]
    with pytest.raises(PackError, match="no token is left for another word"):
        assigned(tuple(Private(what=What.WORD, value=name) for name in names))


def test_ids_keep_their_length_and_folders_their_depth() -> None:
    privates = (
        Private(what=What.ID, value="0f" * 16),
        Private(what=What.ID, value="abc"),
        Private(what=What.ID, value=f"{3:032d}"),
        Private(what=What.FOLDER, value="/srv/here"),
        Private(what=What.FOLDER, value="q1/abcdefghijklmnopqrstuvwx"),
        Private(what=What.FOLDER, value="/folder3"),
        Private(what=What.LINK, value="aa-bb-cc-dd-ee-ff"),
    )
    found = assigned(privates)
    assert [found[item.value.casefold()] for item in privates] == [
        f"{1:032d}",
        "id2",
        f"ab{3:030d}",
        "/folder1",
        "zz/folder2",
        "/place3",
        "02-00-00-00-00-01",
    ]


def test_one_run_may_hide_another() -> None:
    names = (Private(what=What.USER, value="jane"),)
    deep = "jane"
    for _ in range(6):  # deeper than anything is decoded
        deep = base64.b64encode(f"x {deep}".encode()).decode()
    assert Scrubber(names).text(deep) == deep
    assert survivors(deep, names, ()) == [], "so deep nobody looks: it says nothing by itself"


def test_a_text_that_never_comes_to_rest_is_left_to_the_last_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from witnessmark.qualify import scrub

    monkeypatch.setattr(scrub, "_ROUNDS", 1)
    names = (Private(what=What.USER, value="jane"),)
    encoded = base64.b64encode(b"jane").decode()
    assert base64.b64decode(Scrubber(names).text(encoded)) == b"user1"


def test_a_shape_of_a_line_that_is_no_json_has_its_names() -> None:
    line = "[2026-10-04T10:00:01.880Z] I santad: action=EXIT|pid=3|ppid=1|a b=c|junk\n"
    assert shape(line) == {name: ["text"] for name in ("*", "pid", "ppid")}
    assert unread(santa, line) == []


def test_what_a_decoder_does_not_read_is_found_by_leaving_it_out(lines: Any) -> None:
    record = json.loads(lines.ran("true", "x"))
    record |= {"mach_time": 5, "odd": [{"a": {"b": 1}}, 2, {"c": 1}], "mixed": [1, {"a": [3]}]}
    ignored = unread(eslogger, json.dumps(record))
    assert {"mach_time", "odd", "odd/[]/a/b", "mixed"} <= set(ignored)
    assert not {"time", "event", "event/exec/args", "process/ppid"} & set(ignored)


def test_a_probe_whose_field_the_host_cannot_know_is_not_asked_for_it(
    lines: Any, captured: Any
) -> None:
    raw = b"".join(
        (json.dumps(json.loads(line) | {"x_standin": {"unknown": ["mode"]}}).encode() + b"\n")
        for line in lines.all_probes().replace(b'"mode": 493', b'"modes": 1').splitlines()
    )
    from witnessmark.model.hosts import Origin

    pack = build(captured(raw, origin=Origin.STAND_IN, system={"os": "Linux"}))
    assert {item.name for item in pack.lines if item.status == "fail"} == set()


def rewrite(pack: Any, folder: Path, **files: bytes) -> None:
    manifest = json.loads(pack.files[MANIFEST])
    manifest["sha256"] |= {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    changed = {**pack.files, **files, MANIFEST: json.dumps(manifest).encode()}
    write(replace(pack, files=changed), folder)


def test_a_pack_s_other_files_are_looked_at_too(
    lines: Any, captured: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = build(captured(lines.all_probes()))
    rewrite(pack, tmp_path / "a", **{"shapes.json": b'{"x": "10.9.8.7"}', "odd.mac": b"x\n"})
    told = check(tmp_path / "a")
    assert any("shapes.json: the address '10.9.8.7'" in item for item in told)
    assert any("odd.mac is not called <kind>.mac" in item for item in told)
    rewrite(pack, tmp_path / "b", **{"eslogger.mac.unknown": b'{"any": "shape"}\n'})
    assert check(tmp_path / "b") == []
    monkeypatch.setattr(store, "MOST", 2_000)
    assert any("cannot be read (more than" in item for item in check(tmp_path / "b"))


def test_what_would_take_too_long_is_given_up() -> None:
    with pytest.raises(PackError, match="nobody could promise to scrub it"):
        in_text("QUJD" * 50, Effort(300))
    assert in_text("QUJD" * 50, Effort()) == ()


@pytest.mark.parametrize("word", ["/" * 300, "QUJD" * 1_200, "x " * 40_000])
def test_a_record_that_nobody_could_promise_to_scrub_is_left_out_and_told(
    lines: Any, captured: Any, word: str
) -> None:
    bad = lines.ran("true", "wm-20261124t042002z-0d0c70-qualify-late", word)
    pack = build(captured(lines.all_probes() + bad))
    told = {item.name: item.status for item in pack.lines}
    assert told["lines eslogger.mac"] == "error"
    assert pack.files["eslogger.mac"].count(b"\n") == 16


def test_a_pack_that_cannot_be_written_says_so(lines: Any, captured: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PackError, match="the pack cannot be written"):
        write(build(captured(lines.all_probes())), tmp_path / "file" / "pack")
