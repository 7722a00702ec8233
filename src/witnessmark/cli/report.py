"""``witnessmark report``: make any of the reports of a run again, offline, from its bag."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from witnessmark.cli.latest import RunFolder
from witnessmark.cli.moments import as_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from witnessmark.model.verdicts import RunVerdict

FORMATS = ("table", "html", "json", "junit", "github", "markdown")


@click.command()
@click.argument("path", type=RunFolder(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file instead.")
@as_of
def command(path: Path, form: str, output: Path | None, as_of_ns: int | None) -> int:
    """Make a report of a run again, offline, from its evidence bag.

    \b
    witnessmark report reports/latest
    witnessmark report reports/latest --format html -o run.html
    witnessmark report reports/latest --format github       (in a GitHub Actions job)

    The bag is verified first, byte by byte. Nothing is noted in the ledger, and the exit status
    says only whether the report was made; ask `witnessmark judge` for the verdict.
    """
    from witnessmark import pipeline
    from witnessmark.cli import latest

    latest.mind(path)
    _refuse_inside_the_bag(path, output)
    run = pipeline.look(path, as_of_ns)
    if form == "github":
        _github(run, output, path)
    elif form == "table" and output is None:
        from witnessmark.cli import console

        console.show(run)
    else:
        _write(_rendered(run, form), output, path)
    return 0


def _rendered(run: RunVerdict, form: str) -> str:
    from witnessmark.cli import console
    from witnessmark.report import html, junit, markdown, verdicts_json

    writers: dict[str, Callable[[RunVerdict], str]] = {
        "table": console.plain,
        "html": html.render,
        "json": verdicts_json.render,
        "junit": junit.render,
        "markdown": markdown.render,
    }
    return writers[form](run)


def _github(run: RunVerdict, output: Path | None, run_folder: Path) -> None:
    """Annotations to stdout; the summary to the file, else to the job's own, else behind them."""
    from witnessmark.cli import actions

    actions.annotate(run)
    job = os.environ.get("GITHUB_STEP_SUMMARY")
    if output is None and job:
        actions.summarise(run, Path(job))
    else:
        _write(_rendered(run, "markdown"), output, run_folder)


def _write(text: str, output: Path | None, run_folder: Path) -> None:
    """A name outside the run's folder is the user's own to choose, such as /dev/stdout."""
    from witnessmark import plainfile
    from witnessmark.errors import UsageError

    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())  # UTF-8 whatever the terminal's own encoding
        sys.stdout.buffer.flush()
        return
    try:
        if output.parent.resolve().is_relative_to(run_folder.resolve()):
            plainfile.place(output, text.encode())
        else:
            output.write_text(text, "utf-8")
    except OSError as problem:
        raise UsageError(f"{output}: the report cannot be written: {problem.strerror}") from problem


def _refuse_inside_the_bag(path: Path, output: Path | None) -> None:
    """A report written into a bag would break its seal."""
    from witnessmark.errors import UsageError

    bag = path / "bag" if (path / "bag").is_dir() else path
    if output is not None and output.resolve().is_relative_to(bag.resolve()):
        raise UsageError(
            f"{output}: that lies in the evidence bag, which must stay as it was sealed"
        )
