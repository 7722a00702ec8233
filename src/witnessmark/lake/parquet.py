"""Writes a table of a lake as Parquet, a few thousand rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from witnessmark.errors import Unsupported, UsageError
from witnessmark.lake.columns import NUMBER, TABLES, TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from witnessmark.lake.columns import Row, Value

BATCH: Final = 8_000
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


def arrow() -> Any:
    """pyarrow.

    Raises:
        Unsupported: it is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise Unsupported(
            "a lake needs pyarrow: pip install '.[lake]' in the project's folder"
        ) from error
    return pyarrow


def schema_of(table: str) -> Any:
    """The columns of a table as pyarrow names their types."""
    pa = arrow()
    types = {NUMBER: pa.int64(), TEXT: pa.string()}
    return pa.schema([(column, types[kind]) for column, kind in TABLES[table].items()])


def counted(engine: str, table: str, paths: Sequence[Path], found: int) -> None:
    """See that an engine has read every row: a path that it takes for a pattern may match nothing.

    Raises:
        UsageError: it has not.
    """
    there = sum(arrow().parquet.read_metadata(path).num_rows for path in paths)
    if found != there:
        raise UsageError(
            f"{engine} read {found} of the {there} rows of {table} at {paths[0].parent}"
        )


class Table:
    """One Parquet file that grows."""

    def __init__(self, folder: Path, name: str) -> None:
        self._schema = schema_of(name)
        self._texts = frozenset(key for key, kind in TABLES[name].items() if kind != NUMBER)
        self._writer: Any = arrow().parquet.ParquetWriter(
            folder / f"{name}.parquet", self._schema, compression="zstd"
        )
        self._columns: dict[str, list[Value]] = {column: [] for column in TABLES[name]}
        self._waiting = self.rows = 0

    def add(self, row: Row) -> None:
        """Add a row; columns that it does not name are NULL."""
        for column, values in self._columns.items():
            value = row.get(column)
            values.append(value if value is None else self._fit(column, value))
        self._waiting += 1
        if self._waiting == BATCH:
            self._flush()

    def close(self) -> int:
        """Write what waits; how many rows the file holds."""
        if self._writer is not None:
            self._flush()
            self._writer.close()
            self._writer = None
        return self.rows

    def _fit(self, column: str, value: Value) -> Value:
        """No number that telemetry can hold is too large for a row: such a one is not known."""
        if column in self._texts:
            return str(value).encode(errors="replace").decode()
        return value if isinstance(value, int) and _LEAST <= value <= _MOST else None

    def _flush(self) -> None:
        if not self._waiting:
            return
        arrays = [
            arrow().array(self._columns[field.name], type=field.type) for field in self._schema
        ]
        self._writer.write_batch(arrow().record_batch(arrays, schema=self._schema))
        self.rows += self._waiting
        self._waiting = 0
        for values in self._columns.values():
            values.clear()
