"""``witnessmark doctor``: whether a run could work on each host, before any case is played."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from witnessmark.cli import options
from witnessmark.cli.moments import LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from witnessmark.doctor.lines import Line


@click.command()
@options.INVENTORIES
@options.LIMIT
@options.STATE
@click.option(
    "--wait",
    "wait_s",
    type=LENGTH,
    default="30s",
    show_default=True,
    help="How long a source may take to show a command that was run.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(
    inventories: tuple[Path, ...],
    limit: tuple[str, ...],
    state: Path | None,
    wait_s: float,
    form: str,
    *,
    quiet: bool,
) -> int:
    """Look whether a run could work on each host: login, consent, rights, disk, clock, sensors.

    No scenario is played. A harmless command and a file with marks of their own are looked for in
    each source; what is written is removed. All hosts are examined at once.
    Exit 0 all is well; 1 something failed; 3 no host can be used; 4 something is not known.
    """
    import json
    from dataclasses import asdict

    from witnessmark import inventory
    from witnessmark.analytic import parameters
    from witnessmark.cli import console
    from witnessmark.cli.fleet import files
    from witnessmark.content import scenarios
    from witnessmark.doctor import examine
    from witnessmark.doctor.lines import exit_code
    from witnessmark.report.plain import visible

    catalogue = scenarios.load_all()
    hosts = inventory.load(files(inventories, state), limit=limit).hosts
    tolerance = parameters.load().parameters.clock_skew_tolerance
    given = examine.terms(catalogue, wait_s, tolerance)
    watch = console.watch(quiet=quiet)
    watch.stage(f"look at {len(hosts)} hosts; marks of this look begin with {given.mark}")
    lines = examine.examine(hosts, given, lambda name: watch.stage(f"{name} is done"))
    names = [host.name for host in hosts]
    if form == "json":
        rows = json.dumps([asdict(item) for item in lines], indent=1)
        click.echo(rows.replace("##[", "#\\u0023["))
    else:
        for text in _shown(lines, names):
            click.echo(visible(text))
    return exit_code(lines, names)


def _shown(lines: Sequence[Line], hosts: Sequence[str]) -> Iterator[str]:
    from witnessmark.model.verdicts import Status
    from witnessmark.report.summary import LEGEND

    wide = max((len(item.host) for item in lines), default=0)
    long = max((len(item.name) for item in lines), default=0)
    for item in lines:
        first, *rest = item.message.split("\n")
        yield f"{LEGEND[item.status][0]:<4}  {item.host:<{wide}}  {item.name:<{long}}  {first}"
        yield from (f"      {text}" for text in rest)
        if item.mend:
            yield f"      mend: {item.mend}"
    for host in hosts:
        said = {item.status for item in lines if item.host == host}
        if Status.FAIL in said:
            yield f"{host}: not as it should be"
        elif Status.ERROR in said:
            yield f"{host}: not all is known"
        else:
            yield f"{host}: ready"
