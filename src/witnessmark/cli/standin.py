"""``witnessmark standin``: boots, lists and shuts down stand-in Macs."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from witnessmark.cli import options
from witnessmark.report.plain import visible

if TYPE_CHECKING:
    from witnessmark.standin.booted import HostStatus

_MEANING = {
    "namespace": "each host has a / of its own, which is a folder here, its own processes, and of "
    "this machine's files only its commands and their libraries. It is no sandbox: it has your "
    "network, and what runs there runs on this machine with your rights.",
    "prefix": "a stand-in is no container. Each host's files lie in a folder here, and what "
    "is run there runs on this machine with your rights.",
}
_STATE = click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the hosts lie. [default: $WITNESSMARK_STATE, else .witnessmark/standin]",
)


@click.group(name="standin", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Boot, list and shut down stand-in Macs.

    A stand-in is an SSH host on this machine, in a folder of its own. What its event store holds
    is what the Linux kernel did: nothing is scripted. It is not a Mac, and evidence from it says
    so everywhere.
    """


@command.command()
@click.option("--hosts", default=1, show_default=True, type=click.IntRange(1, 64), metavar="N")
@click.option(
    "--fault", metavar="NAME|FILE", help="Break the hosts on purpose, to see it named by a run."
)
@click.option(
    "--alerts",
    metavar="WINDOW",
    help="Raise alerts by a SIEM's own rules, with a drop-exec window such as 4s.",
)
@click.option("--oslog", is_flag=True, help="Events into the unified log, too: eslogger --oslog.")
@options.ALSO
@options.MODE
@_STATE
def up(
    hosts: int,
    fault: str | None,
    alerts: str | None,
    oslog: bool,
    also: tuple[str, ...],
    mode: str,
    state: Path | None,
) -> None:
    """Boot the hosts standin-1 to standin-N and say how to reach them."""
    from witnessmark.content import faults
    from witnessmark.standin.further import STORES
    from witnessmark.standin.state import boot

    names = [f"standin-{number}" for number in range(1, hosts + 1)]
    broken = faults.load(fault).on(names) if fault else None
    window = None if alerts is None else _window(alerts)
    booted = boot(
        _folder(state),
        names,
        broken,
        mode=options.mode(mode),
        alerts=window,
        oslog=oslog,
        also=also,
    )
    for host in booted:
        click.echo(f"{host.name} is up on {host.address} port {host.port}")
        click.echo(f"  log in with: {visible(shlex.join(host.ssh()))}")
        click.echo(f"  event store: {visible(str(host.store))}")
        for kind in host.also:
            click.echo(f"  {kind}: {visible(str(host.root / STORES[kind]))}")
    given = "" if state is None else f" --state {visible(shlex.quote(str(state)))}"
    click.echo(f"play scenarios on it: witnessmark run --profile demo{given}")
    for how in dict.fromkeys(host.chosen for host in booted):
        click.echo(f"mode {how.mode} ({how.why}): {_MEANING[how.mode]}")
    click.echo(
        "recorder ptrace: the telemetry is what the kernel did, never a script. "
        "These are stand-ins, not Macs."
    )


@command.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
@_STATE
def status(form: str, state: Path | None) -> None:
    """List the hosts that were booted here, up or down."""
    from witnessmark.standin.state import status as look

    found = look(_folder(state))
    if form == "json":
        click.echo(json.dumps([_as_json(host) for host in found], indent=2))
    elif not found:
        click.echo("no stand-in was booted here")
    for host in found if form == "text" else ():
        where = f"up    port {host.booted.port}" if host.booted else "down"
        click.echo(f"{host.name}  {where}" + (f"  faults {host.faults}" if host.faults else ""))


@command.command()
@click.option("--keep", is_flag=True, help="Leave the hosts' files, event stores and keys.")
@_STATE
def down(keep: bool, state: Path | None) -> None:
    """Shut all hosts down and, unless --keep, delete their files."""
    from witnessmark.standin.state import shutdown

    ended = shutdown(_folder(state), remove=not keep)
    click.echo(f"shut down: {', '.join(ended)}" if ended else "no stand-in was up")


def _window(text: str) -> float:
    from witnessmark.content.durations import seconds
    from witnessmark.errors import UsageError

    try:
        return seconds(text)
    except ValueError as problem:
        raise UsageError(f"--alerts: {problem}") from problem


def _folder(state: Path | None) -> Path:
    from witnessmark.standin.statedir import default

    return state or default()


def _as_json(host: HostStatus) -> dict[str, Any]:
    booted = host.booted
    return {
        "name": host.name,
        "up": booted is not None,
        "mode": booted.chosen.mode if booted else None,
        "why": booted.chosen.why if booted else None,
        "recorder": "ptrace",
        "faults": host.faults,
        "also": list(booted.also) if booted else None,
        "address": booted.address if booted else None,
        "port": booted.port if booted else None,
        "pid": booted.pid if booted else None,
        "root": str(booted.root) if booted else None,
        "store": str(booted.store) if booted else None,
        "ssh": booted.ssh() if booted else None,
    }
