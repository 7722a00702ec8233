"""What a journal adds up to: how far a run came on each of its hosts before its controller died."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from witnessmark.bag.check import plan_problems
from witnessmark.collect.collector import Collected
from witnessmark.journal.file import FORMAT, broken
from witnessmark.model.alerts import alerts_of
from witnessmark.model.journal import (
    Acted,
    Begun,
    Closed,
    Entry,
    Finished,
    Judged,
    Kept,
    PhaseBegan,
    PhaseEnded,
    Prepared,
    Reached,
    Resumed,
    Sealed,
)
from witnessmark.model.parts import Absence
from witnessmark.model.scenario import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from witnessmark.model.run import Act, Case, Collection, HostFacts


@dataclass(slots=True, kw_only=True)
class Past:
    """A run so far. Every name in it is one of its plan's."""

    begun: Begun
    cases: list[Case]
    """The plan's, and the controls that were played once more."""
    prepared: set[str] = field(default_factory=set)
    facts: dict[str, HostFacts] = field(default_factory=dict)
    offsets: dict[str, dict[int, float | None]] = field(default_factory=dict)
    """Per host and part, how far its clock was ahead."""
    phases: dict[str, str] = field(default_factory=dict)
    """Per case that is under way, the phase that was started last."""
    acts: dict[str, Act] = field(default_factory=dict)
    collected: dict[tuple[str, str], Collected] = field(default_factory=dict)
    arrived: dict[tuple[str, str], Collected] = field(default_factory=dict)
    """The same of what arrived at the source's destination."""
    finished: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    absences: list[Absence] = field(default_factory=list)
    sealed: bool = False
    over: str | None = None
    """How the run ended: None if it did not."""
    last_ns: int = 0

    @property
    def done(self) -> set[str]:
        """The hosts on which nothing is left to play or to collect."""
        return self.finished | self.closed

    @property
    def part(self) -> int:
        """The number of the part that was written last; 0 is the first."""
        return len(self.absences)


def read(path: Path, entries: Sequence[tuple[int, Entry]]) -> Past | None:
    """Add up a journal; None if it does not even say what was planned: no host was touched then.

    Raises:
        JournalError: for an entry that does not fit the plan; names file, line and the mend.
    """
    if not entries:
        return None
    line, begun = entries[0]
    if not isinstance(begun, Begun):
        raise broken(path, line, "does not say what was planned")
    if begun.format != FORMAT:
        raise broken(path, line, f"has format {begun.format}, and this version reads {FORMAT}")
    if problem := next(plan_problems(begun.plan), None):
        raise broken(path, line, f"its plan {problem}")
    if begun.plan.run_id != path.parent.name:
        raise broken(path, line, f"is of run {begun.plan.run_id}, and lies in another's folder")
    past = Past(begun=begun, cases=list(begun.plan.cases), last_ns=begun.at_ns)
    for line, entry in entries[1:]:
        if problem := _Fold(past).take(entry):
            raise broken(path, line, problem)
        past.last_ns = entry.at_ns
    return past


class _Fold:
    """Takes one entry in; says what is wrong with it."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.hosts = {host.name: host for host in past.begun.plan.hosts}

    def take(self, entry: Entry) -> str | None:
        past = self.past
        match entry:
            case Begun():
                return "begins the run a second time"
            case Resumed():
                return self._resumed(entry)
            case Prepared():
                if entry.host in self.hosts and entry.ok:
                    past.prepared.add(entry.host)
                return self._known(entry.host)
            case Reached() | Closed() | Finished():
                return self._known(entry.facts.name) or self._facts(entry)
            case Kept():
                return self._kept(entry)
            case PhaseBegan() | PhaseEnded():
                return self._phase(entry)
            case Acted():
                return self._acted(entry.act)
            case Sealed():
                past.sealed = True
            case Judged():
                past.over = "it was sealed and judged"
            case _:
                past.over = f"it was reverted: {entry.why}"
        return None

    def _known(self, host: str, source: str | None = None) -> str | None:
        if host not in self.hosts:
            return f"names the host {host!r}, which is none of its plan"
        names = {item.name for item in self.hosts[host].sources}
        names |= {alerts_of(item.name) for item in self.hosts[host].sources if item.alerts}
        if source and source not in names:
            return f"names the source {source!r}, which is none of {host}"
        return None

    def _resumed(self, entry: Resumed) -> str | None:
        past = self.past
        past.absences.append(Absence(since_ns=past.last_ns, until_ns=entry.at_ns))
        past.cases += entry.cases
        return next(plan_problems(replace(past.begun.plan, cases=tuple(past.cases))), None)

    def _facts(self, entry: Reached | Closed | Finished) -> str | None:
        past, name = self.past, entry.facts.name
        past.facts[name] = with_widest(entry.facts, past.facts.get(name))
        if isinstance(entry, Reached):
            past.offsets.setdefault(name, {})[past.part] = entry.facts.clock_offset_s
        if isinstance(entry, Closed):
            past.closed.add(name)
        if isinstance(entry, Finished):
            past.finished.add(name)
            for items, found in (
                (entry.collections, past.collected),
                (entry.deliveries, past.arrived),
            ):
                for item in items:
                    if problem := self._known(item.host, item.source):
                        return problem
                    found[item.host, item.source] = _again(item)
            return next(filter(None, map(self._acted, entry.acts)), None)
        return None

    def _kept(self, entry: Kept) -> str | None:
        if problem := self._known(entry.host, entry.source):
            return problem
        key = (entry.host, entry.source)
        found = self.past.arrived if entry.delivered else self.past.collected
        if entry.whole or key not in found:
            found[key] = Collected(
                host=entry.host, source=entry.source, start=entry.start, holes=list(entry.holes)
            )
        item = found[key]
        item.chunks += entry.chunks
        item.grain_ns = max(item.grain_ns, entry.grain_ns)
        ends = [end for end, _ in item.chunks]
        if ends != sorted(ends) or min(ends, default=0) < 0 or entry.start < 0:
            return "has chunks that do not follow each other"
        return None

    def _phase(self, entry: PhaseBegan | PhaseEnded) -> str | None:
        plan = self.past.begun.plan
        for case in self.past.cases:
            for phase in Phase:
                if plan.mark(case, phase) == entry.mark:
                    if case.id not in self.past.acts:
                        self.past.phases[case.id] = phase.value
                    return None
        return f"names the mark {entry.mark!r}, which is none of its plan"

    def _acted(self, act: Act) -> str | None:
        if act.case_id not in {case.id for case in self.past.cases}:
            return f"names the case {act.case_id!r}, which is none of its plan"
        self.past.acts.setdefault(act.case_id, replace(act, part=self.past.part))
        self.past.phases.pop(act.case_id, None)
        return None


def with_widest(facts: HostFacts, before: HostFacts | None) -> HostFacts:
    """The facts with the least exact clock of all parts: no part's offset is trusted too far."""
    if facts.clock_uncertainty_s is None or before is None:
        return facts
    widest = max(facts.clock_uncertainty_s, before.clock_uncertainty_s or 0.0)
    return replace(facts, clock_uncertainty_s=widest)


def _again(item: Collection) -> Collected:
    return Collected(
        host=item.host,
        source=item.source,
        chunks=list(item.chunks),
        start=item.start,
        look=item.look,
        problem=item.problem,
        holes=list(item.holes),
        grain_ns=item.grain_ns,
    )
