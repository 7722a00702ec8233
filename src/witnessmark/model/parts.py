"""A run in parts: what a controller that died and was resumed could not watch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A time without a controller: the earlier one died, and `resume` went on later.

    Each moment is of the controller that saw it, in nanoseconds UTC; their clocks may differ.
    """

    since_ns: int
    """The earlier controller's last journal entry."""
    until_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Where in a source's bytes one controller stopped collecting and the next went on."""

    part: int
    """The part of the run that begins behind it: 1 after the first resume."""
    offset: int
    """Byte offset in the raw file at which the next controller went on."""
    lost: bool
    """True for a live stream: what it said meanwhile is gone. False for a file that was read on
    where it stopped: nothing is missing, but nobody knows when those bytes came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorFact:
    """What is deployed for one source of a host, as far as the inventory says how to ask."""

    source: str
    version: str = ""
    """The sensor's own word; empty where nobody asked, or where it did not say."""
    policy: str = ""
    rule_sha256: str | None = None
    rule_kept: bool = False
    """Whether the rule's text lies in the bag, as ``rules/<host>/<source>``."""
    problem: str | None = None
    """What could not be told, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionProfile:
    """How long evidence must stay readable, and who says so (inventory/retention/)."""

    id: str
    title: str
    required: str
    why: str
    source: str = ""
    """Who published the number, and where; empty for an organisation's own choice."""
    status: str = ""
    """What is doubtful about it: rescinded, practice, disputed."""
