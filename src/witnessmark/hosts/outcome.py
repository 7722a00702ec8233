"""How preparing or cleaning one host ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How preparing or cleaning one host ended."""

    OK = "ok"
    REFUSED = "refused"
    """It must not be used: no consent, not a lab host, or a symbolic link where ours would be."""
    UNREACHABLE = "unreachable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareResult:
    """What happened on one host."""

    host: str
    outcome: Outcome
    reason: str | None = None
    """One sentence that names the host and the mend; None if and only if all went well."""
    changed: bool = False
    """False if the host already was as wanted."""
    consent_owner: str = ""
    consent_expires: str = ""
    system: str = ""
    """What ``uname -s`` said (``Darwin`` on a Mac)."""
    told: tuple[tuple[str, str], ...] = ()
    """What cleaning up found and did: (removed, found, running or spared; what)."""

    @property
    def ok(self) -> bool:
        """Whether the host is ready (or clean)."""
        return self.outcome is Outcome.OK
