"""Whether what an alert shows belongs to a notice: a mark, or a path or command line with one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.notice import Notice

_LIKE = re.compile(
    r"(?<![0-9a-z])(?:wm-)?[0-9]{8}t[0-9]{6}z-[0-9a-z]+(?:-[0-9a-z]+)?", re.ASCII | re.IGNORECASE
)
"""All that could be taken for a run id or a mark, so that none slips by for being malformed."""
_EXACT = re.compile(
    r"(?:wm-)?(?P<run>[0-9]{8}t[0-9]{6}z-[0-9a-f]{6})"
    r"(?:-(?:(?P<case>[0-9]{3}|[1-9][0-9]{3,5})(?P<phase>[sac])|end))?"
)
PHASES = {"s": "setup", "a": "attack", "c": "cleanup"}


def strange(notice: Notice, text: str) -> str | None:
    """Why a text does not belong to the notice, or None if every mark and run id in it does."""
    found = _LIKE.findall(text)
    if not found:
        return "there is no mark and no run id in it"
    return next(_reasons(notice, found), None)


def _reasons(notice: Notice, found: list[str]) -> Iterator[str]:
    for text in found:
        item = _EXACT.fullmatch(text)
        if item is None:
            yield f"{text[:80]} is no mark and no run id as a run writes them"
        elif item["run"] != notice.run:
            yield f"{text} is of run {item['run']}, and this notice announces {notice.run}"
        elif item["case"] and not 1 <= int(item["case"]) <= notice.cases:
            yield f"{text}: the notice announces only {notice.cases} cases"


def told(text: str) -> str:
    """What the first whole mark in a text says of itself, such as ``case 25, attack``."""
    for found in _LIKE.findall(text):
        item = _EXACT.fullmatch(found)
        if item and item["case"]:
            return f"case {int(item['case'])}, {PHASES[item['phase']]}"
        if item and found.endswith("-end"):
            return "the command that ends a run"
    return "the run's own folder or file"
