"""The SQL on Spark: in this process for a try and for the tests; a cluster is given the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from witnessmark.errors import Unsupported, UsageError
from witnessmark.lake.columns import TABLES, VERDICT
from witnessmark.lake.parquet import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from witnessmark.lake.columns import Row


def answers(text: str, files: Mapping[str, Sequence[Path]], one_row: str) -> Iterator[Row]:
    """Rows of the SQL over these files.

    Raises:
        Unsupported: there is no pyspark, or no Java that it runs on.
        UsageError: what Spark said.
    """
    session = _session()
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        for table, paths in files.items():
            frame = session.read.schema(_schema(table)).parquet(*map(_plain, paths))
            counted("spark", table, paths, frame.count())
            frame.createOrReplaceTempView(table)
        session.sql(one_row).createOrReplaceTempView("pa")
        # Collected: what fired is little, and an iterator runs a job for each of its partitions.
        for row in session.sql(text).collect():
            yield dict(zip(VERDICT, row, strict=True))
    except (Py4JError, PySparkException) as error:
        said = " ".join(str(error).split())[:300]
        raise UsageError(f"spark: {said}") from error
    finally:
        session.stop()


def _session() -> Any:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise Unsupported(
            "pyspark is not installed: pip install '.[spark]' in the project's folder, and Java 17"
        ) from error
    built = (
        SparkSession.builder.master("local[*]")
        .appName("witnessmark")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.log.level", "ERROR")
    )
    try:
        return built.getOrCreate()
    except PySparkException as error:
        raise Unsupported(f"Spark does not start; it needs Java 17 or later ({error})") from error


def _schema(table: str) -> str:
    types = {"BIGINT": "BIGINT", "VARCHAR": "STRING"}
    return ", ".join(f"`{name}` {types[kind]}" for name, kind in TABLES[table].items())


def _plain(path: Path) -> str:
    """A path as Hadoop takes it: no name of it is a pattern."""
    return "file://" + "".join(
        f"\\{sign}" if sign in "*?[]{}\\" else sign for sign in str(path.resolve())
    )
