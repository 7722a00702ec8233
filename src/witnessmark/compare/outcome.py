"""What one rule said about one stream: what it hit, and what it could not decide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """The languages of rules that can be executed here."""

    SIGMA = "sigma"
    EQL = "eql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A record about which the rule cannot be decided, because these fields are not told."""

    event_id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer of a rule over a stream. With a ``problem`` it was not run to its end."""

    hits: tuple[tuple[str, ...], ...] = ()
    """Of each alert the ids of the records that it is made of."""
    open: tuple[Open, ...] = ()
    needs: tuple[str, ...] = ()
    """The categories of records that the rule reads (``process_creation``, ``file_event``)."""
    problem: str | None = None
    """Why nobody knows what it would have said, in one sentence."""


class Unrunnable(ValueError):  # noqa: N818 - reads as the sentence it raises
    """A rule that cannot be run here, with the reason; it is never taken for a silent one."""
