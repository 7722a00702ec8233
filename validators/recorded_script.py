"""Recorded script: an execution whose code is a script file names that very file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import examples, records
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.model.events import Kind
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.judge.records import Need
    from witnessmark.model.events import Event
    from witnessmark.model.run import Step

NAME = "recorded_script"


@validator(link="recorded")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """Every script that the case ran is recorded by its own path, not only its interpreter's.

    Endpoint Security fills the script field only where a script is executed directly; for
    ``sh x.sh`` the path is a word of the command line, and a relative word needs the working
    directory. A gap scenario documents that no record names the script, so it is not asked here.
    """
    done = tuple(step for step in records.runs(case) if records.form(case, step) == "script")
    if done and case.case.scenario.expect.answer is ExpectedAnswer.GAP:
        why = "the scenario documents that no record names the script that is run"
        yield finding(NAME, "recorded", Status.SKIP, why)
        return
    yield from records.ask(
        case,
        NAME,
        done,
        _needs,
        kinds=(Kind.EXEC,),
        none="the case ran no script file that is known as one",
    )


def _needs(event: Event, step: Step) -> tuple[Need, ...]:
    interpreter = records.need("A4", "target.path")
    word = records.operand(event, step)
    if event.script is not None or word is None:
        return (interpreter, records.need("B3", "script.path"))
    named = (interpreter, records.need("B3", "args"))
    return named if word.startswith("/") else (*named, records.need("B3", "cwd"))


EXAMPLES = (
    Example(name="recorded", evidence=examples.drop_exec(), status=Status.PASS),
    Example(
        name="only-the-interpreter",
        evidence=examples.drop_exec(strip_script=True),
        status=Status.FAIL,
    ),
    Example(name="exec-dropped", evidence=examples.drop_exec(without="exec"), status=Status.FAIL),
    Example(
        name="sensor-dead",
        evidence=examples.drop_exec(without="exec", controls=False),
        status=Status.ERROR,
    ),
    Example(
        name="an-executable", evidence=examples.drop_exec(form="executable"), status=Status.SKIP
    ),
)
