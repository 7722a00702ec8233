"""A pack holds the probes' own records, scrubbed, and says what no decoder knows (synthetic)."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from witnessmark.errors import PackError
from witnessmark.model.hosts import SOURCE_KINDS, Origin
from witnessmark.model.verdicts import Status
from witnessmark.qualify import pack as packs
from witnessmark.qualify.manifest import MANIFEST, SHAPES
from witnessmark.qualify.pack import Captured, build
from witnessmark.qualify.private import Private, What
from witnessmark.qualify.scrub import Scrubber
from witnessmark.qualify.store import check, write

if TYPE_CHECKING:
    from witnessmark.qualify.pack import Pack

FILE = "eslogger.mac"
RUN = "20261124t042002z-0d0c70"
M_OLD = f"wm-{RUN}-qualify-late"


def wrong(pack: Pack) -> dict[str, Status]:
    """What is neither good nor beside the point."""
    quiet = (Status.PASS, Status.SKIP)
    return {item.name: item.status for item in pack.lines if item.status not in quiet}


def test_a_sensor_that_sees_all_makes_a_whole_pack(lines: Any, captured: Any) -> None:
    pack = build(captured(lines.all_probes()))
    assert wrong(pack) == {}
    assert {*pack.files} == {FILE, MANIFEST, SHAPES}
    assert pack.hidden == {"address": 1, "host": 1, "team": 1, "user": 1}
    text = pack.files[FILE].decode()
    assert text.count("\n") == 16
    for secret in ("jane", "ACME123456", "10.1.2.3", "abcdef"):
        assert secret not in text.casefold()
    assert "2026-10-04T00:00:01.000000001Z" in text, "times stay"
    assert "\\/Users\\/user1\\/Downloads" in text, "the form stays"
    manifest = json.loads(pack.files[MANIFEST])
    assert manifest["origin"] == "mac"
    assert manifest["sources"][0]["events"]["exec"] == 5


def test_the_same_capture_gives_the_same_pack(lines: Any, captured: Any) -> None:
    capture = captured(lines.all_probes() + lines.foreign())
    assert build(capture).files == build(capture).files
    other = replace(capture, done=dict(reversed(capture.done.items())))
    assert build(other).files == build(capture).files


def test_nobody_elses_record_is_in_it(lines: Any, captured: Any) -> None:
    pack = build(captured(lines.foreign() + lines.all_probes() + lines.foreign()))
    assert wrong(pack) == {}
    assert all(b"diary" not in data for data in pack.files.values())
    assert json.loads(pack.files[MANIFEST])["sources"][0]["left_out"] == 2


def test_a_reused_pid_is_somebody_else(lines: Any, captured: Any) -> None:
    mine = lines.line("fork", {"child": lines.process(pid=950, version=70)})
    his = lines.process(pid=950, version=99)
    other = lines.line("close", {"target": {"path": "/secret/x"}}, process=his)
    own = lines.line("exit", {"stat": 0}, process=lines.process(pid=950, version=70))
    pack = build(captured(mine + other + own))
    assert b"secret" not in pack.files[FILE]
    assert pack.files[FILE].count(b"\n") == 2


def test_a_line_that_is_still_being_written_is_none(lines: Any, captured: Any) -> None:
    whole = lines.all_probes()
    assert (
        build(captured(whole + lines.wrote(M_OLD)[:40])).files[FILE]
        == build(captured(whole)).files[FILE]
    )


def test_an_own_record_of_unknown_shape_is_an_error_with_the_record(
    lines: Any, captured: Any
) -> None:
    odd = json.loads(lines.wrote(M_OLD)) | {"schema_version": 9}
    pack = build(captured(lines.all_probes() + json.dumps(odd).encode() + b"\n"))
    assert wrong(pack) == {f"shape {FILE}": Status.FAIL}
    line = next(item for item in pack.lines if item.name == f"shape {FILE}")
    assert "line 17 is of a shape that no decoder knows: schema_version 9" in line.message
    assert "its record is in the pack" in line.mend
    record = json.loads(pack.files[f"{FILE}.unknown"])
    assert record["event"]["close"]["target"]["path"].endswith(M_OLD)
    assert record["event"]["close"]["target"]["path"].startswith("/Users/user1/")
    assert json.loads(pack.files[SHAPES])[FILE]["unreadable"]["keys"]["schema_version"] == "number"


def test_of_somebody_elses_only_the_shape_is_kept(lines: Any, captured: Any) -> None:
    odd = json.loads(lines.foreign())
    odd |= {"schema_version": 9, "/Users/jane/x": {"jane": 1}}
    pack = build(captured(lines.all_probes() + json.dumps(odd).encode() + b"\n"))
    assert wrong(pack) == {f"shape {FILE}": Status.FAIL}
    assert {*pack.files} == {FILE, MANIFEST, SHAPES}
    keys = json.loads(pack.files[SHAPES])[FILE]["unreadable of others"]["keys"]
    assert keys["event/close/target/path"] == "text"
    assert keys["*"] == "number|object", "a key may be a path, or a name"
    assert keys["*/*"] == "number"
    assert all(b"diary" not in data for data in pack.files.values())


def test_garbage_is_told_and_never_kept(lines: Any, captured: Any) -> None:
    garbage = b"\xff\xfe garbage of 20261124t042002z-0d0c70\n"
    pack = build(captured(lines.all_probes() + garbage))
    assert wrong(pack) == {f"lines {FILE}": Status.FAIL}
    assert all(b"garbage" not in data for data in pack.files.values())


@pytest.mark.parametrize(
    ("gone", "name", "status"),
    [
        (b'"event": {"setmode"', "mode", Status.ERROR),
        (b"-arguments", "arguments", Status.ERROR),
        (b'"event": {"fork"', "fork", Status.ERROR),
    ],
)
def test_what_was_not_recorded_is_not_known(
    lines: Any, captured: Any, gone: bytes, name: str, status: Status
) -> None:
    kept = [line for line in lines.all_probes().splitlines(keepends=True) if gone not in line]
    assert wrong(build(captured(b"".join(kept)))) == {f"{name} {FILE}": status}


@pytest.mark.parametrize(
    ("was", "now", "name"),
    [
        (b'"two words"', b'"two", "words"', "arguments"),
        ('d\u00e9"'.encode(), b'd?"', "names"),
        (b'"mode": 493', b'"modes": 493', "mode"),
        (b'"extattr"', b'"xattr"', "attribute"),
    ],
)
def test_what_came_otherwise_than_it_was_done_is_an_error(
    lines: Any, captured: Any, was: bytes, now: bytes, name: str
) -> None:
    raw = lines.all_probes()
    assert was in raw
    assert wrong(build(captured(raw.replace(was, now)))) == {f"{name} {FILE}": Status.FAIL}


def test_what_was_not_done_is_not_known(lines: Any, captured: Any) -> None:
    capture = captured(lines.all_probes())
    capture.done["link"] = "Operation not permitted"
    found = {item.name: item for item in build(capture).lines}
    assert found[f"link {FILE}"].status is Status.ERROR
    assert "Operation not permitted" in found[f"link {FILE}"].message
    assert found[f"clone {FILE}"].status is Status.SKIP


@pytest.mark.parametrize("system", [{"os": "Linux"}, {}])
def test_another_system_is_never_a_mac(lines: Any, captured: Any, system: dict[str, str]) -> None:
    with pytest.raises(PackError, match="never become a Mac's"):
        build(captured(lines.all_probes(), system=system))


def test_a_stand_ins_records_are_never_a_macs(lines: Any, captured: Any) -> None:
    raw = lines.all_probes() + lines.line(
        "close", {"target": {"path": f"/x/{M_OLD}"}}, x_standin={"unknown": []}
    )
    with pytest.raises(PackError, match="never become a Mac's"):
        build(captured(raw))
    pack = build(captured(raw, origin=Origin.STAND_IN, system={"os": "Linux"}))
    assert {*pack.files} == {"eslogger.stand-in", MANIFEST, SHAPES}
    assert json.loads(pack.files[MANIFEST])["origin"] == "stand-in"


SANTA = "[2026-10-04T10:00:01.880Z] I santad: action=EXIT|pid=900|pidversion=1|ppid=1|uid=501"
STAND_INS = {
    "santa": f"{SANTA}|x={M_OLD}|machineid=stand-in jmac\n",
    "osquery": json.dumps(
        {
            "name": M_OLD,
            "hostIdentifier": "jmac",
            "decorations": {"x_standin": "stand-in jmac"},
            "columns": {},
        }
    )
    + "\n",
}


@pytest.mark.parametrize("kind", STAND_INS)
def test_that_it_is_a_stand_ins_stays_in_every_form(kind: str, captured: Any) -> None:
    source = Captured(kind=kind, raw=STAND_INS[kind].encode())
    with pytest.raises(PackError, match="never become a Mac's"):
        build(captured(b"", sources=(source,)))
    pack = build(captured(b"", sources=(source,), origin=Origin.STAND_IN, system={"os": "Linux"}))
    text = pack.files[f"{kind}.stand-in"].decode()
    assert "stand-in host" in text
    assert "jmac" not in text


def test_sources_are_called_by_their_kind_only(lines: Any, captured: Any) -> None:
    raw = lines.all_probes()
    pack = build(captured(raw, Captured(kind="eslogger", raw=raw)))
    assert {"eslogger.mac", "eslogger-2.mac"} <= {*pack.files}
    assert pack.files["eslogger.mac"] == pack.files["eslogger-2.mac"]


DATA = Path(__file__).parents[1] / "telemetry/data"
BASES = {item.stem: item for item in sorted(DATA.glob("*.synthetic"))}


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_of_every_kind_names_are_taken_out_and_all_else_is_read_as_before(
    kind: str, captured: Any
) -> None:
    """The synthetic stories, as if each file in them were a probe's."""
    raw = BASES[kind].read_bytes().replace(b"invoice", f"{RUN}-invoice".encode())
    kim = Private(what=What.USER, value="kim")
    capture = captured(b"", sources=(Captured(kind=kind, raw=raw),), privates=(kim,))
    pack = build(capture)  # holds each record against what it said before
    assert not re.search(rb"(?i)(?<![a-z])kim(?![a-z])", b"".join(pack.files.values()))
    told = json.loads(pack.files[MANIFEST])["sources"][0]
    assert told["unknown"] == told["unreadable"] == 0
    if kind in ("jamf-alerts", "unifiedlog"):  # which are not of files that are dropped
        return
    assert told["records"] > 0


def test_a_record_within_a_record_is_scrubbed_as_one(lines: Any, captured: Any) -> None:
    inner = lines.ran("true", M_OLD).decode().strip()
    outer = {"timestamp": "2026-10-04 06:00:01.880814-0400", "eventType": "logEvent"}
    outer |= {"eventMessage": inner, "processID": 5}
    source = Captured(kind="unifiedlog", raw=json.dumps(outer).encode() + b"\n")
    pack = build(captured(b"", sources=(source,)))
    done = json.loads(json.loads(pack.files["unifiedlog.mac"])["eventMessage"])["event"]["exec"]
    assert done["env"] == ["HOME=/Users/user1", "SSH_CLIENT=scrubbed", "API_KEY=scrubbed"]


NAMES = st.text(alphabet="abcdefgxyz._- \u00e9\u00f1AB19", min_size=3, max_size=12).map(str.strip)


@settings(max_examples=25, deadline=None)
@given(user=NAMES, person=NAMES, percent=st.booleans())
def test_no_name_survives_in_any_file_of_a_pack(user: str, person: str, percent: bool) -> None:
    from tests.unit.qualify.conftest import Lines, capture_of

    names = [item for item in (user, person) if len(item) > 2 and any(map(str.isalnum, item))]
    assume(len(names) == 2)
    made = Lines()
    home = f"/Users/{quote(user, safe='') if percent else user}"
    encoded = base64.b64encode(f"run by {person}".encode()).decode()
    raw = made.ran("true", M_OLD, f"{home}/x", encoded, user.upper()) + made.wrote(M_OLD)
    privates = tuple(
        Private(what=what, value=name)
        for what, name in zip((What.USER, What.PERSON), names, strict=True)
    )
    try:
        pack = build(capture_of(raw, privates=privates))
    except PackError:
        return  # refused: nothing is written
    everything = b"\n".join(pack.files.values()).decode()
    assert encoded not in everything
    for name in names:
        whole = rf"(?i)(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])"
        assert not re.search(whole, everything), name
        assert not re.search(rf"(?i){re.escape(quote(name, safe=''))}/x", everything), name


def test_nothing_is_written_while_something_survives(
    lines: Any, captured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scrubber, "line", lambda self, line: line)
    with pytest.raises(PackError, match=r"no pack is written: in .* the user 'jane'"):
        build(captured(lines.all_probes()))


def test_a_name_that_is_a_key_too_is_refused(lines: Any, captured: Any) -> None:
    keyed = Private(what=What.USER, value="pidversion")
    with pytest.raises(PackError, match="also a word of the records"):
        build(captured(lines.all_probes(), privates=(keyed,)))


def test_scrubbing_may_not_change_what_a_record_says(
    lines: Any, captured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scrubber, "line", lambda self, line: line.replace('"pid": 9', '"pid": 8'))
    monkeypatch.setattr(packs, "_clean", lambda *_: None)
    with pytest.raises(PackError, match="line 1 says something else than before"):
        build(captured(lines.all_probes()))


def test_a_pack_is_whole_until_somebody_changes_it(
    lines: Any, captured: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "a pack"
    write(build(captured(lines.all_probes())), folder)
    assert check(folder) == []
    with pytest.raises(PackError, match="it exists already"):
        write(build(captured(lines.all_probes())), folder)
    (folder / "more").write_text("x")
    data = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(data.replace(b"user1", b"user2"))
    (folder / SHAPES).unlink()
    assert check(folder) == [
        f"{folder}: more is not named in pack.json",
        f"{folder}: shapes.json is missing, and is in pack.json",
        f"{folder}: eslogger.mac was changed after it was made",
    ]


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        (b"192.0.2.1", b"10.9.8.7", "the address '10.9.8.7' is not made up here"),
        (b"TEAM000001", b"ACME123456", "the team 'ACME123456' is not made up here"),
        (b'"time"', b'"when"', "eslogger.mac:1: "),
        (b'"ppid"', b'"x_standin":{},"ppid"', "holds a stand-in's records"),
        (b"API_KEY=scrubbed", b"API_KEY=abcdef", "eslogger.mac:1: a variable of an environment"),
    ],
)
def test_a_pack_is_looked_at_without_knowing_who_it_is_of(
    lines: Any, captured: Any, tmp_path: Path, was: bytes, now: bytes, problem: str
) -> None:
    import hashlib

    raw = lines.ran("ssh", M_OLD, "10.1.2.3") + lines.all_probes()
    pack = build(captured(raw))
    assert was in pack.files[FILE]
    data = pack.files[FILE].replace(was, now)
    manifest = json.loads(pack.files[MANIFEST])
    manifest["sha256"][FILE] = hashlib.sha256(data).hexdigest()
    files = {**pack.files, FILE: data, MANIFEST: json.dumps(manifest).encode()}
    write(replace(pack, files=files), tmp_path / "p")
    assert any(problem in item for item in check(tmp_path / "p"))


def test_another_system_s_pack_is_no_mac_s(lines: Any, captured: Any, tmp_path: Path) -> None:
    pack = build(captured(lines.all_probes()))
    for place, system in enumerate(({"os": "Linux"}, {}, None)):
        data = json.dumps(json.loads(pack.files[MANIFEST]) | {"system": system}).encode()
        folder = tmp_path / str(place)
        write(replace(pack, files={**pack.files, MANIFEST: data}), folder)
        told = "pack.json is of another system than Darwin, and calls it a Mac"
        assert check(folder) == [f"{folder}: {told}"]


def test_what_is_no_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no pack of witnessmark"):
        check(tmp_path)
    (tmp_path / MANIFEST).write_text("[]")
    with pytest.raises(PackError, match="not a pack of format 1"):
        check(tmp_path)
    (tmp_path / MANIFEST).write_text('{"format": 1, "origin": "mac"}')
    assert check(tmp_path) == [f"{tmp_path}: pack.json lacks its sums or its origin"]
