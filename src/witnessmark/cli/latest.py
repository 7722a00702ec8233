"""Which run is meant: the newest are named to who names none, and ``latest`` says if it is not."""

from __future__ import annotations

from pathlib import Path

import click

REPORTS = Path("reports")


class RunFolder(click.Path):
    """A run's folder. Who names none is told the newest one here."""

    def get_missing_message(self, *_: object, **__: object) -> str:
        """What follows "Missing argument"."""
        runs = sorted(item.name for item in REPORTS.glob("*t*z-*") if item.is_dir())
        if not runs:
            return "No run is in reports/: `witnessmark demo` makes one."
        return f"The newest run here is {click.format_filename(REPORTS / runs[-1])}."


def mind(path: Path) -> None:
    """One sentence on stderr, if ``path`` is ``latest`` and a newer run beside it is unfinished."""
    from witnessmark.journal.standing import newer
    from witnessmark.report.plain import visible

    if told := newer(path):
        click.echo(f"witnessmark: {visible(told)}", err=True)
