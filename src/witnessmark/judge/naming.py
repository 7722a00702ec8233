"""Which of an organisation's alerts are about a case: the only place where that is decided.

An alert counts if its rule stands for the analytic and it names the receipt's own process or
executed path, in the attack's time. The case's mark anywhere else in it (a parent, an argument of
another process) makes it related, never counted; so does a process of setup or cleanup.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from witnessmark.judge import match
from witnessmark.model.run import PLAYED, RUNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.alerts import Alert, AlertRun


class Tie(Enum):
    """How an alert and a case belong together."""

    OURS = "it names the case's own process or file, in the attack"
    OPEN = "it may: it does not say enough"
    ELSEWHERE = "it names a process or file of the case, in setup, cleanup or another time"
    NONE = "it names nothing of the case"


def ours(case: CaseEvidence, branches: str = "AB") -> tuple[Alert, ...]:
    """The alerts that count for a case, earliest first; those that stand for a branch."""
    found = [item for item in _standing(case, branches) if tie(case, item) is Tie.OURS]
    return tuple(sorted(found, key=lambda item: item.received_ns or 0))


def maybe(case: CaseEvidence) -> Iterator[Alert]:
    """Alerts of the right rules that may be about the case, and do not say enough to tell."""
    return (item for item in _standing(case, "AB") if tie(case, item) is Tie.OPEN)


def astray(case: CaseEvidence) -> Iterator[Alert]:
    """Alerts of the right rules on the attack's own file, at a time at which it was not attacked.

    The mark in its name is of the attack alone, so it is that time which cannot be right.
    """
    phase = match.attack(case)
    ran = {match.plain(item.path) for item in match.steps(case, "exec") if item.path}
    own = {path for path in ran if phase is not None and phase.mark in path}
    for item in _standing(case, "AB"):
        named = {match.plain(path) for run in item.runs for path in (run.path, run.script) if path}
        if own & named and tie(case, item) is Tie.ELSEWHERE:
            yield item


def related(case: CaseEvidence) -> Iterator[Alert]:
    """Alerts that carry one of the case's marks, or name its process, and do not count."""
    marks = [phase.mark for phase in case.act.phases]
    counted = {item.id for item in ours(case)}
    for item in _alerts(case):
        if item.id not in counted and (
            any(mark in item.text for mark in marks) or tie(case, item) in (Tie.OURS, Tie.ELSEWHERE)
        ):
            yield item


def stands_for(case: CaseEvidence, alert: Alert) -> str:
    """The branches that an alert's rules stand for; empty if they are not of the analytic."""
    told = case.source.alerts.rules if case.source and case.source.alerts else ()
    known = [branches for name, branches in told if name in alert.rules]
    return "".join(sorted(set("".join(known))))


def tie(case: CaseEvidence, alert: Alert) -> Tie:
    """The closest tie of any process that an alert is about."""
    ties = {_tied(case, alert, run) for run in alert.runs}
    return next((item for item in Tie if item in ties), Tie.NONE)


def of_host(case: CaseEvidence, alert: Alert) -> bool:
    """Whether an alert is from the case's host, by its name or because no other's lie there."""
    told = case.source.alerts if case.source else None
    if told is None:
        return False
    if alert.host is None:
        return told.own
    said = alert.host.casefold()
    names = {name.casefold() for name in (told.host_name, case.case.host) if name}
    return said in names or any(said.startswith(f"{name}.") for name in names)


def _tied(case: CaseEvidence, alert: Alert, run: AlertRun) -> Tie:
    phase = match.attack(case)
    if phase is None:
        return Tie.NONE
    pids = {item.pid for name in (*RUNS, *PLAYED) for item in match.steps(case, name) if item.pid}
    ran = {match.plain(item.path) for item in match.steps(case, "exec") if item.path}
    paths = ran & {match.plain(path) for path in (run.path, run.script) if path}
    # A path that holds the mark is of this host, case and phase alone.
    marked = any(phase.mark in path for path in paths)
    here = of_host(case, alert)
    named = bool(paths) and (marked or here)
    reused = run.pid in pids and not paths and _another_file(case, run)
    by_pid = here and run.pid in pids and not reused
    unnamed = reused or (alert.host is None and run.pid in pids)
    if run.pid in match.pids_of_other_phases(case) - pids and here:
        return Tie.ELSEWHERE
    if run.time_ns is not None:
        return _at_a_time(case, run.time_ns, surely=named or by_pid, perhaps=unnamed)
    if marked or (by_pid and any(phase.mark in word for word in run.args)):
        return Tie.OURS
    # A pid is used again, so without a time it says nothing for certain.
    return Tie.OPEN if named or by_pid or unnamed else Tie.NONE


def _another_file(case: CaseEvidence, run: AlertRun) -> bool:
    """Whether an alert with a pid of the case names a user's file that the case knows nothing of:
    a pid is used again, so that may be another process (or a spelling that nobody foresaw)."""
    named = {match.plain(path) for path in (run.path, run.script) if path}
    users = {path for path in named if path == run.script or path.startswith("/Users/")}
    steps = [step for name in (*RUNS, *PLAYED) for step in match.steps(case, name)]
    known = {match.plain(path) for step in steps for path in (step.path, step.to) if path}
    phase = match.attack(case)
    marked = phase is not None and any(phase.mark in word for word in (*run.args, *named))
    return bool(users) and not users & known and not marked


def _at_a_time(case: CaseEvidence, time_ns: int, *, surely: bool, perhaps: bool) -> Tie:
    first, last = match.window(case)
    inside = first <= time_ns <= last
    if surely:
        return Tie.OURS if inside else Tie.ELSEWHERE
    return Tie.OPEN if perhaps and inside else Tie.NONE


def _standing(case: CaseEvidence, branches: str) -> Iterator[Alert]:
    return (item for item in _alerts(case) if set(stands_for(case, item)) & set(branches))


def _alerts(case: CaseEvidence) -> tuple[Alert, ...]:
    stream = case.alerted.stream if case.alerted else None
    return stream.alerts if stream else ()
