"""Says it where ``latest`` is not the newest run: a killed one is newer and was never sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path


def mind(path: Path) -> None:
    """One sentence on stderr, if ``path`` is ``latest`` and a newer run beside it is unfinished."""
    from witnessmark.journal.standing import newer
    from witnessmark.report.plain import visible

    if told := newer(path):
        click.echo(f"witnessmark: {visible(told)}", err=True)
