"""``witnessmark plan``: exactly what ``run`` will do, before any host is touched."""

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
@click.option("--state", type=click.Path(path_type=Path), help="State folder of the stand-in.")
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
