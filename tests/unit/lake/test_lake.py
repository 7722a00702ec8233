"""The two commands: what is written once and whole, what is answered, and what is refused.

Its records are synthetic.
"""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="a lake needs pyarrow: pip install 'witnessmark[lake]'")
pytest.importorskip("duckdb", reason="needs duckdb: pip install 'witnessmark[lake]'")


def tables(lake: Path) -> dict[str, list[dict[str, Any]]]:
    import pyarrow.parquet

    found: dict[str, list[dict[str, Any]]] = {"ev": [], "xp": []}
    for path in sorted(lake.glob("segments/*/*.parquet")):
        found[path.stem] += pyarrow.parquet.read_table(path).to_pylist()
    return {name: sorted(rows, key=lambda row: (row["host"], row["n"], row.get("rank") or 0))
            for name, rows in found.items()}  # fmt: skip


def test_every_engine_answers_as_detect_does(
    telemetry: Path, tmp_path: Path, witnessmark: Any
) -> None:
    files = sorted(telemetry.iterdir())
    said = witnessmark("lake", "write", tmp_path / "lake", *files)
    assert said.status == 0
    assert "segment 1: " in said.output
    assert "hosts: mac1, mac3" in said.output
    embedded = witnessmark("detect", *files)
    assert embedded.status == 1
    assert len({item["answer"] for item in embedded.detections}) > 1
    for engine in ("duckdb", "sqlite"):
        found = witnessmark("lake", "detect", tmp_path / "lake", "--engine", engine)
        assert found.status == 1
        assert found.detections == embedded.detections
        last = json.loads(found.output.splitlines()[-1])
        assert (last["segments"], last["hosts"], last["engine"]) == (1, 2, engine)


def test_a_file_that_has_grown_adds_what_is_new_however_it_was_cut(
    telemetry: Path, tmp_path: Path, witnessmark: Any
) -> None:
    whole = (telemetry / "mac1.ndjson").read_bytes()
    once, grown = tmp_path / "once", tmp_path / "grown"
    witnessmark("lake", "write", once, telemetry / "mac1.ndjson")
    for number, cut in enumerate((len(whole) // 3, len(whole) // 2, len(whole)), start=1):
        (tmp_path / "mac1.ndjson").write_bytes(whole[:cut])  # in the middle of a line
        said = witnessmark("lake", "write", grown, tmp_path / "mac1.ndjson")
        assert f"segment {number}: " in said.output
        assert ("its last line has no end yet" in said.output) == (cut < len(whole))
    again = witnessmark("lake", "write", grown, telemetry / "mac1.ndjson")
    assert again.output == f"nothing new: the lake holds all {len(whole)} bytes\n"
    assert len(list((grown / "segments").iterdir())) == 3
    assert sorted(e["event_id"] for e in tables(grown)["ev"] if e["kind"] == "exec") == sorted(
        e["event_id"] for e in tables(once)["ev"] if e["kind"] == "exec"
    )
    assert (
        witnessmark("lake", "detect", grown).detections
        == witnessmark("lake", "detect", once).detections
    )


def test_lines_that_two_files_hold_count_once(
    telemetry: Path, tmp_path: Path, witnessmark: Any
) -> None:
    lines = (telemetry / "mac1.ndjson").read_bytes().splitlines(keepends=True)
    for name, part in (("a", lines[:400]), ("b", lines[300:])):
        (tmp_path / name).write_bytes(b"".join(part))
    witnessmark("lake", "write", tmp_path / "two", "--host", "mac1", tmp_path / "a")
    witnessmark("lake", "write", tmp_path / "two", "--host", "mac1", tmp_path / "b")
    witnessmark("lake", "write", tmp_path / "one", "--host", "mac1", telemetry / "mac1.ndjson")
    numbers = [
        sorted(row["seq"] for row in tables(tmp_path / lake)["ev"] if row["kind"] == "exec")
        for lake in ("one", "two")
    ]
    assert numbers[0] == numbers[1]


def test_a_run_that_fails_leaves_nothing(
    telemetry: Path, tmp_path: Path, witnessmark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from witnessmark.lake.segments import NewSegment

    lake = tmp_path / "lake"
    witnessmark("lake", "write", lake, telemetry / "mac1.ndjson")
    before = sorted(lake.rglob("*"))
    (tmp_path / "text").write_text("no record\n")
    said = witnessmark("lake", "write", lake, telemetry / "mac3.ndjson", tmp_path / "text")
    assert said.status == 2
    assert "is an eslogger record" in said.output
    assert sorted(lake.rglob("*")) == before

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(NewSegment, "keep", full)
    with pytest.raises(OSError, match="No space"):
        witnessmark("lake", "write", lake, telemetry / "mac3.ndjson")
    assert sorted(lake.rglob("*")) == before


def damaged(lake: Path, how: str) -> None:
    import pyarrow
    import pyarrow.parquet

    ev = lake / "segments/00000001/ev.parquet"
    if how == "empty":
        ev.write_bytes(b"")
    elif how == "text":
        ev.write_bytes(b"PAR1 no Parquet PAR1")
    elif how == "gone":
        ev.unlink()
    elif how == "columns":
        pyarrow.parquet.write_table(pyarrow.table({"host": ["a"]}), ev)
    elif how == "types":
        table = pyarrow.parquet.read_table(ev)
        texts = table.set_column(1, "n", table["n"].cast("string"))
        pyarrow.parquet.write_table(texts, ev)
    elif how == "fewer":
        pyarrow.parquet.write_table(pyarrow.parquet.read_table(ev).slice(0, 0), ev)
    elif how in ("rows", "compared"):
        file = lake / ("segments/00000001/segment.json" if how == "rows" else "lake.json")
        file.write_text(json.dumps(json.loads(file.read_text()) | {how: {}}))
    elif how == "version":
        file = lake / "lake.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 2}))
    elif how == "manifest":
        (lake / "segments/00000001/segment.json").write_text("{}")
    else:
        (lake / "lake.json").write_text("[1]")


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("empty", "ev.parquet cannot be read as Parquet: "),
        ("text", "ev.parquet cannot be read as Parquet: "),
        ("gone", "ev.parquet cannot be read as Parquet: "),
        ("columns", "ev.parquet has no column n: write the lake anew"),
        ("types", "ev.parquet: column n holds string, not int64: write the lake anew"),
        ("manifest", "segment.json: Object missing required field"),
        ("fewer", "ev.parquet was altered: write the lake anew"),
        ("rows", "segment.json: rows lacks ev, xp: write the lake anew"),
        ("compared", "lake.json: compared lacks drop_exec_window_ns"),
        ("version", "lake.json: written by another version of witnessmark"),
        ("head", "lake.json: Expected `object`, got `array`"),
    ],
)
def test_a_damaged_lake_is_refused_in_one_sentence(
    how: str, says: str, engine: str, telemetry: Path, tmp_path: Path, witnessmark: Any
) -> None:
    lake = tmp_path / "lake"
    witnessmark("lake", "write", lake, telemetry / "mac1.ndjson")
    damaged(lake, how)
    said = witnessmark("lake", "detect", lake, "--engine", engine)
    assert said.status == 2
    assert says in said.output
    assert len(said.output.splitlines()) == 1


def test_what_is_no_telemetry_is_refused(tmp_path: Path, witnessmark: Any) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "blank").write_text("\n \n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").touch()
    for args, says in (
        (("lake", "write", "lk", tmp_path), "is a directory: name the files in it"),
        (("lake", "write", "lk", tmp_path / "empty"), "is empty: it holds no record"),
        (("lake", "write", "lk", tmp_path / "none"), "No such file"),
        (("lake", "write", "lk", "--kind", "unifiedlog", "-"), "records no execution"),
        (("lake", "detect", tmp_path / "none"), "does not exist"),
        (("lake", "detect", tmp_path / "empty"), "is no folder"),
        (("lake", "detect", tmp_path / "other"), "is no lake"),
    ):
        said = witnessmark(*args)
        assert said.status == 2, args
        assert says in said.output
        assert len(said.output.splitlines()) == 1
    assert not Path("lk").exists()
    for path, stdin in ((tmp_path / "blank", b""), ("-", b""), ("-", b"\n")):
        said = witnessmark("lake", "write", tmp_path / "new", path, stdin=stdin)
        assert (said.status, said.output) == (2, f"{path} holds no record")
        assert not list((tmp_path / "new/segments").iterdir())


def test_the_same_bytes_of_another_host_are_that_hosts(
    telemetry: Path, tmp_path: Path, witnessmark: Any
) -> None:
    lake, file = tmp_path / "lake", telemetry / "mac1.ndjson"
    for name in ("mac1", "mac2"):
        said = witnessmark("lake", "write", lake, file, "--host", name)
        assert f"hosts: {name}" in said.output
        said = witnessmark("lake", "write", lake, file, "--host", name)
        assert said.output.startswith("nothing new")
    found = witnessmark("lake", "detect", lake).detections
    for name in ("mac1", "mac2"):
        alone = witnessmark("detect", file, "--host", name).detections
        assert [item for item in found if item["host"] == name] == alone


def test_a_first_write_that_came_to_nothing_binds_no_parameters(
    telemetry: Path, tmp_path: Path, witnessmark: Any
) -> None:
    lake, nothing = tmp_path / "lake", tmp_path / "nothing"
    nothing.write_text("no record\n")
    assert witnessmark("lake", "write", lake, nothing, "--host", "mac1").status == 2
    said = witnessmark("lake", "write", lake, telemetry / "mac1.ndjson", "--profile", "extended")
    assert said.status == 0, said.output


def test_a_lake_is_of_one_set_of_parameters(
    telemetry: Path, tmp_path: Path, witnessmark: Any
) -> None:
    lake, file = tmp_path / "lake", telemetry / "mac1.ndjson"
    witnessmark("lake", "write", lake, file)
    said = witnessmark("lake", "write", lake, file, "--profile", "extended")
    assert said.status == 2
    assert "was written with other parameters" in said.output
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").touch()
    said = witnessmark("lake", "write", tmp_path / "full", file)
    assert "is there and no lake: name a new folder" in said.output


def test_an_altered_state_is_refused(telemetry: Path, tmp_path: Path, witnessmark: Any) -> None:
    lake = tmp_path / "lake"
    lines = (telemetry / "mac1.ndjson").read_bytes().splitlines(keepends=True)
    (tmp_path / "mac1.ndjson").write_bytes(b"".join(lines[:200]))
    witnessmark("lake", "write", lake, tmp_path / "mac1.ndjson")
    states = lake / "segments/00000001/states"
    data = bytearray(states.read_bytes())
    data[20] ^= 1
    states.write_bytes(data)
    said = witnessmark("lake", "write", lake, telemetry / "mac1.ndjson")
    assert said.status == 2
    assert "states was altered: write the lake anew" in said.output
    assert len(list((lake / "segments").iterdir())) == 1


def test_two_runs_at_once_add_one_segment(
    telemetry: Path, tmp_path: Path, witnessmark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from witnessmark.lake.segments import NewSegment

    lake = tmp_path / "lake"
    keep = NewSegment.keep

    def meanwhile(self: NewSegment, host: str, state: bytes) -> None:
        monkeypatch.undo()
        assert witnessmark("lake", "write", lake, telemetry / "mac3.ndjson").status == 0
        keep(self, host, state)

    monkeypatch.setattr(NewSegment, "keep", meanwhile)
    said = witnessmark("lake", "write", lake, telemetry / "mac1.ndjson")
    assert said.status == 2
    assert "another run wrote this segment meanwhile" in said.output
    assert [item.name for item in (lake / "segments").iterdir()] == ["00000001"]
    shutil.rmtree(lake)


NASTY = "/Users/kim/Downloads/\u2028\x85'\"\\`;--{}*[a]?$\t\n\x00é\U0001f600.sh"


def test_hostile_text_and_numbers_come_back_as_they_were(tmp_path: Path, witnessmark: Any) -> None:
    lake = tmp_path / "it's [a] lake * {b}"
    events = [
        {"close": {"target": {"path": NASTY}, "modified": True}},
        {"exec": {"target": process(NASTY), "args": [NASTY], "cwd": {"path": "/"}, "script": None}},
        {"exec": {"target": process("/bin/sh", 501), "args": ["sh", NASTY], "script": None}},
    ]
    lines = [
        {
            "time": f"2026-10-04T00:00:0{number}.5Z",
            "global_seq_num": number,
            "seq_num": number,
            "process": process("/bin/zsh", version=7),
            "event": event,
        }
        for number, event in enumerate(events)
    ]
    lines.append(lines[2] | {"time": "9999-10-04T00:00:00Z", "global_seq_num": 3})
    file = tmp_path / "mac'1;--.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = witnessmark("lake", "write", lake, file)
    assert "1 records were left out: their time is before 1970 or after 2116" in said.output
    file.write_text("".join(json.dumps(line) + "\n" for line in lines[:3]))
    embedded = witnessmark("detect", file).detections
    assert {item["answer"] for item in embedded} >= {"fired"}
    assert any(item["exec"]["path"] == NASTY for item in embedded)
    engines = ["duckdb", "sqlite", *(["clickhouse"] if find_spec("chdb") else [])]
    for engine in engines:
        found = witnessmark("lake", "detect", lake, "--engine", engine)
        assert found.detections == embedded, found.output


def test_an_engine_that_did_not_read_every_row_says_nothing_else(
    telemetry: Path, tmp_path: Path, witnessmark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from witnessmark.lake import engines

    one, other = tmp_path / "one", tmp_path / "other"
    witnessmark("lake", "write", one, telemetry / "mac1.ndjson")
    witnessmark("lake", "write", other, telemetry / "mac3.ndjson")
    monkeypatch.setattr(engines, "_unglobbed", lambda path: str(path).replace("/one/", "/other/"))
    said = witnessmark("lake", "detect", one)
    assert said.status == 2
    assert "duckdb read " in said.output
    assert len(said.output.splitlines()) == 1


def process(path: str, pid: int = 500, version: int = 8) -> dict[str, Any]:
    token = {"pid": pid, "pidversion": version, "euid": 501}
    above = {"pid": 1, "pidversion": 1, "euid": 0}
    return {
        "audit_token": token,
        "parent_audit_token": above,
        "ppid": 1,
        "original_ppid": 1,
        "start_time": "2026-10-04T00:00:00.000001Z",
        "executable": {"path": path, "path_truncated": False},
        "signing_id": "com.apple.x",
        "team_id": None,
        "codesigning_flags": 0x24000001,
        "is_platform_binary": True,
    }
