"""``witnessmark judge``: judge a bag again, offline, perhaps as of a later day."""

from __future__ import annotations

from pathlib import Path

import click

from witnessmark.cli.latest import RunFolder
from witnessmark.cli.moments import as_of


@click.command()
@click.argument("path", type=RunFolder(path_type=Path))
@as_of
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@click.option("--strict", is_flag=True, help="Exit 4 if something required is not proved yet.")
def command(path: Path, as_of_ns: int | None, form: str, *, strict: bool) -> int:
    """Judge a run's evidence bag again, offline.

    \b
    witnessmark judge reports/latest
    witnessmark judge reports/latest --as-of 2027-01-01 --format json

    The bag is verified first, byte by byte. The answer is appended to the run's ledger.jsonl;
    verdicts.json is never overwritten.
    """
    from witnessmark import pipeline
    from witnessmark.cli import actions, console, latest
    from witnessmark.judge.run import exit_code
    from witnessmark.report import verdicts_json

    latest.mind(path)
    verdicts = pipeline.rejudge(path, as_of_ns, console.watch(quiet=False))
    if form == "json":
        click.echo(verdicts_json.render(verdicts), nl=False)
    else:
        console.show(verdicts)
    actions.tell(verdicts)
    return exit_code(verdicts, strict=strict)
