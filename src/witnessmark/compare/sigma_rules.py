"""Runs Sigma rules: pySigma's SQLite backend makes a query of each, and SQLite is asked.

Fields that nobody told are NULL, and the query is made without the backend's guard against NULL
below a *not*: SQL's three-valued logic then says of each record whether the rule holds, does not,
or cannot be decided. Whatever a rule file says, the database is in memory, no statement but a
SELECT over its tables is let through, and nothing of the rule is executed but that.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import regex
from sigma.backends.sqlite.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.processing.conditions import LogsourceCondition
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import AddConditionTransformation
from sigma.rule import SigmaRule

from witnessmark.compare.outcome import Open, Outcome, Unrunnable
from witnessmark.compare.rows import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from witnessmark.compare.files import Rule
    from witnessmark.compare.rows import Row
    from witnessmark.compare.timelimit import Limit

CATEGORY: Final = "record_category"
_READS: Final = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
)
_FORBIDDEN: Final = frozenset(("load_extension", "fts3_tokenizer"))
_STEPS: Final = 10_000
"""Of SQLite's own machine, between two looks at the time."""
_PATTERN_S: Final = 1.0
"""How long one regular expression may search one value."""


class _Backend(sqliteBackend):
    """Predicates instead of whole queries, and NULL for what nobody told."""

    null_safe_expression: ClassVar[str] = "{expr}"
    field_null_expression: ClassVar[str] = "({field} IS NULL AND NULL)"
    field_exists_expression: ClassVar[str] = "({field} IS NOT NULL OR NULL)"
    field_not_exists_expression: ClassVar[str] = "({field} IS NULL AND NULL)"

    def finalize_query_default(self, rule: Any, query: Any, index: int, state: Any) -> Any:
        """The condition alone; a correlation's query is whole already."""
        return query


def _backend() -> Any:
    make: Any = _Backend
    return make(
        _pipeline(),
        collect_errors=False,
        timestamp_field="timestamp",
        timestamp_format="unix_us",
        collate_nocase=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What pySigma made of a rule."""

    correlation: str | None
    bases: tuple[tuple[SigmaRule, str], ...]
    """Every plain rule that is asked, with its condition."""
    fields: tuple[str, ...]
    needs: tuple[str, ...]


def run(rule: Rule, rows: Sequence[Row], limit: Limit) -> Outcome:
    """What a Sigma rule says over a stream's records.

    Raises:
        Unrunnable: it cannot be run here, and why.
    """
    made = _convert(rule)
    connection = _database(rows, made.fields, limit)
    try:
        undecided = tuple(_undecided(connection, rows, made))
        alerts: Iterable[tuple[str, ...]]
        if made.correlation is None:
            condition = made.bases[0][1]
            found = connection.execute(f"SELECT rowid FROM logs WHERE {condition}")  # noqa: S608
            alerts = ((rows[number - 1].event.id,) for (number,) in found)
        else:
            alerts = _alerts(connection, rows, made.correlation)
        hits = tuple(alerts)
    finally:
        connection.close()
    return Outcome(hits=hits, open=undecided, needs=made.needs)


def _convert(rule: Rule) -> _Made:
    if "filter" in rule.documents[0]:
        raise Unrunnable("is a filter of other rules, and filters are not applied here")
    collection = SigmaCollection.from_dicts([dict(item) for item in rule.documents])
    for item in collection.rules:
        if isinstance(item, SigmaRule):
            _check_source(item)
    backend = _backend()
    backend.convert(collection)
    bases = [item for item in collection.rules if isinstance(item, SigmaRule)]
    heads = [item for item in collection.rules if isinstance(item, SigmaCorrelationRule)]
    if not bases or any(len(item.get_conversion_result()) != 1 for item in bases):
        raise Unrunnable("has no condition, or several")
    asked = tuple((item, str(item.get_conversion_result()[0])) for item in bases)
    query, fields = None, {name for item in bases for name in backend.required_fields(item)}
    if heads:
        query = str(_top(heads).get_conversion_result()[0])
        fields |= set(_joined(heads))
    needs = tuple(dict.fromkeys(str(item.logsource.category) for item in bases))
    return _Made(correlation=query, bases=asked, fields=tuple(sorted(fields)), needs=needs)


def _top(heads: Sequence[SigmaCorrelationRule]) -> SigmaCorrelationRule:
    """The correlation that no other refers to; pySigma sorts them by who refers to whom."""
    below = {id(item.rule) for head in heads for item in head.referenced_rules}
    return next(head for head in heads if id(head) not in below)


def _joined(heads: Iterable[SigmaCorrelationRule]) -> list[str]:
    """The fields by which correlations join."""
    found = [name for item in heads for name in item.group_by or ()]
    aliases = [alias for item in heads for alias in item.aliases]
    names = {alias.alias for alias in aliases}
    found += [field for alias in aliases for field in alias.mapping.values()]
    return [name for name in found if name not in names]


def _check_source(rule: SigmaRule) -> None:
    category = rule.logsource.category
    if category not in CATEGORIES:
        known = ", ".join(CATEGORIES)
        named = "no category" if category is None else f"category {category}"
        raise Unrunnable(f"reads {named}; the records here are of {known}")


def _pipeline() -> ProcessingPipeline:
    return ProcessingPipeline(
        items=[
            ProcessingItem(
                transformation=AddConditionTransformation({f"{CATEGORY}_{name}": 1}),
                rule_conditions=[LogsourceCondition(category=name)],
            )
            for name in CATEGORIES
        ]
    )


def _database(rows: Sequence[Row], fields: Sequence[str], limit: Limit) -> sqlite3.Connection:
    """All records in one table, with a column for each field that is asked for."""
    marks = {f"{CATEGORY}_{name}": kinds for name, kinds in CATEGORIES.items()}
    own = {"timestamp": None, "computer": None}
    plain = [name for name in fields if name.lower() not in own and name not in marks]
    unlike = {name.lower(): name for name in plain}
    columns = ["timestamp", "Computer", *marks, *unlike.values()]
    connection = sqlite3.connect(":memory:", isolation_level=None)
    quoted = ", ".join(f"{_quote(name)} COLLATE NOCASE" for name in columns)
    connection.execute(f"CREATE TABLE logs ({quoted})")
    places = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO logs VALUES ({places})",  # noqa: S608 - question marks only
        (
            [
                row.sigma["timestamp"],
                row.sigma["Computer"],
                *(int(row.event.kind in kinds) for kinds in marks.values()),
                *(row.sigma.get(name) for name in unlike.values()),
            ]
            for row in rows
        ),
    )
    connection.create_function("regexp", 2, _search, deterministic=True)
    # SQLite sets this table up at its first use, by a statement that is not let through below.
    connection.execute("SELECT * FROM json_each('[]')").close()
    connection.set_progress_handler(lambda: limit.passed, _STEPS)
    connection.set_authorizer(_allowed)
    return connection


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _allowed(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Only reading, and of functions only those that do no more than compute."""
    if action not in _READS or (second or "").lower() in _FORBIDDEN:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _search(pattern: str, value: object) -> bool | None:
    if value is None:
        return None
    return regex.search(pattern, str(value), timeout=_PATTERN_S) is not None


def _undecided(connection: sqlite3.Connection, rows: Sequence[Row], made: _Made) -> Iterable[Open]:
    """Records of which the rule, or a part of it, cannot say whether it holds."""
    for rule, condition in made.bases:
        names = made.fields if made.correlation else _backend().required_fields(rule)
        found = connection.execute(f"SELECT rowid FROM logs WHERE ({condition}) IS NULL")  # noqa: S608
        for (number,) in found:
            row = rows[number - 1]
            unsaid = tuple(
                name
                for name in names
                if row.sigma.get(name) is None and not name.startswith(f"{CATEGORY}_")
            )
            yield Open(event_id=row.event.id, fields=unsaid)


def _alerts(
    connection: sqlite3.Connection, rows: Sequence[Row], query: str
) -> Iterable[tuple[str, ...]]:
    found = connection.execute(query)
    names = [item[0] for item in found.description]
    for row in found:
        told = json.loads(dict(zip(names, row, strict=True))["event_ids"])
        numbers = [int(str(item).rpartition(":")[2]) for item in told]
        yield tuple(rows[number - 1].event.id for number in numbers)
