"""Rules beside AN0994: what each of them saw of every case, and what it wrongly flagged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from witnessmark.model.scenario import ExpectedAnswer

if TYPE_CHECKING:
    from witnessmark.compare.outcome import Form


class Said(StrEnum):
    """What a rule said about a case."""

    SAW = "saw"
    SILENT = "silent"
    UNKNOWN = "could not look"
    """Nobody knows what it would have said; never *silent*."""


class Mark(StrEnum):
    """What that means where one answer is right."""

    SAW = "saw"
    MISSED = "missed"
    QUIET = "quiet"
    FLAGGED = "FLAGGED"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One rule on one case."""

    said: Said
    reason: str = ""
    """Why nobody could look, or what more there is to say."""
    evidence: tuple[str, ...] = ()
    """The records of its alert."""

    def mark(self, expect: ExpectedAnswer) -> Mark:
        """Seen or missed where something should fire; quiet or wrongly flagged elsewhere. Of a
        known gap nobody expects anything: what is not seen there is quiet, not missed."""
        if self.said is Said.UNKNOWN:
            return Mark.UNKNOWN
        if self.said is Said.SAW:
            wrong = expect in (ExpectedAnswer.SILENT, ExpectedAnswer.SUPPRESSED)
            return Mark.FLAGGED if wrong else Mark.SAW
        return Mark.MISSED if expect is ExpectedAnswer.FIRES else Mark.QUIET


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A rule that was found, and why it was not run, if it was not."""

    name: str
    """``R1``, ``R2`` ...: how the table calls it."""
    file: str
    form: Form | None
    title: str
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One case on one source."""

    case: str
    source: str
    title: str
    expect: ExpectedAnswer
    analytic: Cell
    cells: tuple[Cell, ...]
    """One per rule, in the rules' order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every rule on every case that was acted."""

    run_id: str
    rules: tuple[Asked, ...]
    cases: tuple[Compared, ...]
    elsewhere: int = 0
    """Rules that are not made for macOS, and so were not asked."""
    acted: bool = True
    """Whether any case was acted, on whatever source."""
    notes: tuple[str, ...] = ()

    def marks(self, place: int) -> dict[Mark, int]:
        """How often a rule got each mark; of cases in which one answer is right."""
        asked = [item for item in self.cases if item.expect is not ExpectedAnswer.GAP]
        found = [item.cells[place].mark(item.expect) for item in asked]
        return {mark: found.count(mark) for mark in Mark}

    @property
    def wanted(self) -> int:
        """In how many cases something should fire."""
        return sum(item.expect is ExpectedAnswer.FIRES for item in self.cases)

    @property
    def benign(self) -> int:
        """In how many cases nothing should fire, or only what a workflow documents."""
        quiet = (ExpectedAnswer.SILENT, ExpectedAnswer.SUPPRESSED)
        return sum(item.expect in quiet for item in self.cases)


def exit_code(found: Comparison) -> int:
    """0 every rule saw every variant and flagged nothing else; 1 some rule missed a variant or
    wrongly flagged a case; 3 no case was acted; 4 nothing of that, but some rule could not be run,
    or could not look at some case, or there are no records of any, or no rule was asked."""
    if not found.acted:
        return 3
    marks = [cell.mark(item.expect) for item in found.cases for cell in item.cells]
    if Mark.MISSED in marks or Mark.FLAGGED in marks:
        return 1
    unsure = (
        not (found.cases and found.rules)
        or Mark.UNKNOWN in marks
        or any(item.problem for item in found.rules)
    )
    return 4 if unsure else 0
