"""``witnessmark cleanup``: removes what any run left on hosts, but never from a living run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from witnessmark.cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from witnessmark.hosts.outcome import PrepareResult


@click.command()
@options.INVENTORIES
@options.LIMIT
@click.option("--run", "run_id", metavar="RUN_ID", help="Only what this run left.")
@click.option("--reports", type=click.Path(path_type=Path), default="reports", show_default=True)
@options.STATE
@click.option("--dry-run", is_flag=True, help="Print what would be removed, and remove nothing.")
def command(
    inventories: tuple[Path, ...],
    limit: tuple[str, ...],
    run_id: str | None,
    reports: Path,
    state: Path | None,
    *,
    dry_run: bool,
) -> int:
    """Remove what runs left on the hosts; a run that is going on is left alone.

    Needs no consent and no journal, asks nothing, prints all that it does; twice is safe.
    Exit 0 all hosts are clean, 1 some are, 3 none is.
    """
    from witnessmark import inventory
    from witnessmark.cli.fleet import files, report
    from witnessmark.hosts.prepare import cleanup
    from witnessmark.journal.dangling import close_dangling
    from witnessmark.report.plain import visible

    hosts = inventory.load(files(inventories, state), limit=limit).hosts
    results = cleanup(hosts, run_id, look=dry_run)
    tell(results, dry_run=dry_run)
    for line in () if dry_run else close_dangling(reports, results, run_id):
        click.echo(visible(line))
    return report(results, done="cleaned", already=already(dry_run=dry_run))


def already(*, dry_run: bool) -> str:
    """What a host is told where nothing was changed."""
    return "looked, nothing was changed" if dry_run else "nothing to remove"


def tell(results: Mapping[str, PrepareResult], *, dry_run: bool) -> None:
    """Print what was found and done, one line each."""
    from witnessmark.report.plain import visible

    words = {
        "removed": "removed",
        "found": "would remove",
        "running": "would end" if dry_run else "ended",
        "spared": "left alone, its controller is there: run",
    }
    for name, result in results.items():
        for code, what in result.told:
            click.echo(f"{name}: {words[code]} {visible(what)}")
