"""The comparison of rules with AN0994, as a table for reading and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from witnessmark.compare.comparison import Mark, Said
from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from witnessmark.compare.comparison import Asked, Comparison

STYLES = {
    Mark.SAW: "green",
    Mark.MISSED: "bold red",
    Mark.QUIET: "dim",
    Mark.FLAGGED: "bold red",
    Mark.UNKNOWN: "bold yellow",
}
MOST_REASONS = 40
MOST_COLUMNS = 12


def table(found: Comparison) -> RenderableType:
    """The rules, one row per case, and what each rule comes to."""
    return Group(
        *_rules(found), Text(""), _cases(found), *_reasons(found), Text(""), *_totals(found)
    )


def as_json(found: Comparison) -> str:
    """The same in ASCII: no byte of a rule or of telemetry can act on a terminal."""
    data = {
        "type": "comparison",
        "run_id": found.run_id,
        "rules": [
            asdict(rule) | {"totals": _counts(found, place)}
            for place, rule in enumerate(found.rules)
        ],
        "not_for_macos": found.elsewhere,
        "cases": [
            {
                "case": item.case,
                "source": item.source,
                "expect": item.expect.value,
                "AN0994": asdict(item.analytic) | {"mark": item.analytic.mark(item.expect).value},
                "rules": {
                    rule.name: asdict(cell) | {"mark": cell.mark(item.expect).value}
                    for rule, cell in zip(found.rules, item.cells, strict=True)
                },
            }
            for item in found.cases
        ],
        "notes": list(found.notes),
    }
    return json.dumps(data, indent=1) + "\n"


def _counts(found: Comparison, place: int) -> dict[str, int]:
    marks = found.marks(place)
    return {
        "saw": marks[Mark.SAW],
        "of": found.wanted,
        "missed": marks[Mark.MISSED],
        "wrongly_flagged": marks[Mark.FLAGGED],
        "of_benign": found.benign,
        "could_not_look": marks[Mark.UNKNOWN],
    }


def _rules(found: Comparison) -> list[Text]:
    lines = [Text(visible(_named(rule)), _style(rule)) for rule in found.rules]
    if found.elsewhere:
        lines.append(Text(f"{found.elsewhere} more are not for macOS, and were not asked", "dim"))
    return lines


def _named(rule: Asked) -> str:
    title = f" ({rule.title})" if rule.title else ""
    trouble = f": could not look: {rule.problem}" if rule.problem else ""
    return f"{rule.name} {rule.form} {rule.file}{title}{trouble}"


def _style(rule: Asked) -> str:
    return "bold yellow" if rule.problem else ""


def _cases(found: Comparison) -> Table:
    shown = _shown(found)
    view = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=True)
    view.add_column("case", overflow="fold")
    sources = len({item.source for item in found.cases}) > 1
    if sources:
        view.add_column("source", overflow="fold")
    for name in ("expects", "AN0994", *(found.rules[place].name for place in shown)):
        view.add_column(name, no_wrap=True)
    for item in found.cases:
        cells = (item.analytic, *(item.cells[place] for place in shown))
        marks = [cell.mark(item.expect) for cell in cells]
        view.add_row(
            Text(visible(item.case)),
            *([Text(visible(item.source))] if sources else []),
            Text(item.expect.value),
            *(Text(mark.value, STYLES[mark]) for mark in marks),
        )
    return view


def _shown(found: Comparison) -> list[int]:
    """The rules that get a column: those that ran, and of many only those that hit anything."""
    ran = [place for place, rule in enumerate(found.rules) if not rule.problem]
    if len(ran) <= MOST_COLUMNS:
        return ran
    hit = [any(item.cells[place].said is Said.SAW for item in found.cases) for place in ran]
    return [place for place, anything in zip(ran, hit, strict=True) if anything]


def _reasons(found: Comparison) -> list[Text]:
    """Why nobody could look; the same reason of many cases is told once, with their number."""
    told: dict[tuple[str, str], list[str]] = {}
    ran = [(place, rule) for place, rule in enumerate(found.rules) if not rule.problem]
    for item in found.cases:
        cells = [("AN0994", item.analytic)]
        cells += [(rule.name, item.cells[place]) for place, rule in ran]
        for name, cell in cells:
            if cell.reason and cell.said is Said.UNKNOWN:
                told.setdefault((name, cell.reason), []).append(item.case)
    lines = [
        Text(visible(f"  ? {name} on {ids[0]}{_more(ids)}: {reason}"))
        for (name, reason), ids in told.items()
    ]
    left = len(lines) - MOST_REASONS
    more = [Text(f"  and {left} more reasons: --format json has all")] if left > 0 else []
    return [Text(""), *lines[:MOST_REASONS], *more] if lines else []


def _more(ids: list[str]) -> str:
    return "" if len(ids) == 1 else f" and {len(ids) - 1} more"


def _totals(found: Comparison) -> list[Text]:
    lines = [Text(visible(note), "dim") for note in found.notes]
    for place, rule in enumerate(found.rules):
        if rule.problem:
            lines.append(Text(f"{rule.name} could not look", "bold yellow"))
            continue
        count = _counts(found, place)
        text = (
            f"{rule.name} saw {count['saw']} of {count['of']} variants and wrongly flagged "
            f"{count['wrongly_flagged']} of {count['of_benign']} benign cases; "
            f"it could not look at {count['could_not_look']}"
        )
        good = not (count["missed"] or count["wrongly_flagged"] or count["could_not_look"])
        lines.append(Text(text, "bold green" if good else "bold red"))
    return lines
