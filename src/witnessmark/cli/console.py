"""Progress goes to stderr, results to stdout, colours only to a terminal."""

from __future__ import annotations

import io
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console

from witnessmark.report import table
from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

    from witnessmark.fleet import Watch
    from witnessmark.model.run import Act, Case, Plan
    from witnessmark.model.verdicts import RunVerdict

WIDE = 2000
"""Columns of what goes into a pipe: nothing is wrapped where no terminal limits it."""


def show(run: RunVerdict) -> None:
    """Print the judged run: to a terminal in colours and its width, into a pipe as plain lines."""
    put(lambda width: table.render(run, width))


def put(view: Callable[[int], RenderableType]) -> None:
    """Print what ``view`` makes for a width, coloured to a terminal, as plain lines into a pipe."""
    if sys.stdout.isatty():
        console = Console(highlight=False, markup=False, emoji=False)
        console.print(view(console.width))
        return
    click.echo(_plain(view), nl=False)


def plain(run: RunVerdict) -> str:
    """The same table as plain lines, as it goes into a pipe or a file."""
    return _plain(lambda width: table.render(run, width))


def _plain(view: Callable[[int], RenderableType]) -> str:
    lines = io.StringIO()
    console = Console(
        file=lines,
        width=WIDE,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None,
        force_terminal=False,
    )
    console.print(view(WIDE))
    return "".join(f"{_no_command(line)}\n" for line in lines.getvalue().splitlines())


def _no_command(line: str) -> str:
    """A line that no CI runner takes for a command, however a long text happened to be wrapped."""
    line = line.rstrip()
    return line.replace("::", "\\x3a:", 1) if line.lstrip().startswith("::") else line


@contextmanager
def watching(plan: Plan, *, quiet: bool) -> Iterator[Watch]:
    """Progress while a plan is carried out: a row per host in a terminal, else plain lines."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if quiet or not console.is_terminal:
        yield watch(quiet=quiet)
        return
    from witnessmark.cli.progress import rows

    with rows(plan, console) as live:
        yield live


def watch(*, quiet: bool) -> Watch:
    """Progress on stderr, one plain line per step; nothing with ``quiet``."""
    from witnessmark.fleet import Watch

    if quiet:
        return Watch()
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def stage(text: str) -> None:
        console.print(f"witnessmark: {visible(text)}", style="dim")

    def acted(case: Case, act: Act) -> None:
        console.print(f"  {visible(case.id)}: {visible(how(act))}", style="dim")

    return Watch(stage=stage, acted=acted)


def how(act: Act) -> str:
    """How a case went on its host, in a few words."""
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
