"""What a source told of each case, field by field, and how good it was as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Of one field of one record."""

    PRESENT = "present"
    MISSING = "missing"
    """The record, or only this field of it, is not there, and somebody could look."""
    REDACTED = "redacted"
    SIMULATED = "simulated"
    """The recording host or kind of source cannot know it."""
    LATE = "late"
    NEVER = "never"
    """A record that this kind of source never has: its coverage gap, and nobody's failure."""
    UNKNOWN = "unknown"
    """Nobody could look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One field that a scenario names, in the record of one step."""

    record: str
    field: str
    """Empty: the scenario asks for the record alone."""
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One of DeTT&CT's dimensions of data quality, as measured in a run."""

    name: str
    share: float | None
    """0 to 1; None where nobody could tell."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """One source over all hosts of a run."""

    source: str
    dimensions: tuple[Dimension, ...]
