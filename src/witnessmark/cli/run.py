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
@options.NOTICE
@options.SIGNERS
@options.REVOKED
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
    notice: Path | None,
    signers: Path | None,
    revoked: Path | None,
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
    witnessmark run -i inventory/lab.yaml --notice notice.yaml --signers allowed_signers
    witnessmark run --profile demo            (a stand-in that `standin up` booted)
    """
    from witnessmark.cli import announced
    from witnessmark.cli.session import Session

    session = Session(reports=reports, profile=profile, strict=strict, quiet=quiet)
    files = list(inventories) or session.standin_inventory(state)
    if notice is not None or signers is not None or revoked is not None:
        signed = announced.opened(notice, signers, revoked)
        session = announced.session(session, signed)
        plan = announced.plan(session, signed, files, limit, wanted, dry_run=dry_run)
        papers = signed.files
    else:
        plan, papers = session.plan(files, limit, wanted), {}
    if dry_run:
        session.show(plan)
        return 0
    return session.run(plan, files, papers)
