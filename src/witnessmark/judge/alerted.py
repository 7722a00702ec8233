"""What an organisation's own alerts answer about a case, with silence only where it was earned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.judge import clock, match, naming
from witnessmark.judge.answer import Answered
from witnessmark.judge.clock import Elapsed
from witnessmark.model.detections import Answer
from witnessmark.model.events import Kind
from witnessmark.model.run import RUNS
from witnessmark.model.scenario import ExpectedAnswer

if TYPE_CHECKING:
    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.alerts import Alert

MINUTE_NS = 60 * 10**9


def answered(case: CaseEvidence) -> Answered:
    """Fired if an alert of a rule that stands for the wanted branch names the case.

    Where both branches are wanted, both must be named; a rule that the inventory ties to no branch
    stands for each.
    """
    wanted = case.case.scenario.expect.branch
    if wanted == "AB":
        order = (Answer.UNDETERMINED, Answer.SILENT, Answer.SUPPRESSED, Answer.FIRED)
        return min((_one(case, name) for name in "AB"), key=lambda got: order.index(got.answer))
    return _one(case, wanted if wanted in ("A", "B") else "AB")


def in_time(case: CaseEvidence, branch: str) -> bool:
    """Whether an alert for a branch surely came before its deadline: what a control must show."""
    for alert in naming.ours(case, branch):
        took = _took(case, alert)
        if alert.workflow is None and took is not None and took.most_s <= case.deadline_s:
            return True
    return False


def _one(case: CaseEvidence, branches: str) -> Answered:
    ours = naming.ours(case, branches)
    fired = [item for item in ours if item.workflow is None]
    if fired:
        return _fired(case, fired)
    if ours:
        return Answered(
            answer=Answer.SUPPRESSED,
            reason=f"{_told(ours[0])}, suppressed by {ours[0].workflow}",
            alert=ours[0],
        )
    return _silence(case, branches)


def _fired(case: CaseEvidence, alerts: list[Alert]) -> Answered:
    alert = alerts[0]
    took = _took(case, alert)
    reason = f"{_told(alert)}{_more(case, alerts)}"
    unsure = "nobody saw when" if took is None else clock.undecided(case, took, case.deadline_s)
    expected = case.case.scenario.expect.answer is ExpectedAnswer.FIRES
    if unsure is not None and expected:
        return Answered(
            answer=Answer.UNDETERMINED,
            reason=f"{reason}, but whether in time: {unsure}",
            alert=alert,
            proven=False,
        )
    return Answered(
        answer=Answer.FIRED,
        reason=reason,
        alert=alert,
        latency_s=None if unsure or took is None else took.about_s,
        late=not unsure and took is not None and took.least_s > case.deadline_s,
    )


def _took(case: CaseEvidence, alert: Alert) -> Elapsed | None:
    """From the execution to the moment at which the alert was seen.

    By the record of the execution, if the clocks can be compared; else within the attack's own
    beginning and end, which are of the controller's clock as the alert's receipt is.
    """
    phase = match.attack(case)
    if alert.received_ns is None or phase is None:
        return None
    # Where alerts are looked for from time to time, one may have been there since the last look.
    there = case.alerted.collection if case.alerted else None
    grain_s = there.grain_ns / 1e9 if there else 0.0
    ran = _executed_ns(case)
    if ran is not None and clock.trouble(case) is None:
        found = clock.elapsed(case, ran, alert.received_ns)
        return replace(found, least_s=found.least_s - grain_s)
    least = (alert.received_ns - phase.finished_ns) / 1e9 - grain_s
    most = (alert.received_ns - phase.started_ns) / 1e9
    return Elapsed(least_s=least, most_s=most, about_s=round(most, 3))


def _executed_ns(case: CaseEvidence) -> int | None:
    steps = [step for name in RUNS for step in match.steps(case, name)]
    times = [
        event.time_ns
        for event in match.inside(case)
        if event.kind is Kind.EXEC and any(match.proves(case, event, step) for step in steps)
    ]
    return max(times, default=None)


def _silence(case: CaseEvidence, branches: str) -> Answered:
    expect = case.case.scenario.expect.answer
    trouble = _unlooked(case) or _unreadable(case) or _open(case) or _hidden(case)
    trouble = trouble or _astray(case) or clock.unplaced(case)
    if trouble is None and case.alerted is not None and not case.alerted.controls.both:
        trouble = case.alerted.controls.reason
    if trouble is None and expect is ExpectedAnswer.SUPPRESSED:
        trouble = "its alerts do not tell what was suppressed"
    if trouble is None and expect is not ExpectedAnswer.FIRES:
        trouble = _noise(case)
    if trouble is not None:
        return Answered(
            answer=Answer.UNDETERMINED,
            reason=f"silence proves nothing here: {trouble}",
            proven=False,
        )
    told = case.source.alerts.rules if case.source and case.source.alerts else ()
    names = [name for name, stands in told if set(stands) & set(branches)]
    return Answered(
        answer=Answer.SILENT,
        reason=f"no alert of {', '.join(names)} names this case"
        if names
        else f"no rule is named that stands for branch {branches}",
    )


def _unlooked(case: CaseEvidence) -> str | None:
    """Why nobody could look at the alerts until the last of this case was overdue, or None."""
    got = case.alerted
    phase = match.attack(case)
    if got is None or got.collection is None or got.stream is None or phase is None:
        return "its alerts were not collected"
    if got.collection.problem is not None:
        return got.collection.problem
    look = got.collection.look
    if look is None:
        return "nobody knows until when its alerts were read"
    if look.problem is not None or not look.intact:
        return look.problem or "the file of its alerts was rewritten while it was read"
    if (look.taken_ns - phase.finished_ns) / 1e9 < case.deadline_s:
        return "its alerts were not read until their deadline had passed"
    return None


def _unreadable(case: CaseEvidence) -> str | None:
    stream = case.alerted.stream if case.alerted else None
    for bad, received_ns in stream.bad if stream else ():
        if _about_then(case, received_ns):
            return f"line {bad.line} of its alerts cannot be read: {bad.reason}"
    return None


def _open(case: CaseEvidence) -> str | None:
    """An alert of the right rule that may be of this case, or that names no process at all."""
    for alert in naming.maybe(case):
        return f"{_told(alert)} does not say enough to tell whether it is of this case"
    for alert in _then(case):
        if not alert.runs:
            return f"{_told(alert)} names no process, so it may be of this case"
    return None


def _astray(case: CaseEvidence) -> str | None:
    for alert in naming.astray(case):
        return (
            f"{_told(alert)} names this case's own file outside the attack: "
            "the time that it gives cannot be trusted"
        )
    return None


def _hidden(case: CaseEvidence) -> str | None:
    """An alert that stands for more than it names, or a source that swallows what is too much."""
    for alert in _then(case):
        if alert.count > max(1, len(alert.runs)):
            return f"{_told(alert)} stands for {alert.count} findings and names {len(alert.runs)}"
    most = case.source.alerts.throttle if case.source and case.source.alerts else None
    phase = match.attack(case)
    if most is None or phase is None or case.alerted is None or case.alerted.stream is None:
        return None
    times = [item.received_ns for item in case.alerted.stream.alerts if naming.of_host(case, item)]
    since, until = phase.started_ns - MINUTE_NS, phase.finished_ns + int(case.deadline_s * 1e9)
    near = sorted(time for time in times if time is not None and since <= time <= until)
    busiest = max((sum(t <= o < t + MINUTE_NS for o in near) for t in near), default=0)
    if busiest >= most:
        return f"it raised {busiest} alerts within a minute and swallows those beyond {most}"
    return None


def _noise(case: CaseEvidence) -> str | None:
    """An alert of a right rule with the attack's mark, on another process: no silence either."""
    phase = match.attack(case)
    for alert in naming.related(case):
        elsewhere = naming.tie(case, alert) is naming.Tie.ELSEWHERE
        if naming.stands_for(case, alert) and not elsewhere and phase and phase.mark in alert.text:
            return f"{_told(alert)} has its mark"
    return None


def _then(case: CaseEvidence) -> list[Alert]:
    """Alerts of the right rules on this host that came when one of the case would have."""
    stream = case.alerted.stream if case.alerted else None
    return [
        item
        for item in (stream.alerts if stream else ())
        if naming.stands_for(case, item)
        and (item.host is None or naming.of_host(case, item))
        and _about_then(case, item.received_ns)
    ]


def _about_then(case: CaseEvidence, received_ns: int | None) -> bool:
    phase = match.attack(case)
    if phase is None or received_ns is None:
        return True
    return phase.started_ns <= received_ns <= phase.finished_ns + int(case.deadline_s * 1e9)


def _told(alert: Alert) -> str:
    return f"alert {alert.id} of {alert.rules[0]}"


def _more(case: CaseEvidence, alerts: list[Alert]) -> str:
    """What else there is to say of alerts: repeated ones, and one for several executions."""
    stream = case.alerted.stream if case.alerted else None
    copies = dict(stream.repeated) if stream else {}
    again = sum(copies.get(item.id, 0) for item in alerts)
    told = [f"{len(alerts) - 1} more alerts name it"] if len(alerts) > 1 else []
    told += [f"{again} copies of it came"] if again else []
    most = max(max(item.count, len(item.runs)) for item in alerts)
    told += [f"merged: one alert stands for {most} findings"] if most > 1 else []
    return f" ({'; '.join(told)})" if told else ""
