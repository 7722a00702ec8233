"""The terminal view: one row per case, its six links, its verdict and its first broken link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from witnessmark.model.verdicts import Link, Status
from witnessmark.report import matrix
from witnessmark.report.plain import visible
from witnessmark.report.summary import LEGEND, QUIET, headline, reasons, verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

    from witnessmark.model.verdicts import CaseVerdict, RunVerdict

STYLES = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.ERROR: "bold yellow",
    Status.SKIP: "dim",
    Status.PENDING: "cyan",
}
SHORT = {
    Link.ACTED: "act",
    Link.RECORDED: "rec",
    Link.DELIVERED: "dlv",
    Link.DETECTED: "det",
    Link.RETAINED: "ret",
    Link.CLEANED: "cln",
}
NARROW = 120
"""Below this many columns the headings are shortened, so that case ids need not break."""


def render(run: RunVerdict, width: int = NARROW) -> RenderableType:
    """The table, the reasons of every case that is not ok, what is pending, and the totals."""
    return Group(_table(run, narrow=width < NARROW), *_reasons(run), *_pending(run), *_closing(run))


def _table(run: RunVerdict, *, narrow: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=True)
    sources = len({case.source for case in run.cases}) > 1
    table.add_column("case", overflow="fold")
    if sources:
        table.add_column("source", overflow="fold")
    for link in Link:
        table.add_column(SHORT[link] if narrow else link.value, no_wrap=True)
    table.add_column("verdict", overflow="fold")
    table.add_column("broken" if narrow else "first broken link", overflow="fold")
    for case in run.cases:
        source = [Text(visible(case.source or "-"))] if sources else []
        table.add_row(Text(visible(case.id)), *source, *_links(case), _verdict(case), _broken(case))
    return table


def _links(case: CaseVerdict) -> list[Text]:
    said = dict(case.links)
    return [Text(LEGEND[said[link]][0], STYLES[said[link]]) for link in Link]


def _verdict(case: CaseVerdict) -> Text:
    style = "dim" if case.verdict in QUIET else ("green" if case.ok else "bold red")
    return Text(verdict(case), style=style)


def _broken(case: CaseVerdict) -> Text:
    if case.first_broken_link is None:
        return Text("-", style="dim")
    return Text(case.first_broken_link.value, style="bold red")


def _reasons(run: RunVerdict) -> list[Text]:
    """Why cases are not ok; the same reason of many cases is told once, with their number."""
    told: dict[str, dict[str, None]] = {}
    for case in run.cases:
        for found in reasons(case):
            text = f"{found.link.value} {found.status.value}: {found.message}"
            told.setdefault(text, {})[case.id] = None
    for case in run.cases:
        if case.blame is not None:
            told.setdefault(f"blame {case.blame.fault.value}: {case.blame.reason}", {})[case.id] = (
                None
            )
        for alert in case.related:
            told.setdefault(f"related alert, never counted: {alert}", {})[case.id] = None
    lines = [Text(visible(f"  {_who(list(ids))}: {text}")) for text, ids in told.items()]
    return [Text(""), *lines] if lines else []


def _who(ids: list[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more"


def _pending(run: RunVerdict) -> list[Text]:
    said = {
        (found.link.value, found.first_provable, found.message)
        for case in run.cases
        for found in case.findings
        if found.first_provable
    }
    lines = [
        Text(visible(f"  later: {link}: {why}"), style="cyan") for link, _, why in sorted(said)
    ]
    return [Text(""), *lines] if lines else []


def _hosts(run: RunVerdict) -> list[Text]:
    """What is wrong with a host itself, a line each; what nobody knows of it, in one."""
    lines = []
    for host in dict.fromkeys(item.host for item in run.host_findings):
        ours = [item for item in run.host_findings if item.host == host]
        lines += [
            Text(visible(f"{host}, {item.name}: {item.message}"), style="bold yellow")
            for item in ours
            if item.status is Status.FAIL
        ]
        unknown = ", ".join(item.name for item in ours if item.status is Status.ERROR)
        if unknown:
            lines.append(Text(visible(f"not known of {host}: {unknown}"), style="dim"))
    return lines


def _closing(run: RunVerdict) -> list[Text]:
    told = f"run {run.run_id} ({run.origin}), judged as of {run.as_of}"
    lines = [Text(""), Text(visible(told), style="dim")]
    lines += [
        Text(
            visible(f"control on {item.host}, {item.source}: {item.reason}"),
            style="dim" if item.before and item.after else "bold yellow",
        )
        for item in run.controls
    ]
    lines += _hosts(run)
    lines += [Text(visible(line), style="dim") for line in matrix.lines(run)]
    lines += [Text(visible(note), style="dim") for note in run.notes]
    text, good = headline(run)
    lines.append(Text(text, "bold green" if good else "bold red"))
    return lines
