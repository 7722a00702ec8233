"""Whether what an alert shows belongs to a notice: a mark, or a path or command line with one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from witnessmark.model.notice import Notice

_FOUND = re.compile(
    r"(?<![0-9a-z])(?:wm-)?(?P<run>[0-9]{8}t[0-9]{6}z-[0-9a-f]{6})"
    r"(?:-(?:(?P<case>[0-9]{3,6})(?P<phase>[sac])|(?P<end>end)))?(?![0-9a-z])"
)
PHASES = {"s": "setup", "a": "attack", "c": "cleanup"}


def strange(notice: Notice, text: str) -> str | None:
    """Why a text does not belong to the notice, or None if every mark and run id in it does."""
    found = list(_FOUND.finditer(text))
    if not found:
        return "there is no mark and no run id in it"
    for item in found:
        if item["run"] != notice.run:
            return f"{item[0]} is of run {item['run']}, and this notice announces {notice.run}"
        if item["case"] and not 1 <= int(item["case"]) <= notice.cases:
            return f"{item[0]}: the notice announces only {notice.cases} cases"
    return None


def told(text: str) -> str:
    """What the first whole mark in a text says of itself, such as ``case 25, attack``."""
    for item in _FOUND.finditer(text):
        if item["case"]:
            return f"case {int(item['case'])}, {PHASES[item['phase']]}"
        if item["end"]:
            return "the command that ends a run"
    return "the run's own folder or file"
