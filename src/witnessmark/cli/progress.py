"""A row per host while a run goes on: how many of its cases are through, and how the last went."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column

from witnessmark.cli.console import how
from witnessmark.fleet import Watch
from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from witnessmark.model.run import Act, Case, Plan

BAR = 16
"""Columns of a bar; in a terminal of 60 columns there is room for the rest beside it."""


@contextmanager
def rows(plan: Plan, console: Console) -> Iterator[Watch]:
    """A watch that keeps the rows up to date; they are gone when the run is over.

    What was not simply acted stays on the screen as a line above them.
    """
    last = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    progress = Progress(
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(BAR if console.width >= 80 else 6),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}", markup=False, style="dim", table_column=last),
        console=console,
        transient=True,
        expand=True,
        redirect_stdout=False,
    )
    tasks = {
        host.name: progress.add_task(
            visible(host.name), total=sum(case.host == host.name for case in plan.cases), last=""
        )
        for host in plan.hosts
    }

    def stage(text: str) -> None:
        console.print(f"witnessmark: {visible(text)}", style="dim")

    def acted(case: Case, act: Act) -> None:
        said = how(act)
        text = f"{visible(case.id)}: {visible(said)}"
        progress.update(tasks[case.host], advance=1, last=text)
        if said != "acted":
            console.print(f"  {text}", style="dim")

    with progress:
        yield Watch(stage=stage, acted=acted)
