"""What a source's analytic answered about one case, with silence only where silence was earned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.analytic.baseline import UNVERIFIED
from witnessmark.judge import clock, known, match, tied, whole
from witnessmark.model.detections import Answer, Detection
from witnessmark.model.scenario import ExpectedAnswer

if TYPE_CHECKING:
    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.alerts import Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer, the detection that decided it, and the reason in words."""

    answer: Answer
    reason: str
    detection: Detection | None = None
    latency_s: float | None = None
    late: bool = False
    proven: bool = True
    """False if nobody could look: an undetermined answer that no analytic gave."""
    simulated: tuple[str, ...] = ()
    alert: Alert | None = None
    """The organisation's own alert that decided it, where its alerts are judged."""

    @property
    def workflow(self) -> str | None:
        """The documented workflow that suppressed it, if one did."""
        said = self.detection or self.alert
        return said.workflow if said is not None else None

    @property
    def evidence(self) -> tuple[str, ...]:
        """The record or alert that decided it."""
        ids = [self.detection.exec.event_id] if self.detection else []
        return (*ids, *([self.alert.id] if self.alert else []))


def answered(case: CaseEvidence) -> Answered:
    """Fired or suppressed as detected; undetermined or unproven silence is never silent.

    For a case that should fire, only the expected branch counts; for one that should stay silent,
    any branch does.
    """
    ours = tied.detections(case)
    wanted = case.case.scenario.expect.branch
    if wanted == "AB":
        return _both(case, ours)
    if wanted in ("A", "B"):
        ours = tuple(item for item in ours if item.branch.value == wanted)
        return _one(case, ours, wanted)
    return _one(case, ours, "".join(name for name in "AB" if name in case.case.scenario.branch))


def _both(case: CaseEvidence, ours: tuple[Detection, ...]) -> Answered:
    parts = [
        _one(case, tuple(item for item in ours if item.branch.value == name), name) for name in "AB"
    ]
    order = (Answer.UNDETERMINED, Answer.SILENT, Answer.SUPPRESSED, Answer.FIRED)
    return min(parts, key=lambda part: order.index(part.answer))


def _one(case: CaseEvidence, ours: tuple[Detection, ...], branches: str) -> Answered:
    for answer in (Answer.FIRED, Answer.SUPPRESSED):
        found = next((item for item in ours if item.answer is answer), None)
        if found is not None:
            return _decided(case, found)
    unsure = next((item for item in ours if item.answer is Answer.UNDETERMINED), None)
    if unsure is not None:
        return Answered(
            answer=Answer.UNDETERMINED,
            reason=unsure.reason or "the analytic could not decide",
            detection=unsure,
            simulated=unsure.simulated,
        )
    missing = known.lacking(case, branches or "AB")
    if missing and case.source is not None:
        return Answered(
            answer=Answer.UNDETERMINED,
            reason=f"a source of kind {case.source.kind} never says {', '.join(missing)}",
            simulated=missing,
        )
    return _silence(case)


def _decided(case: CaseEvidence, found: Detection) -> Answered:
    took = None
    if found.received_ns is not None:
        took = clock.arrived(case, found.exec.time_ns, found.received_ns)
    unsure = _lateness_trouble(case, took)
    if unsure is not None and found.answer is Answer.FIRED:
        return Answered(
            answer=Answer.UNDETERMINED,
            reason=f"branch {found.branch.value} fired, but whether in time: {unsure}",
            detection=found,
            proven=False,
        )
    asked = case.case.scenario.expect.answer
    if found.reason == UNVERIFIED and asked is ExpectedAnswer.SUPPRESSED:
        return Answered(
            answer=Answer.UNDETERMINED,
            reason=f"workflow {found.workflow} would suppress it, {UNVERIFIED}",
            detection=found,
            proven=False,
        )
    rules = ", ".join(found.rules)
    return Answered(
        answer=found.answer,
        reason=f"branch {found.branch.value} {found.answer.value} by {rules}"
        + (f" (workflow {found.workflow})" if found.workflow else ""),
        detection=found,
        latency_s=None if unsure or took is None else took.about_s,
        late=not unsure and took is not None and took.least_s > case.deadline_s,
        simulated=found.simulated,
    )


def _lateness_trouble(case: CaseEvidence, took: clock.Elapsed | None) -> str | None:
    """Why it cannot be told whether an alert came in time; unknown is never in time."""
    if took is None:
        return "nobody knows when its deciding record was received"
    return clock.trouble(case) or clock.undecided(case, took, case.deadline_s)


def _silence(case: CaseEvidence) -> Answered:
    trouble = _whose(case) or whole.trouble(case) or clock.unplaced(case)
    if trouble is None and not case.controls.both:
        trouble = case.controls.reason
    if trouble is None and case.case.scenario.expect.answer is not ExpectedAnswer.FIRES:
        trouble = _noise(case) or _overdue(case)
    if trouble is not None:
        return Answered(
            answer=Answer.UNDETERMINED,
            reason=f"silence proves nothing here: {trouble}",
            proven=False,
        )
    near = f"; {case.misses[0]}" if case.misses else ""
    return Answered(answer=Answer.SILENT, reason=f"no detection names this case{near}")


def _whose(case: CaseEvidence) -> str | None:
    """An alert with a pid of the case's, of which nothing says whose process it was."""
    for item in tied.perhaps(case):
        what, pid = item.exec.script or item.exec.path, item.exec.pid
        return (
            f"branch {item.branch.value} {item.answer.value} on {what} by pid {pid}, and nothing "
            "says whether that was the case's process"
        )
    return None


def _noise(case: CaseEvidence) -> str | None:
    """An alert with this case's mark that names no process of the receipt: not silence either."""
    first, last = match.window(case)
    for item in tied.related(case):
        if first <= item.exec.time_ns <= last:
            what = item.exec.script or item.exec.path
            return f"branch {item.branch.value} {item.answer.value} on {what}, which has its mark"
    return None


def _overdue(case: CaseEvidence) -> str | None:
    """A delivered record of the attack that came when an analytic waits for none any more, or
    nobody knows when: it would have been silent about an attack too."""
    if case.arrived is None or case.stream is None:
        return None
    first, last = match.window(case)
    for event in case.stream.events:
        if not first <= event.time_ns <= last:
            continue
        took_s = None
        if event.received_ns is not None:
            took_s = clock.elapsed(case, event.time_ns, event.received_ns).most_s
        if took_s is None or took_s > case.late_arrival_s:
            late = "at a time that nobody knows" if took_s is None else f"after {took_s:.1f} s"
            return (
                f"record {event.id} was delivered {late}, and the analytic waits for late records "
                f"{case.late_arrival_s:g} s"
            )
    return None
