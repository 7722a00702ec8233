"""What a host's unified log showed of itself: its canaries, what it hides, how far back it reaches.

A canary is known by its own words, which nobody else has; where those are hidden, by the process
and the moment of its writing. So a log that hides words is never taken for one that kept nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from witnessmark.judge import match, whole
from witnessmark.model.events import Kind
from witnessmark.model.matrix import Cell, State
from witnessmark.model.unifiedlog import DENSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.events import Event
    from witnessmark.model.unifiedlog import Canary, LogLook

PROGRAM = "/usr/bin/logger"
CANARY = "canary"
"""How the source matrix names a canary; it is no record of a scenario's."""
PRIVATE = "<private>"
"""How the unified log writes what it will not tell (os_log(3))."""
_HASH = re.compile(r"<mask\.hash: [^>]*>|\(path: [0-9a-fA-F]{16}\)|\A[0-9a-fA-F]{16}\Z")
"""The same as a hash; syspolicyd gives the path that it scanned as 16 hexadecimal digits."""


class Redaction(StrEnum):
    """What a message hides."""

    CLEAR = "clear"
    PRIVATE = "private"
    HASH = "hash"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One canary, and the record of it that the log showed; None: there is none."""

    canary: Canary
    event: Event | None
    redaction: Redaction


def read_from_log(case: CaseEvidence) -> bool:
    """Whether the case's source is a host's unified log, read by the suite itself."""
    return case.source is not None and case.source.unified_log is not None


def learnt(case: CaseEvidence) -> LogLook | None:
    """What the run learnt of the log besides its records."""
    return case.collection.log if case.collection is not None else None


def redaction(message: str) -> Redaction:
    """What a message hides; the worse of what is in it."""
    if PRIVATE in message:
        return Redaction.PRIVATE
    return Redaction.HASH if _HASH.search(message) else Redaction.CLEAR


def canaries(case: CaseEvidence) -> tuple[Seen, ...]:
    """Every canary that was really written."""
    told = learnt(case)
    written = [item for item in (told.canaries if told else ()) if item.problem is None]
    return tuple(_seen(case, item) for item in written)


def trouble(case: CaseEvidence) -> str | None:
    """Why nobody can say whether all canaries are there, or None."""
    if (why := whole.uncollected(case)) is not None:
        return why
    told = learnt(case)
    if told is None:
        return "the log was not asked a last time"
    failed = next((item.problem for item in told.canaries if item.problem is not None), None)
    if failed is not None:
        return f"a canary could not be written: {failed}"
    if len(told.canaries) < 2:
        return "not both a first and a last canary were written"
    if all(item.event is not None for item in canaries(case)):
        return None
    if case.stream is not None and case.stream.coverage.bad:
        bad = case.stream.coverage.bad[0]
        return f"line {bad.line} cannot be read: {bad.reason}"
    hidden = any(item.pid is None for item in told.canaries) and _hides(case)
    return "what logger said is hidden, and its pid is not known" if hidden else None


def cells(case: CaseEvidence) -> Iterator[Cell]:
    """The canaries' words, for the source matrix."""
    if not read_from_log(case):
        return
    for item in canaries(case):
        if item.event is None:
            state = State.MISSING if trouble(case) is None else State.UNKNOWN
        else:
            state = State.PRESENT if item.redaction is Redaction.CLEAR else State.REDACTED
        yield Cell(record=CANARY, field="message", state=state)


def covered_s(case: CaseEvidence) -> float:
    """For how many seconds back from the last look the log has no hole, as far as it was sounded.

    A minute of which little or nothing is left may have been one of sleep, or may have been purged
    but for the few records that are kept longer: nobody can tell.
    """
    told, look = learnt(case), case.collection.look if case.collection else None
    covered = 0.0
    for item in told.soundings if told and look else ():
        if item.records is None or item.records < DENSE:
            break
        covered = (look.taken_ns - item.at_ns) / 1e9 if look else 0.0
    return covered


def _seen(case: CaseEvidence, canary: Canary) -> Seen:
    hidden = None
    for event in said_by(case, PROGRAM):
        message = event.message or ""
        if canary.text in message:
            return Seen(canary=canary, event=event, redaction=Redaction.CLEAR)
        if redaction(message) is not Redaction.CLEAR and _wrote(case, event, canary):
            hidden = event
    how = Redaction.UNKNOWN if hidden is None else redaction(hidden.message or "")
    return Seen(canary=canary, event=hidden, redaction=how)


def _wrote(case: CaseEvidence, event: Event, canary: Canary) -> bool:
    ahead = int((case.facts.clock_offset_s or 0.0) * 1e9)
    slack = int((case.clock_tolerance_s + match.clock_uncertainty(case.facts)) * 1e9)
    first, last = canary.began_ns + ahead - slack, canary.ended_ns + ahead + slack
    return event.process.token.pid == canary.pid and first <= event.time_ns <= last


def _hides(case: CaseEvidence) -> bool:
    words = (event.message or "" for event in said_by(case, PROGRAM))
    return any(redaction(item) is not Redaction.CLEAR for item in words)


def said_by(case: CaseEvidence, *programs: str) -> Iterator[Event]:
    """What processes of these images logged, whenever it was. The log itself names the image, and
    only the system writes below /usr and /sbin."""
    for event in case.stream.events if case.stream else ():
        if event.kind is Kind.LOG and event.process.path in programs:
            yield event
