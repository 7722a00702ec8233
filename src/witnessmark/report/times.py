"""Times as reports write them."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(moment_ns: int) -> str:
    """A time in UTC with nanoseconds (RFC 3339)."""
    seconds, rest = divmod(moment_ns, 1_000_000_000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{moment_ns} ns"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
