"""report.html: the whole run in one file for people: no script, nothing loaded, nothing active.

Everything that comes from a run passes two gates on its way into the page: control and direction
characters become visible, and Jinja escapes the rest. The page's own policy (CSP level 2) forbids
whatever might still get through: only the one stylesheet below, by its hash, is allowed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from witnessmark.model.verdicts import Link, Status
from witnessmark.report import matrix, summary, svg
from witnessmark.report.plain import visible
from witnessmark.report.verdicts_json import totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.model.verdicts import CaseVerdict, Finding, RunVerdict

TEMPLATES = Path(__file__).parent / "templates"
SIGNS = {
    Status.PASS: ("p", "\N{CHECK MARK}"),
    Status.FAIL: ("f", "\N{BALLOT X}"),
    Status.ERROR: ("e", "?"),
    Status.SKIP: ("s", "\N{EN DASH}"),
    Status.PENDING: ("w", "\N{HORIZONTAL ELLIPSIS}"),
}
"""A status as a class of the stylesheet and as a sign."""
Column = tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case id without its host, and its case on every host and source (None: not played)."""

    name: str
    title: str
    cells: tuple[tuple[int, CaseVerdict] | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one or several checks of a case found alike."""

    found: Finding
    whole: bool
    """Whether expected and observed are told too: of everything but what was proved or skipped."""
    names: str
    evidence: str


def render(run: RunVerdict) -> str:
    """The whole run as one HTML page; the same run always gives the same bytes."""
    style = (TEMPLATES / "report.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    columns = tuple(dict.fromkeys((case.host, case.source) for case in run.cases))
    text, good = summary.headline(run)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            style=Markup(style),  # noqa: S704 - our own file, nothing of a run is in it
            style_hash=f"sha256-{digest}",
            headline=text,
            good=good,
            totals=totals(run),
            columns=columns,
            rows=_rows(run.cases, columns),
            many_sources=len({source for _, source in columns}) > 1,
            not_claimed=summary.not_claimed(run),
            links=tuple(Link),
        )
    )


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_inert,
    )
    found.globals.update(
        timeline=svg.timeline,
        tone=summary.tone,
        verdict=summary.verdict,
        reasons=summary.reasons,
        legend=summary.LEGEND,
        statuses=tuple(Status),
        fact=_fact,
        findings=_findings,
        told=matrix.cell,
        sign=SIGNS,
    )
    return found


def _inert(value: object) -> object:
    """The first gate: whatever text the page shows has no control or direction characters."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def _rows(cases: Sequence[CaseVerdict], columns: Sequence[Column]) -> tuple[Row, ...]:
    table: dict[str, dict[Column, tuple[int, CaseVerdict]]] = {}
    for number, case in enumerate(cases):
        name = case.id.removesuffix(f":{case.host}")
        table.setdefault(name, {})[(case.host, case.source)] = (number, case)
    return tuple(
        Row(
            name=name,
            title=next(iter(cells.values()))[1].title,
            cells=tuple(cells.get(column) for column in columns),
        )
        for name, cells in table.items()
    )


def _findings(case: CaseVerdict) -> list[Told]:
    """A case's findings in the order of the links; the same said by several checks is said once."""
    order = list(Link)
    same: dict[object, list[Finding]] = {}
    for found in sorted(case.findings, key=lambda found: order.index(found.link)):
        whole = found.status not in (Status.PASS, Status.SKIP)
        detail = (found.expected, found.observed, found.first_provable) if whole else ()
        same.setdefault((found.link, found.status, found.message, detail), []).append(found)
    return [_told(group) for group in same.values()]


def _told(group: Sequence[Finding]) -> Told:
    names = dict.fromkeys(found.validator.replace("_", " ") for found in group)
    evidence = dict.fromkeys(name for found in group for name in found.evidence)
    return Told(
        found=group[0],
        whole=group[0].status not in (Status.PASS, Status.SKIP),
        names=", ".join(names),
        evidence=" ".join(evidence),
    )


def _fact(facts: Mapping[str, object]) -> list[tuple[str, str]]:
    """What a host said of itself, without what it did not say."""
    told = []
    for name, value in facts.items():
        if value in (None, "", [], ()):
            continue
        many = isinstance(value, list | tuple)
        text = ", ".join(map(_said, value)) if many else str(value)  # type: ignore[call-overload]
        told.append((name.replace("_", " "), text))
    return told


def _said(item: object) -> str:
    """One of several things that a host said; of a sensor, what is known of it."""
    if not isinstance(item, Mapping):
        return str(item)
    known = [f"{key.replace('_', ' ')} {value}" for key, value in item.items() if value]
    return "; ".join(known)
