"""``witnessmark resume``: goes on with a run whose controller died, or cleans up after it."""

from __future__ import annotations

from pathlib import Path

import click

from witnessmark.cli.latest import RunFolder
from witnessmark.report.plain import visible


@click.command()
@click.argument("run", metavar="RUN", type=RunFolder())
@click.option(
    "-i",
    "--inventory",
    "inventories",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Instead of the inventory that the run itself used; repeatable.",
)
@click.option("--reports", type=click.Path(path_type=Path), default="reports", show_default=True)
@click.option("--revert", is_flag=True, help="Do not finish it: clean its hosts.")
@click.option("--strict", is_flag=True, help="Exit 4 if something required is not proved yet.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(
    run: str,
    inventories: tuple[Path, ...],
    reports: Path,
    *,
    revert: bool,
    strict: bool,
    quiet: bool,
) -> int:
    """Finish a run whose controller died (kill -9, power, a crash), or clean its hosts.

    RUN is a run's folder, its id, or `latest`. What was under way is cleaned up and inconclusive;
    what was never started is played now. A run that is over needs nothing; twice is safe.
    """
    from witnessmark import resume
    from witnessmark.cli import console
    from witnessmark.cli.fleet import report
    from witnessmark.cli.session import end_in_order
    from witnessmark.judge.run import exit_code

    folder = resume.find(run, reports)
    end_in_order()
    done = resume.resume(
        folder, revert=revert, inventories=inventories, watch=console.watch(quiet=quiet)
    )
    if done.verdicts is not None:
        console.show(done.verdicts)
        click.echo(f"evidence and verdicts: {visible(str(folder))}")
        return exit_code(done.verdicts, strict=strict)
    if done.reverted is None:
        click.echo(visible(f"{folder}: nothing to do: {done.why}"))
        return 0
    if not revert:
        click.echo(
            visible(f"{folder}: cannot be finished: {done.why}; its hosts are cleaned instead")
        )
    status = report(done.reverted, done="cleaned", already="nothing to remove")
    return status if revert else max(1, status)
