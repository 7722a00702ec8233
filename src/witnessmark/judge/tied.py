"""Which detections are about a case: the only place where "this alert is ours" is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import match, processes
from witnessmark.judge.processes import Tie
from witnessmark.model.detections import Answer
from witnessmark.model.events import Kind
from witnessmark.model.run import PLAYED, RUNS
from witnessmark.model.scenario import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.detections import Detection, ExecRef
    from witnessmark.model.run import PhaseResult


def detections(case: CaseEvidence) -> tuple[Detection, ...]:
    """Detections of the receipt's own processes or executed paths, in the attack phase.

    A process is known by what the records say of it, never by its pid alone (``processes``).
    """
    return tuple(item for item in case.detections if _tied(case, item) is Tie.OURS)


def perhaps(case: CaseEvidence) -> Iterator[Detection]:
    """Detections with a receipt's pid, in the attack phase, that may be of another process."""
    return (item for item in case.detections if _tied(case, item) is Tie.OPEN)


def related(case: CaseEvidence) -> tuple[Detection, ...]:
    """Other alerts that carry one of the case's marks or name its setup or cleanup: shown only."""
    ours = set(detections(case))
    marks = [phase.mark for phase in case.act.phases]
    others = match.pids_of_other_phases(case)
    return tuple(
        item
        for item in case.detections
        if item not in ours
        and item.host == case.case.host
        and item.answer in (Answer.FIRED, Answer.SUPPRESSED)
        and (item.exec.pid in others or any(mark in _named(item) for mark in marks))
    )


def tie(case: CaseEvidence, run: ExecRef) -> Tie:
    """How an execution belongs to the processes that the attack phase ran."""
    first, last = match.window(case)
    phase = match.attack(case)
    if phase is None or not first <= run.time_ns <= last:
        return Tie.NONE
    ours = run.pid in match.pids(phase)
    if not ours and _of_another_phase(case, run):
        return Tie.NONE
    named = {match.plain(path) for path in (run.path, run.script) if path}
    if named & {match.plain(item.path) for item in match.steps(case, "exec") if item.path}:
        return Tie.OURS
    return _own(case, phase).tie(run) if ours else Tie.NONE


def _tied(case: CaseEvidence, item: Detection) -> Tie:
    """The closest tie of anything that a detection is about."""
    if item.host != case.case.host:
        return Tie.NONE
    ties = {tie(case, run) for run in (item.exec, *item.matched)}
    return next(each for each in Tie if each in ties)


def _of_another_phase(case: CaseEvidence, run: ExecRef) -> bool:
    """Whether an execution has a pid of setup or cleanup, and may be of that very process."""
    return any(
        _own(case, phase).tie(run) is not Tie.NONE
        for phase in case.act.phases
        if phase.phase is not Phase.ATTACK and run.pid in match.pids(phase)
    )


def _own(case: CaseEvidence, phase: PhaseResult) -> processes.Own:
    first, last = match.span(case, phase)
    ran = [item for item in phase.steps if item.step in (*RUNS, *PLAYED)]
    pids = match.pids(phase)
    runs = [
        item
        for item in (case.stream.events if case.stream else ())
        if item.kind is Kind.EXEC and item.target is not None and item.target.token.pid in pids
    ]
    return processes.own(
        [item for item in runs if first <= item.time_ns <= last],
        lambda item: any(match.proves_run(phase, item, step) for step in ran),
        lambda item: match.carries(item, phase.mark),
    )


def _named(item: Detection) -> str:
    drop = item.drop.path if item.drop else ""
    runs = (item.exec, *item.matched)
    return "\0".join([drop, *(f"{run.path}\0{run.script or ''}" for run in runs)])
