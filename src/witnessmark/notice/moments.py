"""Moments as a notice writes them: RFC 3339 in UTC, whole seconds."""

from __future__ import annotations

import datetime as dt
import re

from witnessmark.content.quoting import quoted

FORM = "%Y-%m-%dT%H:%M:%SZ"
FIRST, LAST = 1970, 2200
"""Years of which nanoseconds since 1970 fit wherever a moment goes."""
_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def nanoseconds(text: str) -> int:
    """The moment that an RFC 3339 text names, in nanoseconds since 1970 (UTC).

    Raises:
        ValueError: for any other form; a time without a zone could be meant in any.
    """
    if not _SHAPE.fullmatch(text):
        raise ValueError(f"{quoted(text)} is no moment: write it like 2026-11-24T14:00:00Z")
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is no moment: there is no such day or time") from None
    if not FIRST < moment.year < LAST:
        raise ValueError(f"{quoted(text)} is not between the years {FIRST} and {LAST}")
    return int(moment.timestamp()) * 10**9


def day(text: str) -> int:
    """As ``nanoseconds``; a date alone is the beginning of that day.

    Raises:
        ValueError: for any other form.
    """
    if not re.match(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(
            f"{quoted(text)} is no moment: write it like 2026-11-24 or 2026-11-24T14:00:00Z"
        )
    return nanoseconds(f"{text}T00:00:00Z" if len(text) == len("2026-11-24") else text)


def written(moment_ns: int) -> str:
    """A moment in the one form that a notice has; parts of a second are cut off."""
    return dt.datetime.fromtimestamp(moment_ns // 10**9, dt.UTC).strftime(FORM)
