"""Documented business workflows: what may run, who answers for it, and until when.

An entry suppresses a detection visibly; it never excludes. Path-only entries are refused: every
public exclusion list is path- or name-only, and so forgeable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a process or script must be: a path glob *and* what a forger lacks."""

    path: str
    team_id: str | None = None
    signing_id: str | None = None
    cdhash: str | None = None
    sha256: str | None = None
    """Of a script's content: scripts are unsigned, and their interpreter's signature is Apple's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One baseline entry."""

    id: str
    owner: str
    reason: str
    subject: Literal["image", "script", "ancestor"]
    match: Match
    branch: Literal["A", "B", "AB"]
    first_seen: date
    review_by: date
    expires: date
    evidence: str
    enabled: bool = True
    """False for an example: it is checked like every other, and suppresses nothing."""
    placeholders: tuple[str, ...] = ()
    """Which of its facts stand for ones to be taken from a real host; then it must be disabled."""
    ancestor: Match | None = None
    """Besides the subject, some ancestor at spawn time must be this."""
    writer: Match | None = None
    """Branch B: besides the subject, the process that wrote the drop must be this."""

    def __post_init__(self) -> None:
        signed = (self.match.team_id, self.match.signing_id, self.match.cdhash)
        if self.subject == "script" and self.match.sha256 is None:
            raise ValueError("a script entry needs its sha256: a path alone can be forged")
        if self.subject != "script" and not any(signed):
            raise ValueError("needs a team_id, signing_id or cdhash: a path alone can be forged")
        if self.subject != "script" and self.match.sha256 is not None:
            raise ValueError("sha256 is for scripts; give an image's cdhash instead")
        for other in (self.ancestor, self.writer):
            if other and not any((other.team_id, other.signing_id, other.cdhash)):
                raise ValueError("ancestor and writer need a team_id, signing_id or cdhash too")
        if self.enabled and self.placeholders:
            raise ValueError("placeholders must be filled in before the entry is enabled")
        if not self.first_seen <= self.review_by <= self.expires:
            raise ValueError("first_seen, review_by and expires must follow in this order")
