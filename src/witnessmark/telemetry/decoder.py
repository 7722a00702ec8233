"""Decodes a stream of lines of any source into events; what all sources have in common.

No line is lost silently: each becomes an event or a notice, or is counted as bad, blank or
repeated, and jumps of sequence numbers become gaps. The text is attacker-shaped (paths, arguments);
nothing here trusts more than its type.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from witnessmark.content.quoting import quoted
from witnessmark.model.events import BadLine, Coverage, Stream
from witnessmark.telemetry import swift
from witnessmark.telemetry.accounts import Accounts
from witnessmark.telemetry.format import Found, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from witnessmark.model.events import Event, Process
    from witnessmark.telemetry.format import Format

BOM: Final = b"\xef\xbb\xbf"
STUMBLED: Final = (ArithmeticError, LookupError, TypeError, AttributeError, StopIteration)
"""What a reader raises on a record that nobody foresaw: that line is bad, and the next is read."""
_NOTHING: Final[dict[str, Any]] = {}
MOST_NAMED: Final = 10_000
"""How many hosts' names of one stream are kept."""


def decode(
    form: Format,
    lines: Iterable[bytes],
    *,
    host: str,
    source: str,
    received: Callable[[int], int | None] | None = None,
    whose: Callable[[str], bool | None] | None = None,
) -> Stream:
    """Decode a whole stream. ``lines`` keep their line ends, as a binary file yields them.

    ``received`` maps the byte offset of a line's end to when the collector received it, in ns;
    ``whose`` a host's name in a record to whether it is ``host``, as ``Decoder`` takes it.
    """
    decoder = Decoder(form, host=host, source=source, received=received, whose=whose)
    events = tuple(decoder.events(lines))
    return Stream(
        host=host,
        source=source,
        events=events,
        hosts=tuple(sorted(decoder.named)),
        coverage=decoder.coverage(),
        resolution_ns=form.TIME_RESOLUTION,
    )


class Decoder:
    """The incremental form: ``feed`` a line at a time; ask for ``coverage`` whenever needed.

    ``by_record``: an event is of the host that its record names, if it names one. ``trouble`` is
    told of each bad line as it comes, and none is kept: memory then stays flat. ``begin``: lines
    and bytes of the same stream that were fed to another decoder before. ``whose`` says of a name
    whether it is this host: a record of another is left out, and one of which nobody knows (None)
    is a bad line, so that it is neither evidence nor its absence.
    """

    def __init__(
        self,
        form: Format,
        *,
        host: str,
        source: str,
        by_record: bool = False,
        received: Callable[[int], int | None] | None = None,
        trouble: Callable[[BadLine], None] | None = None,
        begin: tuple[int, int] = (0, 0),
        whose: Callable[[str], bool | None] | None = None,
    ) -> None:
        self.host, self.source = host, source
        self._by_record = by_record
        self._reader = form.reader()
        self._received = received
        self._trouble = trouble
        self._whose = whose
        self.named: set[str] = set()
        """The names by which the records so far call their hosts, up to ``MOST_NAMED``."""
        self._lines, self._offset = begin
        self._before = self._lines
        self._blank = self._told = self._elsewhere = 0
        self._bad: list[BadLine] = []
        self._accounts = Accounts()
        self._take = self._accounts.take

    def events(self, lines: Iterable[bytes]) -> Iterator[Event]:
        """Events of the lines, as they come."""
        for line in lines:
            yield from self.feed(line)

    def feed(self, line: bytes) -> list[Event]:
        """The events of one line; none if it was blank, bad, a notice or a repetition."""
        begin = self._offset
        self._lines += 1
        self._offset += len(line)
        if self._lines == 1:
            line = line.removeprefix(BOM)
        whole = line.endswith(b"\n")
        line = line.strip()
        if not line:
            self._blank += 1
            return []
        try:
            if not line.isascii():
                line.decode()  # decoders skip fields unread; invalid UTF-8 is refused anywhere
            found = self._reader.read(line, whole)
        except msgspec.ValidationError as error:
            self._refuse(str(error), unknown_shape=_is_json(line))
        except Unreadable as error:
            self._refuse(str(error), unknown_shape=False)
        except UnicodeDecodeError as error:
            self._refuse(f"not UTF-8: byte {error.start + 1} of the line", unknown_shape=False)
        except msgspec.DecodeError as error:
            self._refuse(f"not JSON: {error}", unknown_shape=False)
        except RecursionError:
            self._refuse("nested too deeply", unknown_shape=False)
        except ValueError as error:
            self._refuse(str(error), unknown_shape=True)
        except STUMBLED as error:
            what = f"{type(error).__name__}: {error}".removesuffix(": ")
            self._refuse(f"the decoder cannot take this record ({what})", unknown_shape=True)
        else:
            if not isinstance(found, Found):
                return self._several(found, begin, line)
            if found.host and not self._of_host(found.host):
                return []
            if self._take(found, self._lines, line) and found.process is not None:
                return [self._event(found, found.process, begin, 1)]
        return []

    def coverage(self) -> Coverage:
        """How much of the lines so far could be used, and what is missing."""
        sums = self._accounts.coverage(self._lines - self._before, self._blank, tuple(self._bad))
        return replace(sums, elsewhere=self._elsewhere) if self._elsewhere else sums

    def lost(self, reason: str) -> None:
        """Note that the rest of a file cannot be read: it counts as one bad line."""
        self._lines += 1
        self._refuse(reason, unknown_shape=False)

    def passed(self, lines: Sequence[bytes]) -> Accounts:
        """Note lines (without their ends) that somebody else has read; the account to keep."""
        self._lines += len(lines)
        self._offset += sum(map(len, lines)) + len(lines)
        return self._accounts

    @property
    def position(self) -> tuple[int, int]:
        """How many lines and bytes were fed so far: where a file that comes next begins."""
        return self._lines, self._offset

    @property
    def filled(self) -> int:
        """How many lines held anything at all."""
        return self._lines - self._blank

    @property
    def bad_lines(self) -> int:
        """How many lines were bad, kept or not."""
        return self._told + len(self._bad)

    def _several(self, found: Sequence[Found], begin: int, line: bytes) -> list[Event]:
        take = self._take
        self._accounts.batch(len(found))
        named = any(item.host for item in found)
        return [
            self._event(item, item.process, begin, place)
            for place, item in enumerate(found, start=1)
            if (not named or self._of_host(item.host))
            and take(item, self._lines, line)
            and item.process is not None
        ]

    def _of_host(self, name: str | None) -> bool:
        """Whether a record is this host's; of one that names none beside others nobody knows."""
        if name and len(self.named) < MOST_NAMED:
            self.named.add(name)
        answer = True if self._whose is None else self._whose(name) if name else None
        if answer is None:
            said = f"the host {quoted(name)}" if name else "no host beside others that do"
            reason = f"it names {said}, and nobody knows whether that is "
            self._refuse(f"{reason}{self.host}", unknown_shape=False)
        self._elsewhere += answer is False
        return bool(answer)

    def _event(self, item: Found, process: Process, begin: int, place: int) -> Event:
        host = item.host if self._by_record and item.host else self.host
        name = f"{host}/{self.source}/{self._lines}"
        return swift.event(  # by place, as the model orders its fields
            name if place == 1 else f"{name}.{place}",
            host,
            self.source,
            self._lines,
            item.kind,
            item.time_ns or 0,
            process,
            item.seq,
            item.global_seq,
            self._received(self._offset) if self._received else None,
            offset=begin,
            **(item.details or _NOTHING),
        )

    def _refuse(self, reason: str, *, unknown_shape: bool) -> None:
        bad = BadLine(
            line=self._lines,
            reason=" ".join(reason.split())[:200],
            time_ns=self._accounts.since_ns,
            unknown_shape=unknown_shape,
        )
        if self._trouble is None:
            self._bad.append(bad)
        else:
            self._told += 1
            self._trouble(bad)


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
