"""An explanation for reading: the verdict's reasons, the lineage tree, the history of the drop.

Telemetry is hostile text: every line is made visible before it leaves, so it moves no cursor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.model.detections import Branch
from witnessmark.model.events import Kind
from witnessmark.model.verdicts import Link, Status
from witnessmark.report.lineage import tree
from witnessmark.report.plain import visible
from witnessmark.report.summary import QUIET
from witnessmark.report.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from witnessmark.analytic.explanation import Explanation
    from witnessmark.analytic.trace import Account, Step
    from witnessmark.judge.why import CaseWhy
    from witnessmark.model.events import Event

SAID = {True: "holds", False: "stops", None: "unknown"}


def of_case(items: Iterable[CaseWhy]) -> str:
    """A case on each of its sources: verdict, reasons, and the records that decided."""
    return _text(line for item in items for line in _case(item))


def of_records(items: Iterable[Explanation]) -> str:
    """Records by themselves, without a case."""
    return _text(line for item in items for line in _record(item))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{visible(line)}\n" for line in lines)


def _case(item: CaseWhy) -> Iterator[str]:
    case = item.case
    yield f"{case.id} on {case.source or 'no source'}: {case.verdict.value}"
    yield f"  expected {case.expect}, answered {case.answer}: {item.reason}"
    if case.first_broken_link is not None:
        yield f"  first broken link: {case.first_broken_link.value}"
    skipped = case.verdict in QUIET
    yield from dict.fromkeys(
        f"  {found.link.value} {found.status.value}: {found.message}"
        for found in case.findings
        if found.status is Status.FAIL or (skipped and found.link is Link.ACTED)
    )
    yield from (f"  missing: {text}" for text in item.missing)
    yield from (f"  near miss: {text}" for text in case.near_misses)
    for each in item.records:
        yield ""
        yield from _record(each)


def _record(item: Explanation) -> Iterator[str]:
    account = item.account
    event = account.event
    number = "" if event.global_seq is None else f" (seq {event.global_seq})"
    yield f"record {event.id}{number}, {rfc3339(event.time_ns)}"
    yield f"  {described(account)}"
    if not account.steps:
        yield f"  no rule decides by {event.kind.value} records; they tell who is whose child (K1)"
    if event.kind is not Kind.EXEC:
        yield from (f"  {_step(step)}" for step in account.steps)
        yield from _history(item)
        return
    for branch in Branch:
        yield from _branch(item, branch)


def _branch(item: Explanation, branch: Branch) -> Iterator[str]:
    found = item.detection(branch)
    steps = [step for step in item.account.steps if branch_of(step) is branch]
    if found is None:
        yield f"branch {branch.value}: silent"
    else:
        rules = ", ".join(found.rules)
        yield f"branch {branch.value}: {found.answer.value}, severity {found.severity}, by {rules}"
    yield from (f"  {_step(step)}" for step in steps)
    if found is not None:
        yield from [f"  workflow: {found.workflow}"] if found.workflow else []
        yield from [f"  why: {found.reason}"] if found.reason else []
        needed = ", ".join(found.simulated)
        yield from [f"  missing: {needed}, which this host or source cannot know"] if needed else []
    if branch is Branch.A:
        yield from (f"  {line}" for line in tree(item))
    else:
        yield from _history(item)


def _history(item: Explanation) -> Iterator[str]:
    if not item.history:
        return
    yield "  history of the file"
    begin = item.history[0].event.time_ns
    for account in item.history:
        here = "  <- this record" if account is item.account else ""
        after = (account.event.time_ns - begin) / 1e9
        yield f"    {after:+.3f} s  {described(account)}{here}"
        if account is not item.account:
            mine = (step for step in account.steps if branch_of(step) is Branch.B)
            yield from (f"        {_step(step)}" for step in mine)


def described(account: Account) -> str:
    """A record in one line: what happened, to what, by whom."""
    event = account.event
    number = "" if event.global_seq is None else f"seq {event.global_seq}  "
    if event.kind is Kind.EXEC:
        return f"{number}exec {ran(account)}"
    who = f"by {event.process.path} (pid {event.process.token.pid})"
    return f"{number}{event.kind.value} {_way(event)} {who}"


def ran(account: Account) -> str:
    """What an exec ran: its image, and its script if any."""
    target = account.event.target
    if target is None:
        return "of an image that is not told"
    script = f" -> {account.script}" if account.script else ""
    return f"{target.path}{script} (pid {target.token.pid})"


def _way(event: Event) -> str:
    to = event.file.path if event.file else "a file that is not told"
    return f"{event.source_file.path} -> {to}" if event.source_file else to


def _step(step: Step) -> str:
    return f"{step.rule:8} {SAID[step.holds]:7}  {step.text}"


def branch_of(step: Step) -> Branch:
    """The branch that a rule belongs to; keys, baseline and dedupe are told with branch B."""
    return Branch.A if step.rule.startswith("A") else Branch.B
