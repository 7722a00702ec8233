"""Carries out a plan on one host: every case is set up, played, looked at and cleaned up."""

from __future__ import annotations

import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from witnessmark import receipts
from witnessmark.errors import HostError
from witnessmark.model.run import (
    Act,
    Case,
    FileFact,
    HostFacts,
    Listing,
    PhaseResult,
    Plan,
    Witness,
)
from witnessmark.model.scenario import Phase
from witnessmark.notice import timebox
from witnessmark.phases import WAITING_AT_ONCE, Folders, call, lanes
from witnessmark.survey import dropped, list_host, started_pids, witnesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from witnessmark.hosts.transport import Transport
    from witnessmark.phases import Lanes

REFUSED, MISSING = 64, 69


def act_host(
    transport: Transport,
    plan: Plan,
    facts: HostFacts,
    announce: Callable[[Case, Act], None] = lambda _case, _act: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Act]:
    """Plays every case of this host. Never raises for one case: its Act carries the error.

    A case that cannot be carried out does not stop the next one; each is cleaned up in any event.
    Cases that mostly wait are played beside the others, between the same positive controls.
    """
    folders = Folders(home=facts.home, run_id=plan.run_id)
    order = lanes(plan, transport.host.name)

    def play(case: Case, before: Listing | None = None) -> Act:
        return _guarded(transport, plan, case, facts, folders, cancelled, before)

    for act in _both_lanes(play, order):
        announce(next(case for case in plan.cases if case.id == act.case_id), act)
        yield act


def undo(transport: Transport, plan: Plan, case: Case, facts: HostFacts, why: str) -> Act:
    """Cleans up a case whose controller died on the way. Nobody saw it, so it proves nothing."""
    folders = Folders(home=facts.home, run_id=plan.run_id)
    try:
        phase = _phase(transport, plan, case, folders, Phase.CLEANUP)
        after = list_host(transport, plan.run_id)
    except HostError as problem:
        return Act(case_id=case.id, error=f"{why}; {problem}")
    return Act(case_id=case.id, phases=(phase,), after=after, error=why)


def _both_lanes(play: Callable[..., Act], order: Lanes) -> Iterator[Act]:
    yield from _in_turn(play, (*order.before, *order.browsing))
    with ThreadPoolExecutor(WAITING_AT_ONCE, thread_name_prefix="waiting") as pool:
        beside = [pool.submit(play, case) for case in order.waiting]
        yield from _in_turn(play, order.others)
        for done in as_completed(beside):
            yield done.result()
    yield from _in_turn(play, order.after)


def _in_turn(play: Callable[..., Act], cases: Sequence[Case]) -> Iterator[Act]:
    """One case after the other; the inventory after one is the inventory before the next."""
    seen: Listing | None = None
    for case in cases:
        act: Act = play(case, seen)
        if act.phases or act.error:
            seen = act.after if act.after and not act.after.problem else None
        yield act


def _guarded(
    transport: Transport,
    plan: Plan,
    case: Case,
    facts: HostFacts,
    folders: Folders,
    cancelled: Callable[[], bool],
    before: Listing | None,
) -> Act:
    if cancelled():
        why = f"{case.host}: the run was interrupted before it"
        return Act(case_id=case.id, error=why, started=False)
    if late := timebox.too_late(plan, case, time.time_ns()):
        return Act(case_id=case.id, error=late, started=False)
    acts: list[Act] = []
    trouble = _trouble(
        case,
        lambda: acts.append(_play(transport, plan, case, facts, folders, cancelled, before)),
    )
    return acts[0] if acts else Act(case_id=case.id, error=trouble)


def _play(
    transport: Transport,
    plan: Plan,
    case: Case,
    facts: HostFacts,
    folders: Folders,
    cancelled: Callable[[], bool],
    before: Listing | None,
) -> Act:
    missing: list[str] = [need for need in case.scenario.needs if need not in facts.have]
    missing += [
        value
        for axis, value in case.axes
        if axis == "interpreter" and value not in (*facts.have, *missing)
    ]
    browser = transport.host.browser
    if browser and "browser" in missing:
        # The inventory promises one: a wrong path must not pass as "does not apply".
        why = f"{case.host}: witnessmark_browser {browser} is no executable on the host"
        return Act(case_id=case.id, error=why, started=False)
    if missing:
        return Act(case_id=case.id, skipped=f"{case.host} has no {', '.join(sorted(missing))}")

    def ended() -> bool:
        return cancelled() or timebox.over(plan, time.time_ns())

    before = before or list_host(transport, plan.run_id)
    done = _Done()
    trouble = _trouble(case, lambda: _acted(transport, plan, case, facts, folders, ended, done))
    # Whatever came to pass above, what was begun on the host is undone and looked at.
    more = _trouble(case, lambda: _undone(transport, plan, case, folders, done))
    skipped = None
    if done.phases and done.phases[0].status == MISSING:
        skipped = f"{case.host}: {done.phases[0].stderr.strip() or 'a need is missing'}"
    told = [trouble, more, timebox.cut(plan, case, done.phases)]
    return Act(
        case_id=case.id,
        phases=tuple(done.phases),
        witnesses=done.witnesses,
        files=done.files,
        before=before,
        after=done.after,
        skipped=None if trouble or more else skipped,
        error="; ".join(dict.fromkeys(item for item in told if item)) or None,
    )


@dataclass(slots=True, kw_only=True)
class _Done:
    """What a case showed so far: all that is known of it if something fails on the way."""

    phases: list[PhaseResult] = field(default_factory=list)
    witnesses: tuple[Witness, ...] = ()
    files: tuple[FileFact, ...] = ()
    after: Listing | None = None


def _acted(
    transport: Transport,
    plan: Plan,
    case: Case,
    facts: HostFacts,
    folders: Folders,
    ended: Callable[[], bool],
    done: _Done,
) -> None:
    done.phases.append(_phase(transport, plan, case, folders, Phase.SETUP))
    if done.phases[0].status == 0:
        done.phases.append(_phase(transport, plan, case, folders, Phase.ATTACK, ended))
    done.files = dropped(transport, facts, done.phases)
    done.witnesses = witnesses(transport, done.phases, folders)


def _undone(transport: Transport, plan: Plan, case: Case, folders: Folders, done: _Done) -> None:
    done.phases.append(_phase(transport, plan, case, folders, Phase.CLEANUP))
    done.after = list_host(transport, plan.run_id, started_pids(done.phases))


def _trouble(case: Case, part: Callable[[], None]) -> str | None:
    """Carry out a part of a case; what went wrong in it, as it must stop no other part or case."""
    try:
        part()
    except HostError as problem:
        return str(problem)
    except Exception as problem:  # noqa: BLE001 - the per-host loop: one case never stops the rest
        trace = "".join(traceback.format_exception(problem))
        return f"{case.host}: unexpected failure\n{trace}"
    return None


def _phase(
    transport: Transport,
    plan: Plan,
    case: Case,
    folders: Folders,
    phase: Phase,
    cancelled: Callable[[], bool] | None = None,
) -> PhaseResult:
    todo = call(plan, case, transport.host, folders.home, phase)
    result = transport.run(
        todo.argv,
        env=todo.env,
        timeout_s=case.timeout_s,
        cancelled=cancelled,
    )
    done = PhaseResult(
        phase=phase,
        mark=todo.mark,
        started_ns=result.started_ns,
        finished_ns=result.finished_ns,
        status=result.status,
        timed_out=result.timed_out,
        stdout=result.stdout[:4096].decode(errors="replace"),
        stderr=result.stderr[:4096].decode(errors="replace"),
    )
    return _with_receipt(transport, done, todo.receipt)


def _with_receipt(transport: Transport, done: PhaseResult, receipt: str) -> PhaseResult:
    prefix = transport.host.path_prefix
    try:
        raw = transport.read(receipt.removeprefix(prefix))
    except HostError as problem:
        # A phase that has no step to tell of writes no receipt; an attack always has one.
        if done.phase is Phase.ATTACK:
            return replace(done, problem=f"no receipt: {problem}")
        return done
    try:
        return replace(done, steps=receipts.steps(raw, prefix))
    except ValueError as problem:
        return replace(done, problem=f"{transport.host.name}: receipt unreadable: {problem}")
