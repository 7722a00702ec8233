"""Progress goes to stderr, results to stdout, colours only to a terminal."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console

from witnessmark.report import table
from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from witnessmark.fleet import Watch
    from witnessmark.model.run import Act, Case
    from witnessmark.model.verdicts import RunVerdict

WIDE = 2000
"""Columns of what goes into a pipe: nothing is wrapped where no terminal limits it."""


def show(run: RunVerdict) -> None:
    """Print the judged run: to a terminal in colours and its width, into a pipe as plain lines."""
    if sys.stdout.isatty():
        console = Console(highlight=False, markup=False, emoji=False)
        console.print(table.render(run, console.width))
        return
    lines = io.StringIO()
    console = Console(file=lines, width=WIDE, highlight=False, markup=False, emoji=False)
    console.print(table.render(run, WIDE))
    click.echo("\n".join(line.rstrip() for line in lines.getvalue().splitlines()))


def watch(*, quiet: bool) -> Watch:
    """Progress on stderr, one plain line per step; nothing with ``quiet``."""
    from witnessmark.fleet import Watch

    if quiet:
        return Watch()
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def stage(text: str) -> None:
        console.print(f"witnessmark: {visible(text)}", style="dim")

    def acted(case: Case, act: Act) -> None:
        console.print(f"  {visible(case.id)}: {visible(_how(act))}", style="dim")

    return Watch(stage=stage, acted=acted)


def _how(act: Act) -> str:
    if act.skipped:
        return f"not applicable ({act.skipped})"
    if act.error:
        return f"could not be acted ({act.error.splitlines()[0]})"
    failed = [
        f"{item.phase.value} {'ended early' if item.status is None else f'exit {item.status}'}"
        for item in act.phases
        if item.status != 0
    ]
    return ", ".join(failed) or "acted"
