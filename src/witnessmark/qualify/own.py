"""Which records of a capture are the probes' own: nothing of anybody else's goes into a pack."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from witnessmark.model.events import Kind
from witnessmark.qualify.probes import texts
from witnessmark.telemetry.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from witnessmark.model.events import BadLine, Event, Token
    from witnessmark.telemetry.format import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of a source: what it says, or why it could not be read."""

    number: int
    line: bytes
    events: tuple[Event, ...]
    bad: BadLine | None
    own: bool
    tangled: bool = False
    """It would be own, but is so long or so nested that nobody could promise to scrub it."""


LONGEST: Final = 64 << 10
"""Bytes of a line; the probes' own have a few thousand."""
_TANGLED: Final = re.compile(rb"[A-Za-z0-9+/_=-]{4096}|(?:[A-Za-z0-9+]*[/_-]){200}")
"""What may be base64 from so many places on takes too long to decode; no path is so long."""
_STAND_INS = (b'"x_standin"', b'\\"x_standin\\"', b"|machineid=stand-in ")


def is_a_stand_ins(line: bytes) -> bool:
    """Whether a record says that a stand-in made it (docs/stand-in.md): each of theirs does."""
    return any(mark in line for mark in _STAND_INS)


def _is_tangled(line: bytes) -> bool:
    return _TANGLED.search(line.replace(b"\\/", b"/")) is not None  # as eslogger escapes it


def records(form: Format, raw: bytes, run_id: str, pids: Iterable[int]) -> list[Record]:
    """Every whole line that was captured; a last one without its end was still being written."""
    family = _Family(pids)
    found = []
    for number, (line, events, bad) in enumerate(_decoded(form, raw), start=1):
        own = family.has(line, events, run_id)
        tangled = own and (len(line) > LONGEST or _is_tangled(line))
        row = Record(number=number, line=line, events=events, bad=bad, own=own and not tangled)
        found.append(replace(row, tangled=tangled))
    return found


def _decoded(form: Format, raw: bytes) -> Iterator[tuple[bytes, tuple[Event, ...], BadLine | None]]:
    bad: list[BadLine] = []
    decoder = Decoder(form, host="host", source=form.KIND, trouble=bad.append)
    for line in raw[: raw.rfind(b"\n") + 1].splitlines(keepends=True):
        events = tuple(decoder.feed(line))
        yield line, events, bad.pop() if bad else None


class _Family:
    """The probes' processes, followed from those that the host named, through fork and exec."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._versions: dict[int, set[int | None]] = {pid: {None} for pid in pids}

    def has(self, line: bytes, events: tuple[Event, ...], run_id: str) -> bool:
        follows = [self._follows(event, run_id) for event in events]  # each, for what it adds
        return any(follows) or run_id.encode() in line

    def _follows(self, event: Event, run_id: str) -> bool:
        ours = self._knows(event.process.token)
        says = any(run_id in text for text in texts(event))
        if event.kind is Kind.EXEC and event.target is not None and (ours or says):
            self._add(event.target.token)
        if event.kind is Kind.FORK and event.child is not None and ours:
            self._add(event.child.token)
        return ours or says

    def _knows(self, token: Token) -> bool:
        versions = self._versions.get(token.pid)
        if versions is None:
            return False
        return token.pidversion is None or None in versions or token.pidversion in versions

    def _add(self, token: Token) -> None:
        self._versions.setdefault(token.pid, set()).add(token.pidversion)
