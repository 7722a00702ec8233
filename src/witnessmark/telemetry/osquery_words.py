"""The words of an osquery ``cmdline``, which its tables join and quote like C++'s streams."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?= |$)|([^ ]*)(?= |$)')


def words(cmdline: str, count: int | None) -> tuple[str, ...] | None:
    """The words of a cmdline, in which osquery quotes only where it must; None if in doubt.

    A space follows each word, the last too (appendQuotedString in es_utils.cpp), unless the log's
    way here took it off.
    """
    whole = _split(cmdline)
    if cmdline.endswith(" ") and count in (None, len(whole) - 1):
        whole.pop()
    return tuple(whole) if count is None or count == len(whole) else None


def _split(cmdline: str) -> list[str]:
    found = []
    place = 0
    while place <= len(cmdline):
        match = _WORD.match(cmdline, place)
        assert match is not None  # what is no whole quotation is a bare word, if an empty one
        quoted = match[1]
        found.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else match[2])
        place = match.end() + 1
    return found
