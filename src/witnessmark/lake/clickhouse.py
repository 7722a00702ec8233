"""The SQL on ClickHouse: in this process (chdb) for a try and for the tests."""

from __future__ import annotations

import importlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from witnessmark.errors import Unsupported, UsageError
from witnessmark.lake.columns import TABLES, VERDICT
from witnessmark.lake.parquet import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from witnessmark.lake.columns import Row


def answers(text: str, files: Mapping[str, Sequence[Path]], one_row: str) -> Iterator[Row]:
    """Rows of the SQL over these files.

    Raises:
        Unsupported: there is no chdb.
        UsageError: what ClickHouse said.
    """
    try:
        chdb: Any = importlib.import_module("chdb.session")
    except ImportError as error:
        raise Unsupported(
            "chdb is not installed: pip install '.[clickhouse]' in the project's folder"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        session = chdb.Session(folder)
        try:
            for table, paths in files.items():
                columns = _columns(table)
                engine = "MergeTree ORDER BY (host, n) SETTINGS allow_nullable_key = 1"
                session.query(f"CREATE TABLE {table} ({columns}) ENGINE = {engine}")
                for number, path in enumerate(paths):
                    # A name of our own: in a path * and {} are patterns, and nothing escapes them.
                    plain = Path(folder) / f"{table}-{number}.parquet"
                    plain.symlink_to(path.resolve())
                    source = f"file('{_quoted(plain)}', 'Parquet', '{columns}')"
                    session.query(f"INSERT INTO {table} SELECT * FROM {source}")  # noqa: S608
                asked = f"SELECT count() FROM {table}"  # noqa: S608 - a name of our own
                counted("clickhouse", table, paths, int(str(session.query(asked))))
            session.query(f"CREATE VIEW pa AS {one_row}")
            session.query("SET output_format_json_quote_64bit_integers = 0")
            # Paths may hold what str.splitlines takes for an end of line; JSON escapes only \n.
            for line in str(session.query(text, "JSONCompactEachRow")).split("\n"):
                if line:
                    yield dict(zip(VERDICT, json.loads(line), strict=True))
        except RuntimeError as error:
            said = " ".join(str(error).split())[:300]
            raise UsageError(f"clickhouse: {said}") from error
        finally:
            session.close()


def _columns(table: str) -> str:
    types = {"BIGINT": "Nullable(Int64)", "VARCHAR": "Nullable(String)"}
    return ", ".join(f"`{name}` {types[kind]}" for name, kind in TABLES[table].items())


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "\\'")
