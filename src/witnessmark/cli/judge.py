"""``witnessmark judge``: judge a bag again, offline, perhaps as of a later day."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="Judge as of this moment (UTC). Default: when collection ended.",
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@click.option("--strict", is_flag=True, help="Exit 4 if something required is not proved yet.")
def command(path: Path, as_of: object, form: str, *, strict: bool) -> int:
    """Judge a run's evidence bag again, offline.

    \b
    witnessmark judge reports/latest
    witnessmark judge reports/latest --as-of 2027-01-01 --format json

    The bag is verified first, byte by byte. The answer is appended to the run's ledger.jsonl;
    verdicts.json is never overwritten.
    """
    import datetime as dt

    from witnessmark import pipeline
    from witnessmark.cli import console
    from witnessmark.judge.run import exit_code
    from witnessmark.report import verdicts_json

    moment = None
    if isinstance(as_of, dt.datetime):
        moment = int(as_of.replace(tzinfo=dt.UTC).timestamp() * 1e9)
    verdicts = pipeline.rejudge(path, moment, console.watch(quiet=False))
    if form == "json":
        click.echo(verdicts_json.render(verdicts), nl=False)
    else:
        console.show(verdicts)
    return exit_code(verdicts, strict=strict)
