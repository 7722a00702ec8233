"""What a case's source can tell at all, and what it says of executions that were stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import match
from witnessmark.model.events import Kind
from witnessmark.model.run import RUNS
from witnessmark.telemetry.format import Fill, lacks
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.events import Event
    from witnessmark.model.run import Step

CANNOT_RUN = 126
"""Exit status of a shell that was not allowed to execute a file (POSIX XCU 2.8.2)."""
KILLED = 128
"""Exit statuses above this one name the signal that ended a process."""


def lacking(case: CaseEvidence, branches: str) -> tuple[str, ...]:
    """The kinds or fields without which the case's source can answer none of these branches."""
    if case.source is None:
        return ()
    table = decoder_of(case.source.kind).FILLS
    return tuple(dict.fromkeys(name for branch in branches for name in lacks(table, branch)))


def never(case: CaseEvidence, kinds: Iterable[str]) -> str | None:
    """That a source records none of these kinds of events, in words; None if it does."""
    if case.source is None:
        return None
    table = decoder_of(case.source.kind).FILLS
    names = tuple(kinds)
    if any(table[name] is not Fill.NEVER for name in names):
        return None
    return f"a source of kind {case.source.kind} never records {' or '.join(names)}"


def stopped(case: CaseEvidence) -> Event | None:
    """The source's own record that the case's execution was stopped, or None.

    Both sides must say so: the receipt, that the step could not run or was killed, and the source,
    in the attack's time and of this very file or process.
    """
    for step in (item for name in RUNS for item in match.steps(case, name)):
        if step.status == CANNOT_RUN or step.status > KILLED:
            found = next((item for item in match.inside(case) if _names(item, step)), None)
            if found is not None:
                return found
    return None


def _names(event: Event, step: Step) -> bool:
    target = event.target
    if event.kind is not Kind.DENIED or target is None:
        return False
    if step.path is None:
        return step.pid is not None and target.token.pid == step.pid
    paths = {match.plain(target.path), *(match.plain(word) for word in event.args or ())}
    return match.plain(step.path) in paths
