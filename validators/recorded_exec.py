"""Recorded exec: who ran what, started by whom, with which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import examples, records
from witnessmark.judge.api import CaseEvidence, Example, validator
from witnessmark.model.events import Kind
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.judge.records import Need
    from witnessmark.model.events import Event
    from witnessmark.model.run import Step

NAME = "recorded_exec"
NEEDS = (
    records.need("A1, B3", "target.path"),
    records.need("K1", "target.token.pid"),
    records.need("K1", "target.token.pidversion", "target.start_ns"),
    records.need("A1, A6", "target.parent.pid"),
    records.need("K1", "target.parent.pidversion", "target.start_ns"),
    records.need("A4, B3", "args"),
)


@validator(link="recorded")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """Every process that the case ran is recorded with its image, its parent and its arguments.

    Branch A needs the parent's identity as it was when the process was spawned, and whether the
    words of the command line load code; branch B needs the words to find a script behind its
    interpreter, and the working directory wherever a word is a relative path. A process is named
    by pid and pidversion (or start time), because pids are used again.
    """
    done = records.runs(case)
    yield from records.ask(
        case, NAME, done, _needs, kinds=(Kind.EXEC,), none="the case ran no process of its own"
    )


def _needs(event: Event, step: Step) -> tuple[Need, ...]:
    word = records.operand(event, step)
    relative = word is not None and not word.startswith("/")
    return (*NEEDS, records.need("B3", "cwd")) if relative else NEEDS


EXAMPLES = (
    Example(name="recorded", evidence=examples.drop_exec(), status=Status.PASS),
    Example(name="exec-dropped", evidence=examples.drop_exec(without="exec"), status=Status.FAIL),
    Example(
        name="parent-stripped", evidence=examples.drop_exec(strip_parent=True), status=Status.FAIL
    ),
    Example(
        name="sensor-dead",
        evidence=examples.drop_exec(without="exec", controls=False),
        status=Status.ERROR,
    ),
)
