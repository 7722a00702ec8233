"""The run as Markdown, such as GitHub shows for a job: worst first, and within the size it takes.

Text from a run is made inert as character references inside a code element: a reference is never
structure (CommonMark 0.31, 2.5), so no table, link, emphasis or HTML comes of it, and GitHub looks
for mentions and issue numbers in no code element.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from witnessmark.model.verdicts import Link
from witnessmark.report import summary
from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from witnessmark.model.verdicts import CaseVerdict, RunVerdict

MOST_BYTES = 1024 * 1024
"""GitHub refuses a job summary of more than 1 MiB per step, as a whole."""
SPARE = 4096
"""Bytes kept for the sentences that say what was left out."""
LONGEST = 2000
"""Characters of one text; a telemetry field may be as long as its sender likes."""
PUNCTUATION = re.compile(r"[^\w \u00a0-\U0010ffff,-]|_", re.ASCII)
ORDER = {"bad": 0, "good": 1, "quiet": 2}


def render(run: RunVerdict, most_bytes: int = MOST_BYTES) -> str:
    """The whole run in at most so many bytes of UTF-8; it says how many rows were left out."""
    text, good = summary.headline(run)
    opening = [f"### {'✅' if good else '❌'} witnessmark: {text}", "", *_loud(run), *_head()]
    cases = sorted(run.cases, key=lambda case: ORDER[summary.tone(case)])
    closing = ["", *_facts(run)]
    room = most_bytes - SPARE - _size(opening) - _size(closing)
    rows = _fitting([_row(case) for case in cases], room)
    told = [line for case in cases for line in _reasons(case)]
    why = _fitting(told, room - _size(rows))
    lines = [*opening, *rows, *_left_out(len(cases) - len(rows), "rows")]
    if why:
        lines += ["", "#### Why", "", *why, *_left_out(len(told) - len(why), "reasons")]
    return "\n".join([*lines, *closing]) + "\n"


def inert(text: str) -> str:
    """Text as a code element that can be nothing but text, in a table too."""
    shown = visible(text)
    if len(shown) > LONGEST:
        shown = f"{shown[:LONGEST]}... ({len(shown) - LONGEST} more characters)"
    # The comment parts what might otherwise be read as an address.
    safe = PUNCTUATION.sub(lambda found: f"&#{ord(found.group())};", shown)
    return f"<code>{safe.replace('&#64;', '&#64;<!-- -->')}</code>"


def _loud(run: RunVerdict) -> list[str]:
    if "stand-in" not in run.origin:
        return []
    return ["**Origin stand-in: this proves the suite, not your coverage.**", ""]


def _head() -> list[str]:
    names = ["case", "source", *(link.value for link in Link), "verdict", "first broken link"]
    return [f"| {' | '.join(names)} |", "|" + " --- |" * len(names)]


def _row(case: CaseVerdict) -> str:
    said = dict(case.links)
    marks = [summary.LEGEND[said[link]][0] for link in Link]
    marks = [f"**{mark}**" if mark in ("FAIL", "?") else mark for mark in marks]
    broken = case.first_broken_link.value if case.first_broken_link else "-"
    verdict = inert(summary.verdict(case)) + (" (lab)" if case.lab else "")
    cells = [inert(case.id), inert(case.source or "-"), *marks, verdict, broken]
    return f"| {' | '.join(cells)} |"


def _reasons(case: CaseVerdict) -> list[str]:
    return [
        f"* {inert(case.id)} {found.link.value} {found.status.value}: {inert(found.message)}"
        for found in summary.reasons(case)
    ]


def _facts(run: RunVerdict) -> list[str]:
    pairs = {
        "run": run.run_id,
        "origin": run.origin,
        "judged as of": run.as_of,
        "profile": run.profile or "deployed parameters",
        "bag (SHA-256)": run.bag_sha256,
    }
    wrong = [f"{item.host}, {item.name}: {item.message}" for item in summary.wrong_hosts(run)]
    told = [*wrong, *run.notes]
    notes = [f"* {inert(note)}" for note in told[:50]]
    more = _left_out(len(told) - len(notes), "notes")
    return [*(f"* {name}: {inert(value)}" for name, value in pairs.items()), *notes, *more]


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """As many lines from the first on as there is room for."""
    taken = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        taken.append(line)
    return taken


def _left_out(count: int, what: str) -> list[str]:
    if not count:
        return []
    return ["", f"**{count} {what} are left out here for want of room; report.html has them all.**"]


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
