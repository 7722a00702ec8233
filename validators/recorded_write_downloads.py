"""Recorded write in ~/Downloads: which file got its content there, when, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import examples, match, records
from witnessmark.judge.api import CaseEvidence, Example, validator
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "recorded_write_downloads"
FOLDER = "~/Downloads"


@validator(link="recorded")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """Every file that the case put into ~/Downloads is recorded with its path and its writer.

    A close after modification counts, and so does a rename, link, clone or copy into the folder:
    branch B joins an execution to the last of them. A record without device and inode is told of,
    because a later rename could not be followed, but is no failure (K2).
    """
    done = records.writes(case, FOLDER)
    yield from records.ask(
        case,
        NAME,
        done,
        records.write_needs,
        kinds=match.WRITES,
        none=f"the case puts no file into {FOLDER}",
    )


EXAMPLES = (
    Example(name="recorded", evidence=examples.drop_exec(), status=Status.PASS),
    Example(name="close-dropped", evidence=examples.drop_exec(without="close"), status=Status.FAIL),
    Example(
        name="sensor-dead",
        evidence=examples.drop_exec(without="close", controls=False),
        status=Status.ERROR,
    ),
    Example(
        name="elsewhere", evidence=examples.drop_exec(path=examples.CACHED), status=Status.SKIP
    ),
)
