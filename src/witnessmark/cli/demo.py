"""``witnessmark demo``: the whole chain on a stand-in Mac that lives as long as the command."""

from __future__ import annotations

from pathlib import Path

import click

from witnessmark.cli import options


@click.command()
@click.option("--hosts", type=click.IntRange(1, 20), default=1, show_default=True)
@options.WANTED
@click.option("--profile", default="demo", show_default=True, help="Parameter profile.")
@click.option(
    "--fault", metavar="NAME|FILE", help="Break the stand-in on purpose, to see it named."
)
@options.ALSO
@options.MODE
@click.option("--reports", type=click.Path(path_type=Path), default="reports", show_default=True)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(
    hosts: int,
    wanted: tuple[str, ...],
    profile: str,
    fault: str | None,
    also: tuple[str, ...],
    mode: str,
    reports: Path,
    *,
    quiet: bool,
) -> int:
    """Prove the suite on a stand-in Mac: boot, prepare, act, judge, tear down.

    \b
    witnessmark demo
    witnessmark demo --fault drop-payload-exec     (must end with exit 1 and name the broken link)

    The stand-in's telemetry is what a real kernel really did. It proves the suite, never your own
    coverage.
    """
    import shutil
    import tempfile

    from witnessmark.cli import console
    from witnessmark.cli.session import Session
    from witnessmark.content import faults
    from witnessmark.errors import UsageError
    from witnessmark.standin import state as standin

    broken = faults.load(fault) if fault else None
    if broken and any(item.get("layer") == "alerts" for item in broken.faults):
        raise UsageError(
            f"the fault {broken.id} breaks alerts, and a demo raises none: "
            f"`witnessmark standin up --alerts 4s --fault {broken.id}`, "
            "then run with inventory/standin-alerts.yaml"
        )
    session = Session(reports=reports, profile=profile, quiet=quiet)
    state = Path(tempfile.mkdtemp(prefix="wm-"))
    names = [f"mac{number}" for number in range(1, hosts + 1)]
    try:
        watch = console.watch(quiet=quiet)
        watch.stage(f"boot {hosts} stand-in Mac{'s' if hosts > 1 else ''}")
        faulty = broken.on(names) if broken else None
        booted = standin.boot(state, names, faulty, tied=True, mode=options.mode(mode), also=also)
        watch.stage(f"mode {booted[0].chosen.mode}: {booted[0].chosen.why}")
        files = session.standin_inventory(state)
        return session.run(session.plan(files, (), wanted), files)
    finally:
        standin.shutdown(state, remove=True)
        shutil.rmtree(state, ignore_errors=True)
