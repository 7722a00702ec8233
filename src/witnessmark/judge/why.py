"""Why a case was judged so, and why the analytic answered so about one record of a bag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.analytic.explanation import Explanation, explanations
from witnessmark.content.near import near
from witnessmark.errors import UsageError
from witnessmark.judge import evidence, match, tied
from witnessmark.judge.asked import answered
from witnessmark.judge.run import judge_case, validators
from witnessmark.judge.seen import engine_for, look
from witnessmark.model.detections import Answer
from witnessmark.model.events import Kind
from witnessmark.model.run import PLAYED, RUNS
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from witnessmark.bag.read import Bag
    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.events import Event, Stream
    from witnessmark.model.hosts import Host, Source
    from witnessmark.model.verdicts import CaseVerdict

LONGEST_NUMBER = 20
"""More digits than a 64-bit sequence number has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWhy:
    """A case on one source: its verdict, why the answer, and the records that decided it."""

    case: CaseVerdict
    reason: str
    missing: tuple[str, ...]
    """Facts that nobody could look up, of which each made something inconclusive."""
    records: tuple[Explanation, ...]


def case(bag: Bag, name: str) -> list[CaseWhy]:
    """One explanation per source of the case that ``name`` begins alone.

    Raises:
        UsageError: no case begins so, or more than one does.
    """
    wanted = _the_case(bag, name)
    hosts = [item.host for item in bag.record.plan.cases if item.id == wanted]
    sets = evidence.assemble(bag, bag.record.finished_ns, hosts)
    found = [item for each in sets for item in each.cases if item.case.id == wanted]
    return [_case(bag, item) for item in found]


def record(
    bag: Bag, name: str, *, host: str | None = None, source: str | None = None
) -> list[Explanation]:
    """What the analytic said of a record, by its global sequence number or its event id.

    Raises:
        UsageError: there is no such record, or more than one.
    """
    params = evidence.parameters(bag)
    is_it = named(name)
    asked: list[tuple[Host, Stream]] = []
    for each, own in _sources(bag, host, source):
        seen = look(bag, each, own, params, delivered=own.destination is not None)
        if seen.stream is None:
            continue
        asked.append((each, seen.stream))
        if own.destination is not None and not any(map(is_it, seen.stream.events)):
            name = _as_delivered(name, look(bag, each, own, params).stream, seen.stream)
            is_it = named(name)
    one_record(name, [stream for _, stream in asked])
    return [item for each, stream in asked for item in _again(bag, each, stream, is_it)]


def _as_delivered(name: str, store: Stream | None, delivered: Stream) -> str:
    """The id under which a record of the store arrived where the analytic saw it.

    Raises:
        UsageError: it is in the store, and never arrived.
    """
    is_it = named(name)
    kept = next((event for event in store.events if is_it(event)), None) if store else None
    if kept is None:
        return name
    wanted = match.identity(kept)
    for event in delivered.events:
        if match.identity(event) == wanted:
            return event.id
    raise UsageError(f"record {kept.id} never reached its destination: the analytic did not see it")


def named(name: str) -> Callable[[Event], bool]:
    """Whether an event is the one of a global sequence number, or of an event id."""
    if name.isascii() and name.isdigit() and len(name) < LONGEST_NUMBER:
        number = int(name)
        return lambda event: event.global_seq == number
    return lambda event: event.id == name


def one_record(name: str, streams: list[Stream]) -> Event:
    """The record that a name means.

    Raises:
        UsageError: there is none, with what is known of its absence, or more than one.
    """
    is_it = named(name)
    found = [event for stream in streams for event in stream.events if is_it(event)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(event.id for event in found[:8])
        raise UsageError(f"more than one record is {name}; name one of {ids}")
    raise UsageError(f"no record is {name}{_absence(streams)}")


def _absence(streams: list[Stream]) -> str:
    if not streams:
        return ": nothing was collected of a source that was asked"
    told = [
        f"{item.missing} records are missing before line {item.line}"
        for stream in streams
        for item in stream.coverage.gaps
    ]
    bad = sum(len(stream.coverage.bad) for stream in streams)
    told += [f"{bad} lines cannot be read"] if bad else []
    numbers = [
        event.global_seq
        for stream in streams
        for event in stream.events
        if event.global_seq is not None
    ]
    known = (
        f"; the numbers here are {min(numbers)} to {max(numbers)}: each record's own "
        "global_seq_num, not its line"
        if numbers
        else "; the records here have no numbers, so name an id as findings cite it"
    )
    return (f" ({', '.join(told)})" if told else "") + known


def _sources(bag: Bag, host: str | None, source: str | None) -> list[tuple[Host, Source]]:
    pairs = [(each, own) for each in bag.record.plan.hosts for own in each.sources]
    found = [
        (each, own)
        for each, own in pairs
        if host in (None, each.name) and source in (None, own.name)
    ]
    if not found:
        known = ", ".join(f"{each.name}/{own.name}" for each, own in pairs)
        raise UsageError(f"no such host and source in this bag; there are: {known or 'none'}")
    return found


def _the_case(bag: Bag, name: str) -> str:
    ids = [item.id for item in bag.record.plan.cases]
    found = [name] if name in ids else [item for item in ids if item.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"more than one case begins with {name!r}: {', '.join(found)}")
    such = near(name, ids) or ids[:3]
    raise UsageError(
        f"no case begins with {name!r}; this bag has {len(ids)} cases, such as {', '.join(such)}"
    )


def _case(bag: Bag, item: CaseEvidence) -> CaseWhy:
    asked = item.source is not None and match.attack(item) is not None
    got = answered(item) if asked else None
    judged = judge_case(item, validators())
    missing = [found.message for found in judged.findings if found.status is Status.ERROR]
    if got is not None and got.answer is Answer.UNDETERMINED:
        missing.insert(0, got.reason)
    stream = item.analysed.stream
    return CaseWhy(
        case=judged,
        reason=got.reason if got is not None else "nothing was asked of any source",
        missing=tuple(dict.fromkeys(missing)),
        records=() if stream is None else tuple(_explained(bag, item, stream)),
    )


def _explained(bag: Bag, item: CaseEvidence, stream: Stream) -> list[Explanation]:
    host = next(each for each in bag.record.plan.hosts if each.name == item.case.host)
    seen = item.analysed
    ids = {event.id for event in _runs(seen)} or {event.id for event in _drops(seen)}
    return _again(bag, host, stream, lambda event: event.id in ids)


def _again(
    bag: Bag, host: Host, stream: Stream, wanted: Callable[[Event], bool]
) -> list[Explanation]:
    params = evidence.parameters(bag)
    return explanations(stream, lambda trace: engine_for(bag, host, stream, params, trace), wanted)


def _runs(item: CaseEvidence) -> Iterator[Event]:
    """The attack's own executions: those of its receipt, and those that a detection names."""
    first, last = match.window(item)
    played = [step for name in {*RUNS, *PLAYED} for step in match.steps(item, name)]
    found = tied.detections(item)
    named = {run.event_id for each in found for run in (each.exec, *each.matched)}
    for event in item.stream.events if item.stream else ():
        if event.kind is not Kind.EXEC or not first <= event.time_ns <= last:
            continue
        if event.id in named or any(match.proves(item, event, step) for step in played):
            yield event


def _drops(item: CaseEvidence) -> Iterator[Event]:
    """What is left to explain where no execution was recorded: what the attack wrote."""
    dropped = match.steps(item, "drop")
    first, last = match.window(item)
    for event in item.stream.events if item.stream else ():
        inside = event.kind in match.WRITES and first <= event.time_ns <= last
        if inside and any(match.proves(item, event, step) for step in dropped):
            yield event
