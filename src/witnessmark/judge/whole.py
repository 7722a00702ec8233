"""Whether a source could have missed something: what makes the absence of a record say nothing."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from witnessmark.judge import match
from witnessmark.model.events import Kind
from witnessmark.telemetry.format import Fill
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.events import BadLine, Stream


LOGGED = (Kind.LOG, Kind.DENIED)


def trouble(case: CaseEvidence) -> str | None:
    """Why absence of a record would say nothing here, or None if the stream was whole.

    A hole and a line that nobody can read are both named: each may be where the record is.
    """
    if (why := uncollected(case)) is not None or case.stream is None:
        return why
    found = [
        why
        for why in (_unnumbered(case), _backwards(case), _hole(case), unreadable(case))
        if why is not None
    ]
    return "; and ".join(found) or None


def _unnumbered(case: CaseEvidence) -> str | None:
    """What processes wrote into a log has no number of the sensor's, and is none of its records."""
    counts = case.source is None or numbered(case.source.kind)
    said = (event for event in match.inside(case) if event.kind not in LOGGED)
    if counts and all(event.global_seq is not None for event in said):
        return None
    return "its records carry no sequence numbers, so a hole could not be seen"


def _backwards(case: CaseEvidence) -> str | None:
    """One record with a wrong time may be of this attack, or may have misled the analytic."""
    back_ns = case.stream.coverage.backwards_ns if case.stream else 0
    return f"its times run backwards by {back_ns / 1e9:.1f} s" if back_ns else None


def _hole(case: CaseEvidence) -> str | None:
    """The first hole of the sequence numbers that may reach into the attack, or None."""
    for gap in case.stream.coverage.gaps if case.stream else ():
        if _touches(case, gap.since_ns, gap.time_ns):
            return f"{gap.missing} records are missing at line {gap.line} (gap in {gap.counter})"
    return None


def uncollected(case: CaseEvidence) -> str | None:
    """Why there is nothing to look into, or None if there is."""
    if case.source is None:
        return "no source is configured for this host"
    if case.collection is not None and case.collection.problem:
        return f"source {case.source.name}: {case.collection.problem}"
    if case.collection is None or case.stream is None:
        return f"source {case.source.name} was not collected"
    return None


def numbered(kind: str) -> bool:
    """Whether a kind of source numbers its records, so that a hole can show at all."""
    return decoder_of(kind).FILLS["global_seq"] is not Fill.NEVER


def unreadable(case: CaseEvidence) -> str | None:
    """The first line that may belong to the case and that nobody can read, or None."""
    if case.stream is None:
        return None
    for bad in case.stream.coverage.bad:
        if _touches(case, *bounds_of(case.stream, bad)):
            kind = "of a shape no decoder knows" if bad.unknown_shape else "unreadable"
            return f"line {bad.line} is {kind}: {bad.reason}"
    return None


def bounds_of(stream: Stream, bad: BadLine) -> tuple[int | None, int | None]:
    """Between which moments a bad line was written; None: no bound.

    Where lines come out of order, neighbours say nothing of when a bad line was written.
    """
    if stream.coverage.out_of_order or stream.coverage.backwards_ns:
        return (None, None)
    return (bad.time_ns, _after(stream, bad.line))


def _touches(case: CaseEvidence, since_ns: int | None, until_ns: int | None) -> bool:
    """Whether a hole between two moments (None: no bound) may reach into the attack's window."""
    first, last = match.window(case)
    return (since_ns is None or since_ns <= last) and (until_ns is None or until_ns >= first)


def _after(stream: Stream, line: int) -> int | None:
    """The later time of the two good records behind a line; None if there are no two."""
    behind = (event.time_ns for event in stream.events if event.line > line)
    two = list(islice(behind, 2))
    return max(two) if len(two) == 2 else None
