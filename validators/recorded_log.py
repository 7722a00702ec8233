"""Recorded log: what a unified log must, should and can never show of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import log_examples, match, oslog, records
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.judge.oslog import Redaction
from witnessmark.model.verdicts import Finding, Status
from witnessmark.telemetry.kinds import records_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.judge.oslog import Seen
    from witnessmark.model.events import Event
    from witnessmark.model.run import Step

NAME = "recorded_log"
NEVER = (
    "the words of a command line, the parent of a process, the edge from a browser to what it "
    "started, file writes, and so the time from a write to an execution"
)
LAUNCHERS = ("/sbin/launchd", "/usr/libexec/runningboardd")
SCANNER = "/usr/libexec/syspolicyd"


@validator(link="recorded")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """A unified log holds the canaries that the run itself wrote into it at the default level.

    That it *must*: without them nobody knows whether it keeps anything, or was asked rightly. It
    *should* tell of a freshly built executable (a scan by Gatekeeper) and of what launchd started;
    what of that is missing is said and breaks no link. It can *never* show command lines, parents
    or file writes: its coverage gap, unless eslogger writes into it. A canary whose words are
    hidden is there all the same, known by its process and moment.
    """
    why = records.nothing_to_look_at(case)
    if why is None and not oslog.read_from_log(case):
        why = "the source is not read from a unified log"
    if why is not None:
        yield finding(NAME, "recorded", Status.SKIP, why)
        return
    yield from _must(case)
    yield from _should(case)
    if case.source is not None and not records_runs(case.source.kind):
        gap = f"{records.GAP}: a unified log never shows {NEVER}"
        yield finding(NAME, "recorded", Status.SKIP, gap)


def _must(case: CaseEvidence) -> Iterator[Finding]:
    trouble = oslog.trouble(case)
    if trouble is not None:
        yield _said(Status.ERROR, f"must: whether the log keeps anything is not known: {trouble}")
        return
    yield from (_canary(case, item) for item in oslog.canaries(case))


def _canary(case: CaseEvidence, item: Seen) -> Finding:
    """Events that eslogger logs have controls of their own, which say more than a canary."""
    what = f"canary {item.canary.text.rpartition(' ')[2]}"
    own = case.source is not None and records_runs(case.source.kind)
    if item.event is None:
        return _said(
            Status.SKIP if own else Status.FAIL,
            f"must: {what}, written at the default level, is not in the log that was read",
            expected=item.canary.text,
            observed="no such record",
        )
    hidden = "" if item.redaction is Redaction.CLEAR else f", its words hidden ({item.redaction})"
    return _said(Status.PASS, f"must: {what} is in the log{hidden}", event=item.event)


def _should(case: CaseEvidence) -> Iterator[Finding]:
    for step in records.runs(case):
        if records.form(case, step) == "executable":
            yield _one(case, step, "Gatekeeper's scan of", _scanned(case, step))
    for step in match.steps(case, "agent"):
        yield _one(case, step, "the start by launchd of", _launched(case, step))


def _one(case: CaseEvidence, step: Step, what: str, event: Event | None) -> Finding:
    named = f"{what} {step.path or f'pid {step.pid}'}"
    if event is not None and oslog.redaction(event.message or "") is not Redaction.CLEAR:
        named = f"{what} something that it hides, perhaps of {step.path},"
    if event is not None:
        return _said(Status.PASS, f"should: {named} is in the log", event=event)
    if case.facts.origin != "mac":
        return _said(Status.SKIP, f"should: {named} is not known: a stand-in is no Mac")
    return _said(Status.SKIP, f"should: {named} is not in the log; no link is broken by that")


def _scanned(case: CaseEvidence, step: Step) -> Event | None:
    """A scan that names the path, or hides which path it was."""
    for event in _inside(case, SCANNER):
        message = event.message or ""
        scan = message.startswith("GK ") and (event.subsystem or "").startswith("com.apple.syspol")
        ours = step.path is not None and step.path in message
        if scan and (ours or oslog.redaction(message) is not Redaction.CLEAR):
            return event
    return None


def _launched(case: CaseEvidence, step: Step) -> Event | None:
    names = (f"[{step.pid}]", f":{step.pid}]")
    said = _inside(case, *LAUNCHERS)
    return next((e for e in said if any(name in (e.message or "") for name in names)), None)


def _inside(case: CaseEvidence, *programs: str) -> Iterator[Event]:
    first, last = match.window(case)
    return (e for e in oslog.said_by(case, *programs) if first <= e.time_ns <= last)


def _said(
    status: Status,
    message: str,
    *,
    expected: str = "",
    observed: str = "",
    event: Event | None = None,
) -> Finding:
    return finding(
        NAME,
        "recorded",
        status,
        message,
        expected=expected,
        observed=observed,
        evidence=[event.id] if event else [],
    )


EXAMPLES = (
    Example(name="canaries-there", evidence=log_examples.logged(), status=Status.PASS),
    Example(name="words-hidden", evidence=log_examples.logged(hidden=True), status=Status.PASS),
    Example(name="canary-dropped", evidence=log_examples.logged(kept=(0,)), status=Status.FAIL),
    Example(name="not-asked", evidence=log_examples.logged(asked=False), status=Status.ERROR),
    Example(name="not-written", evidence=log_examples.logged(failed=True), status=Status.ERROR),
)
