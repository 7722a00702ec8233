"""``witnessmark lint``: every problem of all content at once, before anything is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from witnessmark.lint import Problem


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-i",
    "--inventory",
    "inventories",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Ansible inventory to check as well; may be given more than once.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="github: workflow commands that annotate a pull request.",
)
def command(paths: tuple[Path, ...], inventories: tuple[Path, ...], form: str) -> int:
    """Check scenarios, scripts, the analytic, faults, workflows, retention profiles, inventories.

    Every problem of every file is told at once, each with its place. No PATH: all shipped content.
    """
    from witnessmark.lint import lint

    found = lint(paths, inventories)
    _show(found, form)
    return 2 if found else 0


def _show(found: tuple[Problem, ...], form: str) -> None:
    import json

    from witnessmark.report.plain import visible

    if form == "json":
        rows = [{"file": item.file, "line": item.line, "what": item.what} for item in found]
        click.echo(json.dumps(rows, indent=1))
        return
    for item in found:
        click.echo(_annotation(item) if form == "github" else visible(str(item)))
    if form == "text":
        click.echo(f"{len(found)} problem{'' if len(found) == 1 else 's'}")


def _annotation(item: Problem) -> str:
    """A GitHub workflow command; its own marks in data are escaped, so data cannot become one."""
    what = item.what.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    file = item.file.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    file = file.replace(":", "%3A").replace(",", "%2C")
    return f"::error file={file},line={max(item.line, 1)}::{what}"
