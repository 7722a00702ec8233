"""``witnessmark prepare``: consent checked and the scenarios laid on every host of an inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from witnessmark.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@options.INVENTORIES
@options.LIMIT
@click.option("--run", "run_id", metavar="RUN_ID", help="Prepare for this run. Default: a new one.")
@options.STATE
def command(
    inventories: tuple[Path, ...], limit: tuple[str, ...], run_id: str | None, state: Path | None
) -> int:
    """Check consent and lay the scenarios on every host, ready to be run.

    Nothing is written on a host without a valid consent file. `run` prepares by itself; this is to
    see beforehand whether it could. Exit 0 all hosts are ready, 1 some are, 3 none is.
    """
    import datetime as dt

    from witnessmark import inventory
    from witnessmark.cli.fleet import files, report
    from witnessmark.content import pack
    from witnessmark.hosts.prepare import prepare
    from witnessmark.plan import new_run_id

    hosts = inventory.load(files(inventories, state), limit=limit).hosts
    run_id = run_id or new_run_id(dt.datetime.now(dt.UTC))
    results = prepare(hosts, run_id, pack.build())
    click.echo(f"run {run_id}")
    return report(results, done="prepared", already="was prepared already")
