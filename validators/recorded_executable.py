"""Recorded executable: an execution whose image is the dropped file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import examples, records
from witnessmark.judge.api import CaseEvidence, Example, validator
from witnessmark.model.events import Kind
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "recorded_executable"
NEEDS = (
    records.need("B3, A4", "target.path"),
    records.need("K1", "target.token.pid"),
    records.need("K1", "target.token.pidversion", "target.start_ns"),
    records.need("A1", "target.parent.pid"),
)


@validator(link="recorded")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """Every executable file that the case ran is recorded as the image of its own process.

    Its signature is not asked for: a valid Developer ID only lowers the severity, and a host that
    cannot know it says so in each record. Device and inode are named where the source gives them.
    """
    done = tuple(step for step in records.runs(case) if records.form(case, step) == "executable")
    yield from records.ask(
        case,
        NAME,
        done,
        lambda _event, _step: NEEDS,
        kinds=(Kind.EXEC,),
        none="the case ran no executable file that is known as one",
    )


EXAMPLES = (
    Example(name="recorded", evidence=examples.drop_exec(form="executable"), status=Status.PASS),
    Example(
        name="exec-dropped",
        evidence=examples.drop_exec(form="executable", without="exec"),
        status=Status.FAIL,
    ),
    Example(
        name="parent-stripped",
        evidence=examples.drop_exec(form="executable", strip_parent=True),
        status=Status.FAIL,
    ),
    Example(
        name="sensor-dead",
        evidence=examples.drop_exec(form="executable", without="exec", controls=False),
        status=Status.ERROR,
    ),
    Example(name="a-script", evidence=examples.drop_exec(), status=Status.SKIP),
)
