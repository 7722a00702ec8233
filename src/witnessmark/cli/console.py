"""Progress goes to stderr, results to stdout, colours only to a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from witnessmark.fleet import Watch
    from witnessmark.model.run import Act, Case

WIDE = 140
"""Columns of a table that goes into a pipe, where there is no terminal to fit."""


def out() -> Console:
    """The console for results."""
    return Console(
        file=sys.stdout,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if sys.stdout.isatty() else WIDE,
    )


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
    failed = [f"{item.phase.value} exit {item.status}" for item in act.phases if item.status != 0]
    return ", ".join(failed) or "acted"
