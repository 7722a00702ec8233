"""The SQL on SQLite, which is always there: for tests, and for lakes of moderate size."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Final

from witnessmark.errors import UsageError
from witnessmark.lake.columns import TABLES, VERDICT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from witnessmark.lake.columns import Row

BATCH: Final = 5_000


def answers(
    text: str, tables: Mapping[str, Iterable[tuple[Any, ...]]], one_row: str
) -> Iterator[Row]:
    """Rows of the SQL over rows of ``ev`` and ``xp``; ``one_row`` selects those of ``pa``.

    Raises:
        UsageError: what SQLite said.
    """
    connection = sqlite3.connect("")  # a file without a name: gone once it is closed
    try:
        for table, rows in tables.items():
            columns = TABLES[table]
            kinds = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            connection.execute(f'CREATE TABLE "{table}" ({kinds})')
            marks = ", ".join("?" * len(columns))
            insert = f'INSERT INTO "{table}" VALUES ({marks})'  # noqa: S608 - names of our own
            connection.executemany(insert, rows)
            connection.execute(f'CREATE INDEX "of_{table}" ON "{table}" (host, n)')
        connection.execute(f"CREATE VIEW pa AS {one_row}")
        cursor = connection.execute(text)
        while found := cursor.fetchmany(BATCH):
            yield from (dict(zip(VERDICT, row, strict=True)) for row in found)
    except sqlite3.Error as error:
        raise UsageError(f"sqlite: {error}") from error
    finally:
        connection.close()
