"""The fleet form: its SQL's worst case, and how many bytes of a lake a host's day takes.

The worst case is one path that is dropped a hundred thousand times and executed ten thousand times
within the window: a join over a range of times would make a billion pairs. The bar is a second.
Bytes are those of generated telemetry (generate.py), whose mix is no measurement of a real Mac.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import generate

from witnessmark.analytic import load
from witnessmark.cli import reading
from witnessmark.lake.engines import verdicts
from witnessmark.lake.heads import head_of
from witnessmark.lake.parquet import Table
from witnessmark.lake.segments import Lake
from witnessmark.lake.writing import Writer
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from witnessmark.lake.columns import Row

DROPS, EXECS = 100_000, 10_000
BAR_S, ROUNDS = 1.0, 3
SIZE, HOSTS = 60_000_000, 3
T0 = 1_790_000_000_000_000_000


def hot(folder: Path) -> dict[str, list[Path]]:
    """One file of one host: dropped ten times, executed once, and so on."""
    tables = {name: Table(folder, name) for name in ("ev", "xp")}
    known: Row = {"host": "mac1", "outside": 0, "possible": 0, "fetched": 0}
    n = 0
    for run in range(EXECS):
        for _ in range(DROPS // EXECS):
            n += 1
            drop: Row = {"n": n, "kind": "drop", "file": 1, "time_ns": T0 + n, "how": "close"}
            tables["ev"].add(known | drop | {"event_id": str(n), "path": "/x", "image": "/bin/cp"})
        n += 1
        ran: Row = {"n": n, "kind": "exec", "time_ns": T0 + n, "event_id": str(n), "pid": run}
        facts: Row = {"image": "/bin/sh", "grain_ns": 0, "developer_id": 0, "xpcproxy": 0}
        tables["ev"].add({"host": "mac1"} | ran | facts)
        tables["xp"].add(
            {"host": "mac1", "n": n, "rank": 0, "tier": 1, "file": 1, "key": "/x", "how": "operand",
             "quarantined": 0, "inferred": 0, "unwrapped": 0}
        )  # fmt: skip
    for table in tables.values():
        table.close()
    return {name: [folder / f"{name}.parquet"] for name in tables}


def worst(folder: Path, engine: str) -> float:
    """Seconds of the whole query, the least of some rounds."""
    files, compared = hot(folder), head_of(load()).compared
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = list(verdicts(engine, files, compared))
        seconds.append(time.perf_counter() - started)
        assert len(found) == EXECS
        assert {row["gap_ns"] for row in found} == {1}
    return min(seconds)


def day(folder: Path) -> bool:
    """Print what a record takes, raw and in a lake, and what writing and asking cost."""
    files = [str(path) for path in generate.fleet(folder / "raw", SIZE, hosts=HOSTS)]
    raw = sum(Path(path).stat().st_size for path in files)
    analytic = load()
    lake, head = Lake(folder / "lake"), head_of(analytic)
    lake.begin(head)
    writer = Writer(lake, head, analytic.parameters, decoder_of("eslogger"), reading.opened)
    started = time.process_time()
    done = writer.write([(Path(item).stem, (item,)) for item in files], by_record=True)
    wrote = time.process_time() - started
    assert done.segment is not None
    events = sum(cover.events + cover.other for _, cover, _ in done.coverages)
    rows = done.segment.manifest.rows
    size = sum((done.segment.path / f"{name}.parquet").stat().st_size for name in rows)
    started = time.perf_counter()
    list(verdicts("duckdb", lake.tables(head), head.compared))
    asked = time.perf_counter() - started
    print(f"{events} records, {raw / events:.0f} B each raw; {rows['ev']} ev, {rows['xp']} xp rows")
    print(f"lake: {size} B, {size / events:.2f} B a record, {raw / size:.0f}:1; "
          f"{size / rows['ev']:.1f} B a row of ev")  # fmt: skip
    print(f"write {raw / 1e6 / wrote:.0f} MB/s of one core; asked in {asked:.2f} s on DuckDB, "
          f"{asked / wrote:.2f}x of writing")  # fmt: skip
    return asked < wrote


def main() -> int:
    """Print the table; exit 1 if a bar is missed."""
    folder = Path(tempfile.mkdtemp(prefix="witnessmark-lake-"))
    try:
        failed = False
        for engine in ("duckdb", "sqlite"):
            seconds = worst(folder, engine)
            failed |= seconds >= BAR_S and engine == "duckdb"
            print(f"{engine:8} {DROPS} drops x {EXECS} executions of one path: {seconds:.2f} s")
        print(f"(bar {BAR_S:g} s on duckdb)")
        return int(not day(folder) or failed)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
