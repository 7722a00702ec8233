"""``witnessmark plan``: exactly what ``run`` will do, before any host is touched."""

from __future__ import annotations

from pathlib import Path

import click

from witnessmark.cli import options


@click.command()
@options.INVENTORIES
@options.LIMIT
@options.WANTED
@options.PROFILE
@options.STATE
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
def command(
    inventories: tuple[Path, ...],
    limit: tuple[str, ...],
    wanted: tuple[str, ...],
    profile: str | None,
    state: Path | None,
    form: str,
) -> int:
    """Print exactly what `run` will do: hosts, cases, commands, folders, sources, time.

    No host is contacted. ~ is the user's home on the host; whether a need is met there is found
    out only by the run.
    """
    from witnessmark.cli.session import Session

    session = Session(reports=Path(), profile=profile)
    files = list(inventories) or session.standin_inventory(state)
    session.show(session.plan(files, limit, wanted), form)
    return 0
