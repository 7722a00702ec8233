"""Both forms answer the same, to the last field, whatever was recorded and however badly."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.unit.lake.courses import WORKFLOWS, course
from tests.unit.lake.fleetform import keys_of, on_sqlite, rows_of, told

from witnessmark.analytic import Parameters, detect, load
from witnessmark.lake.columns import TABLES, as_tuple
from witnessmark.lake.engines import one_row, text_for
from witnessmark.lake.state import restore, saved

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.lake.columns import Row
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Stream

CASES = 600
PARAMS = load().parameters
VARIANTS = (
    PARAMS,
    replace(PARAMS, require_quarantine=True),
    replace(PARAMS, provenance=True, max_depth=1),
    replace(PARAMS, dedupe_window=0.0, clock_skew_tolerance=0.0, late_arrival=0.0),
)
steady = settings(
    deadline=None,
    max_examples=60,
    phases=(Phase.explicit, Phase.generate),  # to shrink a course takes minutes: do so by hand
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def same(found: list[Detection], wanted: list[Detection]) -> None:
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))


def plays(rng: Random, number: int) -> Stream:
    return course(rng, host=f"mac{number:04d}")


@pytest.fixture(scope="module")
def duck() -> Any:
    """Answers on DuckDB, over tables in memory."""
    duckdb = pytest.importorskip("duckdb", reason="needs duckdb: pip install 'witnessmark[lake]'")
    pa = pytest.importorskip("pyarrow", reason="needs pyarrow: pip install 'witnessmark[lake]'")
    from witnessmark.lake.columns import VERDICT
    from witnessmark.lake.parquet import schema_of

    connection = duckdb.connect(config={"threads": 1})

    def answers(tables: dict[str, list[Row]], compared: dict[str, int]) -> list[dict[str, Any]]:
        for name in ("ev", "xp"):
            rows = [as_tuple(name, row) for row in tables[name]]
            columns = list(zip(*rows, strict=True)) or [()] * len(TABLES[name])
            arrays = [pa.array(list(values), type=field.type)
                      for values, field in zip(columns, schema_of(name), strict=True)]  # fmt: skip
            connection.register(name, pa.table(arrays, schema=schema_of(name)))
        connection.execute(f"CREATE OR REPLACE VIEW pa AS {one_row(compared)}")
        rows = connection.execute(text_for("duckdb")).fetchall()
        return [dict(zip(VERDICT, row, strict=True)) for row in rows]

    yield answers
    connection.close()


@steady
@given(
    rng=st.randoms(use_true_random=False),
    variant=st.sampled_from(VARIANTS),
    baseline=st.sampled_from([(), WORKFLOWS]),
)
def test_embedded_sqlite_and_duckdb_answer_the_same(
    rng: Random, variant: Parameters, baseline: Any, duck: Any
) -> None:
    from tests.unit.lake.fleetform import head

    stream = course(rng)
    wanted = detect(stream, variant, baseline=baseline)
    tables = rows_of(stream, variant)
    same(told(on_sqlite(tables, variant), variant, stream, baseline), wanted)
    same(told(duck(tables, head(variant).compared), variant, stream, baseline), wanted)


@steady
@given(rng=st.randoms(use_true_random=False), cuts=st.lists(st.floats(0, 1), max_size=3))
def test_keys_that_were_put_away_between_segments_go_on_as_if_they_had_not_been(
    rng: Random, cuts: list[float]
) -> None:
    """As two runs of the engine's keys that both settle at each cut."""
    stream = course(rng)
    places = {round(cut * len(stream.events)) for cut in cuts}
    kept: dict[str, list[Row]] = {"ev": [], "xp": []}
    whole: dict[str, list[Row]] = {"ev": [], "xp": []}
    one, other = keys_of(stream, PARAMS, kept), keys_of(stream, PARAMS, whole)
    for place, event in enumerate(stream.events):
        if place in places:
            one.finish()
            other.finish()
            text = saved(one)
            one = keys_of(replace(stream, snapshot=()), PARAMS, kept)
            restore(one, text)
            assert saved(one) == text
        one.feed(event)
        other.feed(event)
    one.finish()
    other.finish()
    assert (kept["ev"], len(kept["xp"])) == (whole["ev"], len(whole["xp"]))
    assert (one.late, one.unresolved) == (other.late, other.unresolved)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[Path]], list[Any]]:
    """Six hundred hosts with a course each, as one lake; what the embedded engine says of each."""
    pytest.importorskip("pyarrow", reason="needs pyarrow: pip install 'witnessmark[lake]'")
    from witnessmark.lake.parquet import Table

    folder = tmp_path_factory.mktemp("fleet")
    wanted: list[Any] = []
    tables = {name: Table(folder, name) for name in ("ev", "xp")}
    rng = Random(20261124)
    for number in range(CASES):
        stream = course(rng, host=f"mac{number:04d}")
        wanted += detect(stream, PARAMS)
        for name, rows in rows_of(stream, PARAMS).items():
            for row in rows:
                tables[name].add(row)
    for table in tables.values():
        table.close()
    return {name: [folder / f"{name}.parquet"] for name in tables}, wanted


def test_the_courses_are_worth_comparing(fleet: Any) -> None:
    """Every answer of both branches and every way of theirs is among them, many times."""
    answers = Counter((item.branch.value, item.answer.value) for item in fleet[1])
    assert len(answers) == 4
    assert min(answers.values()) >= 20, answers
    reasons = Counter((item.reason or "").partition(" since")[0][:40] for item in fleet[1])
    assert len(reasons) >= 9, reasons
    rules = {rule for item in fleet[1] for rule in item.rules}
    assert rules == {"A1", "A2", "A4", "A7", "B1", "B2", "B3", "B4", "B5"}


@pytest.mark.parametrize(
    ("engine", "module"),
    [
        ("duckdb", "duckdb"),
        ("sqlite", "sqlite3"),
        pytest.param("spark", "pyspark", marks=[pytest.mark.spark, pytest.mark.timeout(600)]),
        pytest.param(
            "clickhouse", "chdb", marks=[pytest.mark.clickhouse, pytest.mark.timeout(600)]
        ),
    ],
)
def test_every_engine_answers_for_six_hundred_hosts_in_one_query(
    engine: str, module: str, fleet: Any
) -> None:
    import shutil
    from importlib.util import find_spec

    from tests.unit.lake.fleetform import head

    from witnessmark.lake.engines import verdicts

    if find_spec(module) is None:
        pytest.skip(f"needs {module}: pip install 'witnessmark[{engine}]'")
    if engine == "spark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java 17: openjdk-17-jre-headless")
    files, wanted = fleet
    rows = (
        apart(engine, files)
        if engine in ("spark", "clickhouse")
        else verdicts(engine, files, head(PARAMS).compared)
    )
    same(told(rows, PARAMS), wanted)


APART = """
import json, sys
from pathlib import Path
from witnessmark.lake.engines import verdicts
engine, files, compared = json.load(sys.stdin)
files = {name: [Path(item) for item in paths] for name, paths in files.items()}
for row in verdicts(engine, files, compared):
    print(json.dumps(row))
"""


def apart(engine: str, files: dict[str, list[Path]]) -> list[dict[str, Any]]:
    """In a process of its own: what a JVM or a server's threads leave behind ends with it."""
    import json
    import subprocess
    import sys

    from tests.unit.lake.fleetform import head

    asked = [engine, {name: [*map(str, paths)] for name, paths in files.items()}]
    asked.append(head(PARAMS).compared)
    said = subprocess.run(
        [sys.executable, "-c", APART], input=json.dumps(asked), text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr[-2_000:]
    return [json.loads(line) for line in said.stdout.splitlines()]
