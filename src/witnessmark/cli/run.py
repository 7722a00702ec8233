"""``witnessmark run``: play scenarios on hosts and judge the evidence."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "-i",
    "--inventory",
    "inventories",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Ansible inventory; may be given more than once. Default: the running stand-in.",
)
@click.option("--limit", multiple=True, metavar="HOST", help="Only this host or group; repeatable.")
@click.option("--scenario", "-s", "wanted", multiple=True, metavar="ID", help="Only this scenario.")
@click.option("--profile", metavar="NAME", help="Parameter profile of the analytic, such as demo.")
@click.option("--reports", type=click.Path(path_type=Path), default="reports", show_default=True)
@click.option("--state", type=click.Path(path_type=Path), help="State folder of the stand-in.")
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
