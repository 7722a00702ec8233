"""``witnessmark teardown``: removes what a run left on the hosts of an inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from witnessmark.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@options.INVENTORIES
@options.LIMIT
@click.option("--run", "run_id", metavar="RUN_ID", help="Remove this run.")
@click.option("--all", "every", is_flag=True, help="Remove every run, also one still going on.")
@options.STATE
def command(
    inventories: tuple[Path, ...],
    limit: tuple[str, ...],
    run_id: str | None,
    state: Path | None,
    *,
    every: bool,
) -> int:
    """Remove a run's folders from every host; needs no consent, and twice is safe.

    Exit 0 all hosts are clean, 1 some are, 3 none is.
    """
    from witnessmark import inventory
    from witnessmark.cli.fleet import files, report
    from witnessmark.errors import UsageError
    from witnessmark.hosts.prepare import teardown

    if bool(run_id) == every:
        raise UsageError("say which run to remove: either --run RUN_ID or --all")
    hosts = inventory.load(files(inventories, state), limit=limit).hosts
    results = teardown(hosts, run_id)
    return report(results, done="removed", already="nothing to remove")
