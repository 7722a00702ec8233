"""How an error shows a value that somebody else wrote: in quotes, and never without end."""

from __future__ import annotations

MOST = 60
"""Characters of a value that are shown; what it is can be told by fewer."""


def quoted(value: object) -> str:
    """A text in quotes, another value as Python has it; of a long one the beginning, and how
    long it is."""
    if not isinstance(value, str):
        return cut(repr(value))
    return repr(value) if len(value) <= MOST else f"{value[:MOST]!r}... ({len(value)} characters)"


def cut(text: str) -> str:
    """A name as it is; of a long one the beginning, and how long it is."""
    return text if len(text) <= MOST else f"{text[:MOST]}... ({len(text)} characters)"
