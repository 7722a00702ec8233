"""Runs the SQL over a lake on an engine that is there: each gives the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from witnessmark.errors import Unsupported, UsageError
from witnessmark.lake import sqlite
from witnessmark.lake.columns import TABLES, VERDICT
from witnessmark.lake.parquet import arrow, counted, schema_of
from witnessmark.lake.render import TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from witnessmark.lake.columns import Row

BATCH: Final = 5_000


def verdicts(
    engine: str, files: Mapping[str, Sequence[Path]], compared: Mapping[str, int]
) -> Iterator[Row]:
    """Rows of the SQL over these Parquet files (``ev`` and ``xp``), in order of host and record.

    Raises:
        UsageError: a file is no such Parquet.
        Unsupported: the engine is not installed.
    """
    check(files)
    return _RUN[engine](text_for(engine), files, compared)


def text_for(engine: str) -> str:
    """The SQL as an engine spells it."""
    return (TEXTS / f"an0994.{engine}.sql").read_text(encoding="utf-8")


def check(files: Mapping[str, Sequence[Path]]) -> None:
    """Refuse what is not a table of a lake, in one sentence that names the file."""
    pa = arrow()
    for table, paths in files.items():
        for path in paths:
            try:
                schema = pa.parquet.read_schema(path)
            except (OSError, pa.ArrowException) as error:
                reason = " ".join(str(error).split())[:200]
                raise UsageError(f"{path} cannot be read as Parquet: {reason}") from error
            for wanted in schema_of(table):
                if wanted.name not in schema.names:
                    raise UsageError(f"{path} has no column {wanted.name}: write the lake anew")
                found = schema.field(wanted.name).type
                if found != wanted.type:
                    raise UsageError(
                        f"{path}: column {wanted.name} holds {found}, not {wanted.type}: "
                        "write the lake anew"
                    )


def _duckdb(
    text: str, files: Mapping[str, Sequence[Path]], compared: Mapping[str, int]
) -> Iterator[Row]:
    duckdb = _module("duckdb", "lake")
    connection = duckdb.connect()
    try:
        for table, paths in files.items():
            names = [_unglobbed(path) for path in paths]
            view = connection.read_parquet(names)
            counted("duckdb", table, paths, view.count("*").fetchall()[0][0])
            view.create_view(table)
        connection.execute(f"CREATE VIEW pa AS {one_row(compared)}")
        cursor = connection.execute(text)
        while rows := cursor.fetchmany(BATCH):
            yield from (dict(zip(VERDICT, row, strict=True)) for row in rows)
    except duckdb.Error as error:
        raise UsageError(_said("duckdb", error)) from error
    finally:
        connection.close()


def _sqlite(
    text: str, files: Mapping[str, Sequence[Path]], compared: Mapping[str, int]
) -> Iterator[Row]:
    tables = {table: _all(table, paths) for table, paths in files.items()}
    return sqlite.answers(text, tables, one_row(compared))


def _spark(
    text: str, files: Mapping[str, Sequence[Path]], compared: Mapping[str, int]
) -> Iterator[Row]:
    from witnessmark.lake import spark

    return spark.answers(text, files, one_row(compared))


def _clickhouse(
    text: str, files: Mapping[str, Sequence[Path]], compared: Mapping[str, int]
) -> Iterator[Row]:
    from witnessmark.lake import clickhouse

    return clickhouse.answers(text, files, one_row(compared))


def _all(table: str, paths: Sequence[Path]) -> Iterator[tuple[Any, ...]]:
    columns = list(TABLES[table])
    for path in paths:
        with arrow().parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH, columns=columns):
                lists = (batch.column(name).to_pylist() for name in columns)
                yield from zip(*lists, strict=True)


def one_row(compared: Mapping[str, int]) -> str:
    """``pa``: its values are whole numbers, so that they can stand in a text."""
    values = ", ".join(f"{int(compared[name])} AS {name}" for name in TABLES["pa"])
    return f"SELECT {values}"


def _unglobbed(path: Path) -> str:
    """A path as DuckDB reads it: *, ? and [ are patterns there."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _module(name: str, extra: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        mend = f"pip install '.[{extra}]' in the project's folder"
        raise Unsupported(f"{name} is not installed: {mend}") from error


def _said(engine: str, error: Exception) -> str:
    return f"{engine}: {' '.join(str(error).split())[:300]}"


_RUN: Final[
    dict[str, Callable[[str, Mapping[str, Sequence[Path]], Mapping[str, int]], Iterator[Row]]]
] = {"duckdb": _duckdb, "sqlite": _sqlite, "spark": _spark, "clickhouse": _clickhouse}
