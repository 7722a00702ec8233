"""Tells a GitHub Actions job about a run: annotations on stderr, a summary in the job's file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from witnessmark.model.verdicts import RunVerdict


def tell(run: RunVerdict) -> None:
    """Annotate the job and add to its summary, if this is one; elsewhere do nothing."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        annotate(run, err=True)
    if name := os.environ.get("GITHUB_STEP_SUMMARY"):
        summarise(run, Path(name))


def annotate(run: RunVerdict, *, err: bool = False) -> None:
    """Print the workflow commands; a runner reads both streams, and stdout may hold a report."""
    from witnessmark.report import github

    for line in github.workflow_commands(run):
        click.echo(line, err=err)


def summarise(run: RunVerdict, file: Path) -> None:
    """Add the run to a step's summary, within what is left of the size that GitHub takes."""
    from witnessmark.report import markdown

    try:
        taken = file.stat().st_size if file.exists() else 0
        with file.open("a", encoding="utf-8") as out:
            out.write(markdown.render(run, markdown.MOST_BYTES - taken))
    except OSError as problem:
        click.echo(f"witnessmark: no job summary: {visible(str(problem))}", err=True)
