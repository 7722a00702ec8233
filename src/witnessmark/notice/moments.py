"""Moments as a notice writes them: RFC 3339 in UTC, whole seconds."""

from __future__ import annotations

import datetime as dt
import re

FORM = "%Y-%m-%dT%H:%M:%SZ"
_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def nanoseconds(text: str) -> int:
    """The moment that an RFC 3339 text names, in nanoseconds since 1970 (UTC).

    Raises:
        ValueError: for any other form; a time without a zone could be meant in any.
    """
    if not _SHAPE.fullmatch(text):
        raise ValueError(f"{text!r} is no moment: write it like 2026-11-24T14:00:00Z")
    try:
        return int(dt.datetime.fromisoformat(text).timestamp()) * 10**9
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no moment: there is no such day or time") from None


def written(moment_ns: int) -> str:
    """A moment in the one form that a notice has; parts of a second are cut off."""
    return dt.datetime.fromtimestamp(moment_ns // 10**9, dt.UTC).strftime(FORM)
