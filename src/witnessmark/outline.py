"""A plan in words and numbers, before any host is touched: exactly what ``run`` will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.content.waits import waits
from witnessmark.model.scenario import Phase
from witnessmark.phases import WAITING_AT_ONCE, Folders, call, lanes
from witnessmark.plan import whole_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from witnessmark.model.hosts import Host, Source
    from witnessmark.model.run import Case, Plan

HOME = "~"
"""Stands for the user's home, which only the host itself can name."""
PER_CASE_S = 1.0
"""Rough seconds that a case takes apart from its own waits (three phases, two inventories)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseOutline:
    """One command that will be called on the host."""

    phase: str
    mark: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutline:
    """One case of a host."""

    id: str
    index: int
    scenario: str
    title: str
    control: str | None
    lab: bool
    beside: bool
    """Played beside the host's other cases, because it mostly waits."""
    axes: Mapping[str, str]
    needs: tuple[str, ...]
    expect: str
    branch: str
    waits_s: tuple[float | None, ...]
    """Waits in the script, in order; None where its text does not tell how long."""
    expected_s: float
    limit_s: float
    """Each phase is ended after this many seconds."""
    phases: tuple[PhaseOutline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOutline:
    """What is collected while the cases are played."""

    name: str
    kind: str
    role: str
    read: str
    """The file that is read, or the command that is run, on the host."""
    alert_deadline_s: float
    asks: tuple[str, ...] = ()
    """What else is asked of the host about it: commands that are run, a rule that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOutline:
    """One host: how it is reached, what is written on it, what is played."""

    name: str
    origin: str
    connection: str
    reached: str
    consent_file: str
    browser: str | None
    retention: str | None
    folders: tuple[str, ...]
    sources: tuple[SourceOutline, ...]
    faults: tuple[Mapping[str, object], ...]
    expected_s: float
    cases: tuple[CaseOutline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """All of a run. Hosts are played at the same time."""

    run_id: str
    profile: str | None
    window_s: float
    late_arrival_s: float
    expected_s: float
    hosts: tuple[HostOutline, ...]


def outline(plan: Plan, pack: Mapping[str, bytes]) -> Outline:
    """What a plan will do; ``pack`` are the very files that will be laid on the hosts."""
    hosts = tuple(_host(plan, host, pack) for host in plan.hosts)
    return Outline(
        run_id=plan.run_id,
        profile=plan.profile,
        window_s=plan.window_s,
        late_arrival_s=plan.late_arrival_s,
        expected_s=max((host.expected_s for host in hosts), default=0.0),
        hosts=hosts,
    )


def _host(plan: Plan, host: Host, pack: Mapping[str, bytes]) -> HostOutline:
    folders = Folders(home=HOME, run_id=plan.run_id)
    cases = tuple(_case(plan, item, host, pack) for item in plan.cases if item.host == host.name)
    return HostOutline(
        name=host.name,
        origin=host.origin.value,
        connection=host.connection,
        reached=reached(host),
        consent_file=host.consent_file,
        browser=host.browser,
        retention=host.retention,
        folders=(folders.own, folders.downloads, folders.caches),
        sources=tuple(_source(item, plan) for item in host.sources),
        faults=host.faults,
        expected_s=round(_expected(cases), 1),
        cases=cases,
    )


def expected_s(plan: Plan, script: str) -> float | None:
    """Rough seconds that a case with this script takes; None if its text does not tell."""
    found = waits(script, whole_window(plan))
    known = [item for item in found if item is not None]
    return PER_CASE_S + sum(known) if len(known) == len(found) else None


def _expected(cases: Sequence[CaseOutline]) -> float:
    """Seconds of play: cases that wait run beside the others, between the controls."""
    ends = [0.0] * WAITING_AT_ONCE
    for item in cases:
        if item.beside:
            ends[ends.index(min(ends))] += item.expected_s
    row = sum(item.expected_s for item in cases if not item.beside and not item.control)
    return sum(item.expected_s for item in cases if item.control) + max(row, *ends)


def reached(host: Host) -> str:
    """How a host is reached, in a few words."""
    if host.connection == "local":
        return "this machine"
    user = f"{host.user}@" if host.user else ""
    return f"{user}{host.address} port {host.port}"


def _source(source: Source, plan: Plan) -> SourceOutline:
    own = source.alert_deadline_s
    return SourceOutline(
        name=source.name,
        kind=source.kind,
        role=source.role.value,
        read=_read(source),
        alert_deadline_s=plan.late_arrival_s if own is None else own,
        asks=tuple(_asks(source)),
    )


def _read(source: Source) -> str:
    place = source.search or source.unified_log
    return place.where if place else source.path or " ".join(source.command or ())


def _asks(source: Source) -> Iterator[str]:
    for command in (source.version_command, source.policy_command):
        if command is not None:
            yield " ".join(command)
    if source.unified_log is not None:
        yield "log config --status"
        yield "logger, for a message of its own before the first case and after the last"
    if source.rule_file is not None:
        kept = "hashed only" if source.rule_secret else "hashed and kept"
        yield f"{source.rule_file} ({kept})"


def _case(plan: Plan, case: Case, host: Host, pack: Mapping[str, bytes]) -> CaseOutline:
    scenario = case.scenario
    script = pack.get(f"{scenario.family}/{scenario.id}/run.sh", b"").decode(errors="replace")
    found = waits(script, whole_window(plan))
    known = sum(item for item in found if item is not None)
    axis = [value for name, value in case.axes if name == "interpreter"]
    return CaseOutline(
        id=case.id,
        index=case.index,
        scenario=scenario.id,
        title=scenario.title,
        control=case.control,
        lab=case.lab,
        beside=case in lanes(plan, host.name).waiting,
        axes=dict(case.axes),
        needs=tuple(dict.fromkeys([*scenario.needs, *axis])),
        expect=scenario.expect.answer.value,
        branch=scenario.branch,
        waits_s=found,
        expected_s=PER_CASE_S + known,
        limit_s=case.timeout_s,
        phases=tuple(_phase(plan, case, host, phase) for phase in Phase),
    )


def _phase(plan: Plan, case: Case, host: Host, phase: Phase) -> PhaseOutline:
    todo = call(plan, case, host, HOME, phase)
    return PhaseOutline(
        phase=phase.value, mark=todo.mark, argv=todo.argv, env=todo.env, receipt=todo.receipt
    )
