"""Decodes eslogger's NDJSON (Apple Endpoint Security, macOS 13 and later) into events.

No line is lost silently: each one becomes an event, or is counted as bad, blank or repeated, and
jumps of the sequence numbers become gaps. The text is attacker-shaped (paths, arguments); nothing
here trusts more than its JSON type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from witnessmark.model.events import BadLine, Coverage, Event, Kind, Stream
from witnessmark.telemetry.eslogger_events import (
    BadShape,
    details,
    kind_of,
    process,
    unknown_fields,
)
from witnessmark.telemetry.eslogger_shapes import Named, Record
from witnessmark.telemetry.sequence import Counter, Seen
from witnessmark.telemetry.times import nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

REMEMBERED: Final = 65_536
"""How many records back a repeated line is still recognised."""
MAX_NAMES: Final = 500
"""How many event types are counted by name; more than ES has ever had."""
SCHEMAS: Final = (None, 1)
"""Values of ``schema_version`` that are understood: all that macOS 13 to 26 write, or none said.
Under another one a key may mean something else, so that reading it would be guessing."""
_RECORD = msgspec.json.Decoder(Record)
_NAMED = msgspec.json.Decoder(Named)
_NO_FIELDS: Final[frozenset[str]] = frozenset()


def decode(
    lines: Iterable[bytes],
    *,
    host: str,
    source: str,
    received: Callable[[int], int | None] | None = None,
) -> Stream:
    """Decode a whole stream. ``lines`` keep their line ends, as a binary file yields them.

    ``received`` maps the byte offset of a line's end to when the collector received it, in ns.
    """
    decoder = Decoder(host=host, source=source, received=received)
    events = tuple(decoder.events(lines))
    return Stream(host=host, source=source, events=events, coverage=decoder.coverage())


class Decoder:
    """The incremental form: ``feed`` a line at a time; ask for ``coverage`` whenever needed."""

    def __init__(
        self,
        *,
        host: str,
        source: str,
        received: Callable[[int], int | None] | None = None,
    ) -> None:
        self.host = host
        self.source = source
        self._received = received
        self._offset = 0
        self._lines = self._blank = self._duplicates = self._late = self._other = 0
        self._bad: list[BadLine] = []
        self._kinds: dict[str, int] = {}
        self._all = Counter("global")
        self._each: dict[str, Counter] = {}
        self._recent: dict[int, int] = {}
        self._first_ns: int | None = None
        self._last_ns: int | None = None
        self._previous_ns: int | None = None

    def events(self, lines: Iterable[bytes]) -> Iterator[Event]:
        """Events of the lines, as they come."""
        for line in lines:
            event = self.feed(line)
            if event is not None:
                yield event

    def feed(self, line: bytes) -> Event | None:
        """The event of one line, or None if it was blank, bad or a repetition."""
        self._lines += 1
        self._offset += len(line)
        if self._lines == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        line = line.strip()
        if not line:
            self._blank += 1
            return None
        try:
            return self._decode(line)
        except msgspec.ValidationError as error:
            self._refuse(str(error), unknown_shape=_is_json(line))
        except BadShape as error:
            self._refuse(str(error), unknown_shape=True)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._refuse(f"not JSON: {error}", unknown_shape=False)
        except RecursionError:
            self._refuse("nested too deeply", unknown_shape=False)
        except ValueError as error:
            self._refuse(str(error), unknown_shape=True)
        return None

    def coverage(self) -> Coverage:
        """How much of the lines so far could be used, and what is missing."""
        gaps = [*self._all.gaps(), *(gap for each in self._each.values() for gap in each.gaps())]
        return Coverage(
            lines=self._lines,
            events=sum(self._kinds.values()) - self._other,
            other=self._other,
            blank=self._blank,
            first_ns=self._first_ns,
            last_ns=self._last_ns,
            gaps=tuple(sorted(gaps, key=lambda gap: gap.line)),
            bad=tuple(self._bad),
            duplicates=self._duplicates,
            out_of_order=self._late,
            kinds=tuple(sorted(self._kinds.items())),
        )

    def _decode(self, line: bytes) -> Event | None:
        if not line.isascii():
            line.decode()  # msgspec skips fields unread; invalid UTF-8 is refused wherever it is
        record = _RECORD.decode(line)
        if record.schema_version not in SCHEMAS:
            raise BadShape(f"schema_version {record.schema_version} is none that we know")
        found = kind_of(record.event)
        name = found[0].value if found else _only_name(line)
        standin = record.x_standin
        unknown = unknown_fields(standin.unknown) if standin else _NO_FIELDS
        time_ns = nanoseconds(record.time)
        event = Event(
            id=f"{self.host}/{self.source}/{self._lines}",
            host=self.host,
            source=self.source,
            line=self._lines,
            kind=found[0] if found else Kind.OTHER,
            time_ns=time_ns,
            process=process(record.process, unknown),
            seq=record.seq_num,
            global_seq=record.global_seq_num,
            received_ns=self._received(self._offset) if self._received else None,
            **(details(*found, unknown) if found else {}),
        )
        if not self._account(name, event, hash(line)):
            return None
        return event

    def _account(self, name: str, event: Event, content: int) -> bool:
        """Whether the record is new. Repetitions count once, whatever they say."""
        number = event.global_seq
        if number is not None:
            if self._recent.get(number) == content:
                self._duplicates += 1
                return False
            self._remember(number, content)
            seen = self._all.see(number, event.line, event.time_ns)
            self._late += seen in (Seen.LATE, Seen.REPEATED)
            if seen is Seen.RESTARTED:
                for each in self._each.values():
                    each.restart(None, event.line, event.time_ns)
        if name not in self._kinds and len(self._kinds) >= MAX_NAMES:
            name = "(more)"
        if event.seq is not None and name != "(more)":
            seen = self._each.setdefault(name, Counter(name)).see(
                event.seq, event.line, event.time_ns
            )
            self._late += number is None and seen in (Seen.LATE, Seen.REPEATED)
        self._kinds[name] = self._kinds.get(name, 0) + 1
        self._other += event.kind is Kind.OTHER
        self._previous_ns = event.time_ns
        times = [event.time_ns, *(ns for ns in (self._first_ns, self._last_ns) if ns is not None)]
        self._first_ns, self._last_ns = min(times), max(times)
        return True

    def _remember(self, number: int, content: int) -> None:
        self._recent.pop(number, None)
        self._recent[number] = content
        if len(self._recent) > REMEMBERED:
            del self._recent[next(iter(self._recent))]

    def _refuse(self, reason: str, *, unknown_shape: bool) -> None:
        text = " ".join(reason.split())[:200]
        self._bad.append(
            BadLine(
                line=self._lines,
                reason=text,
                time_ns=self._previous_ns,
                unknown_shape=unknown_shape,
            )
        )


def _only_name(line: bytes) -> str:
    """The single event name of a record that no kind claims."""
    names = list(_NAMED.decode(line).event)
    if len(names) != 1:
        raise BadShape(f"{len(names)} events in one record")
    return names[0][:64]


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
