"""``witnessmark run``: play scenarios on hosts and judge the evidence."""

from __future__ import annotations

from pathlib import Path

import click

from witnessmark.cli import options


@click.command()
@options.INVENTORIES
@options.LIMIT
@options.WANTED
@options.PROFILE
@click.option("--reports", type=click.Path(path_type=Path), default="reports", show_default=True)
@options.STATE
@click.option("--strict", is_flag=True, help="Exit 4 if something required is not proved yet.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@click.option("--dry-run", is_flag=True, help="Print what would be done on which host, and stop.")
def command(
    inventories: tuple[Path, ...],
    limit: tuple[str, ...],
    wanted: tuple[str, ...],
    profile: str | None,
    reports: Path,
    state: Path | None,
    *,
    strict: bool,
    quiet: bool,
    dry_run: bool,
) -> int:
    """Play scenarios on the inventory's hosts and judge the evidence.

    \b
    witnessmark run -i inventory/lab.yaml
    witnessmark run -i inventory/lab.yaml -s p11 --limit mac1
    witnessmark run --profile demo            (a stand-in that `standin up` booted)
    """
    from witnessmark.cli.session import Session

    session = Session(reports=reports, profile=profile, strict=strict, quiet=quiet)
    files = list(inventories) or session.standin_inventory(state)
    plan = session.plan(files, limit, wanted)
    if dry_run:
        session.show(plan)
        return 0
    return session.run(plan)
