"""Reads eslogger's records a chunk of lines at a time: what line by line would say, but sooner.

A chunk's JSON is decoded and accounted for at once, and what no rule can need becomes no event. All
of it must equal ``Decoder.feed``, to which a chunk is left in which anything is unusual: a bad
record, a line that is not exactly one object, text that is not UTF-8. No line is skipped unread.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from msgspec import UNSET

from witnessmark.model.events import Event, Kind, Process
from witnessmark.telemetry import eslogger, swift
from witnessmark.telemetry.decoder import STUMBLED
from witnessmark.telemetry.eslogger_events import details, kind_of
from witnessmark.telemetry.eslogger_events import process as process_of
from witnessmark.telemetry.eslogger_shapes import Record
from witnessmark.telemetry.format import Found
from witnessmark.telemetry.runs import Own, Run
from witnessmark.telemetry.times import nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from witnessmark.telemetry.accounts import Accounts
    from witnessmark.telemetry.decoder import Decoder
    from witnessmark.telemetry.eslogger_shapes import Close

SIZE: Final = 1 << 18
"""Bytes to read at a time: some hundred lines."""
_LINES = msgspec.json.Decoder(Record)
_ALL_KNOWN: Final[frozenset[str]] = frozenset()
_OPENED, _CLOSED = b"{}"
_NAMES: Final = {kind: kind.value for kind in Kind}


def chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines; a last one without its end comes alone."""
    rest: list[bytes] = []
    for piece in filter(None, pieces):
        end = piece.rfind(b"\n") + 1
        if not end:
            rest.append(piece)
            continue
        yield b"".join((*rest, piece[:end]))
        rest = [piece[end:]] if end < len(piece) else []
    if rest:
        yield b"".join(rest)


class _Unusual(ValueError):  # noqa: N818 - reads as what it says
    """A chunk is to be read line by line."""


class Item(msgspec.Struct, gc=False):
    """What one line says."""

    name: str
    kind: Kind
    time_ns: int
    process: Process
    seq: int
    number: int
    """``global_seq_num``."""
    details: dict[str, Any] | None
    """None: a close without modification, or of no kind that the model knows; no rule needs it."""


Placed: TypeAlias = tuple[Item, int, int]
"""A record with its line's number and offset."""


class Bulk:
    """Reads chunks for a decoder, and keeps its accounts."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def read(self, lines: Sequence[bytes], chunk: bytes) -> list[Placed] | None:
        """New records, each with its line's number and offset; None if line by line is due.

        ``lines`` are the chunk's, without their ends; every one had its end.
        """
        try:
            if not chunk.isascii():
                chunk.decode()
            records = _LINES.decode_lines(chunk)
            if len(records) != len(lines) or not all(map(_object, lines)):
                return None
            items = list(map(_item, records, lines))
        except (msgspec.MsgspecError, ValueError, RecursionError, *STUMBLED):
            return None
        return self._accounted(items, lines)

    def event(self, item: Item, line: int, offset: int) -> Event:
        """The event that ``Decoder.feed`` would make of a record."""
        host, source = self._decoder.host, self._decoder.source
        return swift.event(
            f"{host}/{source}/{line}", host, source, line, item.kind, item.time_ns, item.process,
            item.seq, item.number, offset=offset, **(item.details or {}),
        )  # fmt: skip

    def _accounted(self, items: list[Item], lines: Sequence[bytes]) -> list[Placed]:
        first, begin = self._decoder.position
        accounts = self._decoder.passed(lines)
        ends = accumulate(map(len, lines), lambda total, size: total + size + 1, initial=begin)
        places = list(zip(items, range(first + 1, first + len(items) + 1), ends, strict=False))
        found = []
        start = 0
        for stop in _holes(items):
            if _taken_at_once(accounts, items[start:stop], lines[start:stop]):
                found += places[start:stop]
            else:
                found += [
                    places[each]
                    for each in range(start, stop)
                    if _taken(accounts, items[each], places[each][1], lines[each])
                ]
            start = stop
        return found


def _item(record: Record, line: bytes) -> Item:
    number, seq = record.global_seq_num, record.seq_num
    if number is None or seq is None or record.x_standin is not None:
        raise _Unusual
    if record.schema_version not in eslogger.SCHEMAS or record.glob_seq_num is not UNSET:
        raise _Unusual
    found = kind_of(record.event)
    said: dict[str, Any] | None = None
    if found is None:
        kind, name = Kind.OTHER, eslogger.only_name(line)
    else:
        kind, value = found
        name = _NAMES[kind]
        if kind is not Kind.CLOSE or not _changed_nothing(value):
            said = details(kind, value, _ALL_KNOWN)
    process = process_of(record.process, _ALL_KNOWN)
    return Item(name, kind, nanoseconds(record.time), process, seq, number, said)


def _object(line: bytes) -> bool:
    """Whether a line can be a whole JSON object. Where all are, and there are as many objects as
    lines, each is one: an object that goes on after a line's end cannot go on with a brace.
    """
    return line[:1] == b"{" and line[-1:] == b"}"


def _changed_nothing(close: Close) -> bool:
    """Whether a file was closed that was only read; its times must be such all the same."""
    if close.modified is not False or close.was_mapped_writable:
        return False
    stat = close.target.stat
    if stat is not None and stat.st_birthtimespec is not None:
        nanoseconds(stat.st_birthtimespec)
    return True


def _holes(items: list[Item]) -> Iterator[int]:
    """Where the numbering breaks, and the end."""
    numbers = [item.number for item in items]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        for place in range(1, len(numbers)):
            if numbers[place] != numbers[place - 1] + 1:
                yield place
    yield len(numbers)


def _taken_at_once(accounts: Accounts, items: list[Item], lines: Sequence[bytes]) -> bool:
    own: dict[str, Own] = {}
    for place, item in enumerate(items):
        each = own.get(item.name)
        if each is None:
            own[item.name] = Own(item.seq, [item.time_ns], place)
            continue
        if item.seq != each.first + len(each.times):
            return False
        each.times.append(item.time_ns)
        each.last = place
    return accounts.run(
        Run(
            first=items[0].number,
            times=[item.time_ns for item in items],
            contents=list(map(hash, lines)),
            own=own,
            others=sum(item.kind is Kind.OTHER for item in items),
        )
    )


def _taken(accounts: Accounts, item: Item, line: int, raw: bytes) -> bool:
    found = Found(
        name=item.name,
        kind=item.kind,
        time_ns=item.time_ns,
        process=item.process,
        seq=item.seq,
        global_seq=item.number,
    )
    return accounts.take(found, line, raw)
