"""How fast ``detect`` is over generated telemetry, beside what else could read it.

    python benchmarks/detect.py [--size 100MB] [--hosts 2] [--rounds 3] [--folder DIR] [--only WORD]

Every row is a process of its own over the same files; CPU is user and system time of it and its
children, the least of some rounds. Ratios are of CPU time, since other work on the machine moves it
least; the row of two processes is wall time. What a machine does not have is left out, and says so.
The answers are held against the generator's truth first.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import generate

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
WITNESSMARK = [sys.executable, "-m", "witnessmark"]
LINES = """
import sys
{setup}
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        for line in file:
            {work}
{end}
"""
FLOOR = LINES.format(
    setup="import msgspec\nfrom witnessmark.telemetry.eslogger_shapes import Record\n"
    "read = msgspec.json.Decoder(Record).decode",
    work="read(line)",
    end="",
)
ORJSON = LINES.format(setup="from orjson import loads", work="loads(line)", end="")
SQLITE = LINES.format(
    setup="""
import json, sqlite3
base, rows, names = sqlite3.connect(":memory:"), [], {}
def flat(item, name=""):
    if isinstance(item, dict):
        for key in item: yield from flat(item[key], f"{name}.{key}" if name else key)
    else:
        yield name, json.dumps(item) if isinstance(item, list) else item
base.execute("create table logs (n integer)")
def put(found):
    for name in found:
        if name not in names:
            names[name] = len(names)
            base.execute(f'alter table logs add column "{name}"')
    said = ",".join(f'"{name}"' for name in found)
    marks = ",".join("?" * len(found))
    base.execute(f"insert into logs ({said}) values ({marks})", list(found.values()))
""",
    work="put(dict(flat(json.loads(line))))",
    end="print(base.execute('select count(*) from logs where \"event.exec.target.executable.path\"'"
    "' like \"%sh\"').fetchall())",
)
EQL = LINES.format(
    setup="""
import json, eql
query = '''sequence with maxspan=10m
 [file where file_path != null] by file_path
 [process where script_path != null] by script_path'''
engine = eql.PythonEngine()
engine.add_query(eql.parse_query(query, implied_any=True))
def event(record):
    kind, body = next(iter(record["event"].items()))
    args = body.get("args") or [None]
    target = body.get("target") or {}
    place = body.get("destination", {}).get("existing_file") or (target if kind == "close" else {})
    said = {"pid": record["process"]["ppid"], "file_path": place.get("path"),
            "script_path": args[-1] if kind == "exec" else None}
    return eql.Event("process" if kind == "exec" else "file", record["global_seq_num"], said)
""",
    work="engine.stream_event(event(json.loads(line)))",
    end="engine.finalize()",
)
DUCKDB = """
import sys, duckdb
base = duckdb.connect(config={"threads": 2})
columns = "{time: 'VARCHAR', global_seq_num: 'BIGINT', process: 'JSON', event: 'JSON'}"
base.execute(f"create table ev as select * from read_ndjson(?, columns={columns})", [sys.argv[1:]])
print(base.execute("select count(*) from ev where json_exists(event, '$.exec')").fetchall())
"""


class Row(NamedTuple):
    """One way to read the files."""

    name: str
    argv: list[str]
    needs: str | None
    """A module, or a program if it begins with a slash-less ``$``."""
    bar: float | None
    """The least ratio to detect's CPU time."""


class Spent(NamedTuple):
    """What a process took."""

    wall: float
    cpu: float
    megabytes: float
    out: bytes


def rows() -> list[Row]:
    """What is measured, detect first."""

    def code(text: str) -> list[str]:
        return [sys.executable, "-c", text]

    return [
        Row("detect", [*WITNESSMARK, "detect"], None, None),
        Row("detect --jobs 2", [*WITNESSMARK, "detect", "--jobs", "2"], None, None),
        Row("msgspec, every line, nothing more", code(FLOOR), None, 1 / 1.2),
        Row("orjson, every line, nothing more", code(ORJSON), "orjson", 1 / 0.6),
        Row("DuckDB, 2 threads, only reading", code(DUCKDB), "duckdb", None),
        Row("jq, only selecting execs", ["jq", "-c", "select(.event.exec)"], "$jq", 5.0),
        Row("eql, one sequence", code(EQL), "eql", 15.0),
        Row("flattened into SQLite, one query", code(SQLITE), None, 30.0),
    ]  # fmt: skip


def spent(argv: list[str], paths: list[Path]) -> Spent:
    """Run once."""
    with tempfile.TemporaryFile() as out:
        began = time.perf_counter()
        child = subprocess.Popen([*argv, *map(str, paths)], stdout=out)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1):
            raise SystemExit(f"{argv[:3]} ended with {child.returncode}")
        out.seek(0)
        return Spent(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read())


def here(needs: str | None) -> bool:
    """Whether a row can be measured on this machine."""
    if needs is None:
        return True
    return shutil.which(needs[1:]) is not None if needs[0] == "$" else find_spec(needs) is not None


def answers(out: bytes) -> set[tuple[object, ...]]:
    """What detect printed, as the truth has it."""
    found = set()
    for item in map(json.loads, out.splitlines()):
        if item["type"] == "detection":
            ref = item["drop"]["seq"] if "drop" in item else item.get("browser", {}).get("pid")
            said = item["branch"], item["answer"], tuple(item["rules"]), item["exec"]["seq"], ref
            found.add((item["host"], *said))
    return found


def truth(folder: Path) -> set[tuple[object, ...]]:
    """What was planted."""
    rows = map(json.loads, (folder / "truth.ndjson").open())
    return {
        (row["host"], row["branch"], row["answer"], tuple(row["rules"]), row["exec"], row["ref"])
        for row in rows
        if row["answer"] != "silent"
    }


def table(paths: list[Path], folder: Path, rounds: int, only: str) -> bool:
    """Print a line for each row; whether a bar was missed."""
    size = sum(path.stat().st_size for path in paths) / 1e6
    missed, own = False, 0.0
    print(f"{size:.0f} MB, {len(paths)} hosts; load {os.getloadavg()[0]:.1f}")
    print(
        "way                                 wall s   CPU s    MB/s   RSS MB   CPU / detect   bar"
    )
    for row in rows():
        if only not in row.name:
            continue
        if not here(row.needs):
            print(f"{row.name:34}  left out: {row.needs} is not here")
            continue
        runs = [spent(row.argv, paths) for _ in range(rounds)]
        wall, cpu = min(item.wall for item in runs), min(item.cpu for item in runs)
        if row.name.startswith("detect") and answers(runs[0].out) != truth(folder):
            raise SystemExit("detect did not answer what was planted")
        own = own or cpu
        bar = "" if row.bar is None else f">= {row.bar:.2f}"
        failed = row.bar is not None and cpu / own < row.bar
        missed |= failed
        print(
            f"{row.name:34} {wall:7.2f} {cpu:7.2f} {size / cpu:7.0f} "
            f"{max(item.megabytes for item in runs):8.0f} {cpu / own:14.2f}   {bar}"
            f"{'   missed' if failed else ''}",
            flush=True,
        )
    return missed


def files(folder: Path, size: int, hosts: int) -> Iterator[Path]:
    """The files, generated unless they are there."""
    made = sorted(folder.glob("mac*.ndjson"))
    yield from made or generate.fleet(folder, size, hosts=hosts)


def main() -> int:
    """Measure; exit 1 if a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=generate.size_of, default="100MB")
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", default="", help="rows whose name holds this")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = said.folder or Path(scratch)
        paths = list(files(folder, said.size, said.hosts))
        missed = table(paths, folder, said.rounds, said.only)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
