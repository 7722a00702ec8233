"""Runs EQL rules with Elastic's own Python engine over ECS documents.

The engine's logic is three-valued already. It is asked twice: for its alerts, and for the records
on which a part of the rule comes out as null, so that silence about a field that nobody told is
never taken for a no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import eql
from eql.ast import EventQuery, Field, FunctionCall, PipedQuery, Sequence, String, SubqueryBy
from eql.engine import PythonEngine, Scope
from eql.events import Event

from witnessmark.compare.outcome import Open, Outcome, Unrunnable
from witnessmark.compare.rows import FILE, PROCESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Sequence as Many

    from witnessmark.compare.files import Rule
    from witnessmark.compare.rows import Row
    from witnessmark.compare.timelimit import Limit

CATEGORIES: Final = {"process": PROCESS, "file": FILE}
TICKS_PER_SECOND: Final = 10_000_000


_OF_ONE_VALUE: Final = frozenset(
    ("wildcard", "match", "matchLite", "stringContains", "startsWith", "endsWith", "indexOf")
)
"""Functions that Elasticsearch asks of every value of a field that holds several."""


class _Engine(PythonEngine):  # type: ignore[misc]
    """As Elasticsearch answers: a comparison holds if any value of an array does; and a test for
    null is not decided by a field that nobody told.
    """

    def _convert_is_null(self, node: Any) -> Any:
        value = self.convert(node.expr)
        return lambda scope: None if value(scope) is None else False

    def _convert_is_not_null(self, node: Any) -> Any:
        value = self.convert(node.expr)
        return lambda scope: None if value(scope) is None else True

    def _convert_comparison(self, node: Any) -> Any:
        return self._of_any(node.left, super()._convert_comparison(node))

    def _convert_in_set(self, node: Any) -> Any:
        return self._of_any(node.expression, super()._convert_in_set(node))

    def _convert_function_call(self, node: Any) -> Any:
        asked = super()._convert_function_call(node)
        return self._of_any(node.arguments[0], asked) if node.name in _OF_ONE_VALUE else asked

    def _of_any(self, operand: Any, asked: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
        if not isinstance(operand, Field):
            return asked
        read, place = self.convert(operand), (operand.base, *operand.path)

        def any_value(scope: Scope) -> Any:
            values = read(scope)
            if not isinstance(values, list):
                return asked(scope)
            event = scope.event
            return any(
                asked(Scope([event._replace(data=_with(event.data, place, item))], scope.variables))
                for item in values
            )

        return any_value


def _with(data: Any, place: tuple[Any, ...], item: object) -> Any:
    """A copy of a document with one value in the place of several."""
    return item if not place else {**data, place[0]: _with(data[place[0]], place[1:], item)}


def run(rule: Rule, rows: Many[Row], limit: Limit) -> Outcome:
    """What an EQL rule says over a stream's records.

    Raises:
        Unrunnable: it cannot be run here, and why.
    """
    query = _parsed(rule.query)
    terms = _terms(query)
    events = [Event(row.ecs["event_type"], row.ecs["timestamp"], row.ecs) for row in rows]
    names = {id(event.data): row.event.id for event, row in zip(events, rows, strict=True)}
    hits = []
    for found in _alerts(query, events):
        if not _joined_by_nothing(terms, found):
            hits.append(tuple(names[id(event.data)] for event in found))
    needs = tuple(dict.fromkeys(CATEGORIES[term.query.event_type] for term in terms))
    return Outcome(hits=tuple(hits), open=tuple(_undecided(terms, events, names)), needs=needs)


def _parsed(text: str) -> PipedQuery:
    with eql.parser.elasticsearch_syntax:
        query = eql.parse_query(text)
    if query.pipes:
        raise Unrunnable(f"ends in the pipe {query.pipes[0].name}, and pipes are not run here")
    patterns = {
        id(item)
        for node in query
        if isinstance(node, FunctionCall) and node.name in ("match", "matchLite")
        for item in node.arguments
    }
    for node in query:
        if isinstance(node, String) and "?" in node.value and id(node) not in patterns:
            raise Unrunnable(f"asks for {node.value!r}: the wildcard ? is not known here")
    return query


def _terms(query: PipedQuery) -> tuple[SubqueryBy, ...]:
    """The parts of a sequence, or the one query there is."""
    first = query.first
    if isinstance(first, EventQuery):
        terms: tuple[SubqueryBy, ...] = (SubqueryBy(first, []),)
    elif isinstance(first, Sequence):
        terms = (*first.queries, *([first.close] if first.close else []))
    else:
        raise Unrunnable(f"is a {type(first).__name__.lower()}, and only queries and sequences run")
    for term in terms:
        if term.query.event_type not in CATEGORIES:
            raise Unrunnable(
                f"reads {term.query.event_type} events; the records here are process and file"
            )
    return terms


def _alerts(query: PipedQuery, events: Many[Event]) -> list[tuple[Event, ...]]:
    found: list[tuple[Event, ...]] = []
    engine = _Engine({"time_unit": TICKS_PER_SECOND})
    engine.add_output_hook(lambda output: found.append(tuple(output.events)))
    engine.add_query(query)
    engine.stream_events(events)
    return found


def _joined_by_nothing(terms: Many[SubqueryBy], found: Many[Event]) -> bool:
    """Whether a sequence was joined by a value that nobody told: the engine takes null for null."""
    return any(
        value(event) is None
        for term, event in zip(terms, found, strict=False)
        for value in _values(term)
    )


def _undecided(
    terms: Many[SubqueryBy], events: Many[Event], names: dict[int, str]
) -> Iterator[Open]:
    for term in terms:
        holds = _Engine().convert(term.query.query, scoped=True)
        values = _values(term)
        fields = [item for item in term if isinstance(item, Field)]
        asked = {item.render(): _Engine().convert(item, scoped=True) for item in fields}
        for event in events:
            if event.type != term.query.event_type:
                continue
            answer = holds(event)
            if answer is None or (answer and any(value(event) is None for value in values)):
                unsaid = tuple(name for name, value in asked.items() if value(event) is None)
                yield Open(event_id=names[id(event.data)], fields=unsaid)


def _values(term: SubqueryBy) -> list[Callable[[Event], object]]:
    return [_Engine().convert(item, scoped=True) for item in term.join_values]
