"""Whether a host's times can be compared with ours, and whether its records carry those times.

Two measurements of one offset say how the host's clock runs; they say nothing of the times that a
sensor writes into its records. Those are held against the receipts: a record that names a process
of the attack but lies outside the attack's window has a time that cannot be right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from witnessmark.judge import match
from witnessmark.model.events import Kind
from witnessmark.model.run import RUNS

if TYPE_CHECKING:
    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.events import Event
    from witnessmark.model.run import Act, HostFacts, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """Seconds from a moment of the host's clock to one of ours: at least, at most, and about."""

    least_s: float
    most_s: float
    about_s: float


def as_measured(facts: HostFacts, act: Act) -> HostFacts:
    """The facts with the clock offset as measured in the part that played the case, and next."""
    if act.part >= len(facts.offsets_s):
        return facts
    after = (*facts.offsets_s, facts.clock_offset_end_s)[act.part + 1]
    return replace(facts, clock_offset_s=facts.offsets_s[act.part], clock_offset_end_s=after)


def bounds(facts: HostFacts) -> tuple[float, float] | None:
    """Least and most that a host's clock was ahead of ours during its cases; None: unknown."""
    if facts.clock_offset_s is None:
        return None
    unsure = match.clock_uncertainty(facts)
    return min(_measured(facts)) - unsure, max(_measured(facts)) + unsure


def elapsed(case: CaseEvidence, host_ns: int, ours_ns: int) -> Elapsed:
    """How long from a moment of the host's clock to one of the controller's.

    Where nobody knows how far the clocks are apart, they are taken as one; whoever hangs anything
    on that asks ``trouble`` first.
    """
    plain = (ours_ns - host_ns) / 1e9
    least, most = bounds(case.facts) or (0.0, 0.0)
    apart = 0.0 if least <= 0.0 <= most else (least + most) / 2
    return Elapsed(least_s=plain + least, most_s=plain + most, about_s=round(plain + apart, 3))


def arrived(case: CaseEvidence, host_ns: int, received_ns: int) -> Elapsed:
    """How long from a moment of the host's clock to a record's arrival.

    Where the place is only looked into from time to time, it may have come earlier than it was
    received, by as much as lay between two looks.
    """
    found = elapsed(case, host_ns, received_ns)
    grain_ns = case.collection.grain_ns if case.collection else 0
    return replace(found, least_s=found.least_s - grain_ns / 1e9)


def undecided(case: CaseEvidence, took: Elapsed, deadline_s: float) -> str | None:
    """Why a time that was measured with two clocks cannot be held against a deadline, or None."""
    if took.most_s < -case.clock_tolerance_s:
        return f"it was received {-took.about_s:g} s before it happened"
    if took.least_s <= deadline_s < took.most_s:
        return (
            f"it took {took.least_s:.3f} s to {took.most_s:.3f} s as far as the clocks and the "
            "times of the looks can tell, "
            f"and the deadline of {deadline_s:g} s lies between"
        )
    return None


def trouble(case: CaseEvidence) -> str | None:
    """Why a host's times cannot be compared with the controller's, or None if they can.

    What hangs on it: lateness, latency, and how far a store's history reaches back.
    """
    if case.facts.clock_offset_s is None:
        return f"{case.case.host}: nobody knows how far its clock is off"
    furthest = max(_measured(case.facts), key=abs)
    unsure = match.clock_uncertainty(case.facts)
    if abs(furthest) - unsure > case.clock_tolerance_s:
        return f"{case.case.host}: its clock is off by {furthest:g} s"
    if abs(furthest) + unsure > case.clock_tolerance_s:
        return f"{case.case.host}: its clock may be off by {abs(furthest) + unsure:g} s"
    return unplaced(case)


def unplaced(case: CaseEvidence) -> str | None:
    """Why nobody knows where in time the attack's records lie, or None.

    A constant offset shifts the window and loses nothing. A clock that jumped, or a sensor whose
    times are not its host's, may put a record anywhere: then its absence proves nothing.
    """
    return _jumped(case) or _astray(case)


def _measured(facts: HostFacts) -> tuple[float, ...]:
    found = (facts.clock_offset_s, facts.clock_offset_end_s)
    return tuple(item for item in found if item is not None)


def _jumped(case: CaseEvidence) -> str | None:
    """A host that could not be asked again is not accused: there the controls after the cases,
    found inside their own windows, are what shows that its clock went on as it was.
    """
    start, end = case.facts.clock_offset_s, case.facts.clock_offset_end_s
    unsure = 2 * match.clock_uncertainty(case.facts)
    if start is None or end is None or abs(end - start) + unsure <= case.clock_tolerance_s:
        return None
    if abs(end - start) - unsure > case.clock_tolerance_s:
        return f"{case.case.host}: its clock jumped by {end - start:g} s during the run"
    most = abs(end - start) + unsure
    return f"{case.case.host}: its clock may have jumped by up to {most:g} s during the run"


def _astray(case: CaseEvidence) -> str | None:
    if match.attack(case) is None or case.stream is None:
        return None
    first, last = match.window(case)
    ran = tuple(item for name in RUNS for item in match.steps(case, name))
    dropped, other = match.steps(case, "drop"), _phases(case)
    for item in case.stream.events:
        if first <= item.time_ns <= last:
            continue
        if item.kind is Kind.EXEC:
            ours = any(match.proves(case, item, step) for step in ran)
        else:
            # Setup and cleanup may write the attack's own files, as processes of their own; no
            # other case of the run does.
            apart = not other[0] <= item.time_ns <= other[1]
            ours = item.kind in match.WRITES and any(
                (apart or _wrote(item, step)) and match.proves(case, item, step) for step in dropped
            )
        if ours:
            return _away(item, first, last)
    return None


def _wrote(found: Event, step: Step) -> bool:
    """Whether a record is of a step's own process or a child of it."""
    return step.pid in (found.process.token.pid, found.process.ppid)


def _away(found: Event, first: int, last: int) -> str:
    away = first - found.time_ns if found.time_ns < first else found.time_ns - last
    side = "before" if found.time_ns < first else "after"
    return (
        f"record {found.id} names this case's own process or file, and its time lies "
        f"{away / 1e9:.1f} s {side} the attack: the source's clock cannot be trusted"
    )


def _phases(case: CaseEvidence) -> tuple[int, int]:
    spans = [match.span(case, item) for item in case.act.phases]
    return min(start for start, _ in spans), max(end for _, end in spans)
