"""Renders the one SQL text for each engine, at development time: sqlglot spells, nothing more.

``python -m witnessmark.lake.render`` writes the files beside the text; a test holds them equal.
sqlglot lets through what an engine refuses, so the text is checked against a list of what every
engine has, and every rendering is executed by the tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

TEXTS: Final = Path(__file__).parent / "sql"
ENGINES: Final = ("duckdb", "sqlite", "spark", "clickhouse")
_HEAD: Final = (
    "-- Made from an0994.sql by python -m witnessmark.lake.render; change that, not this.\n"
)
_ALLOWED: Final = frozenset(
    (
        *("Alias", "And", "Case", "Cast", "Coalesce", "Column", "CTE", "DataType", "EQ"),
        *("FirstValue", "From", "GT", "Identifier", "If", "In", "Is", "Join", "Literal", "LT"),
        *("LTE", "Max", "NEQ", "Not", "Null", "Or", "Order", "Ordered", "Paren", "RowNumber"),
        *("Select", "Sub", "Table", "TableAlias", "Union", "Where", "Window", "WindowSpec", "With"),
    )
)


def source() -> str:
    """The text that all renderings are made from."""
    return (TEXTS / "an0994.sql").read_text(encoding="utf-8")


def rendered(engine: str) -> str:
    """The text as an engine spells it.

    Raises:
        ValueError: it holds something that not every engine has.
    """
    import sqlglot

    # Read as no engine's own: read as DuckDB's, NULLS LAST comes into window orders.
    tree = sqlglot.parse_one(source())
    strange = sorted({type(node).__name__ for node in tree.walk()} - _ALLOWED)
    if strange:
        raise ValueError(f"not every engine has {', '.join(strange)}")
    text = tree.sql(dialect=engine, pretty=True, comments=False)
    tail = "\nSETTINGS join_use_nulls = 1" if engine == "clickhouse" else ""
    return f"{_HEAD}{text}{tail}\n"


def main() -> None:
    """Write every rendering."""
    for engine in ENGINES:
        (TEXTS / f"an0994.{engine}.sql").write_text(rendered(engine), encoding="utf-8")


if __name__ == "__main__":
    main()
