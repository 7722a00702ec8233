"""``witnessmark compare``: any Sigma and EQL rules beside AN0994, over a bag's own records."""

from __future__ import annotations

from pathlib import Path

import click

from witnessmark.cli.latest import RunFolder


@click.command()
@click.argument("bag", type=RunFolder(path_type=Path))
@click.option(
    "--rules",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Rules, at any depth: Sigma (*.yml), EQL (*.eql), Elastic's TOML rules that hold EQL.",
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@click.option(
    "--limit",
    type=click.FloatRange(min=0.1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Processor time that one rule may take over one stream.",
)
def command(bag: Path, rules: Path, form: str, limit: float) -> int:
    """Run detection rules over a bag's own records, and put them beside AN0994.

    \b
    witnessmark compare reports/latest --rules ~/sigma/rules/macos
    witnessmark compare reports/latest --rules ours --format json

    Which variants does each rule see, and which benign cases does it wrongly flag? A rule that
    cannot be run, or that asks for what nobody recorded, could not look: it is never said to have
    missed anything.

    \b
    Exit status: 0 every rule saw every variant and flagged nothing else; 1 some rule missed a
                 variant or wrongly flagged a case; 2 wrong usage; 3 no case was acted; 4 nothing
                 of that, but some rule could not be run or could not look at some case.
    """
    from witnessmark.cli import console, latest
    from witnessmark.compare import bag as compared
    from witnessmark.compare import files
    from witnessmark.compare.comparison import exit_code
    from witnessmark.compare.run import Runner, ready
    from witnessmark.journal.standing import open_run
    from witnessmark.report.compared import as_json, table

    asked = files.find(rules)
    ready(asked)
    latest.mind(bag)
    found = compared.compare(open_run(bag), asked, Runner(limit_s=limit))
    if form == "json":
        click.echo(as_json(found), nl=False)
    else:
        console.put(lambda _: table(found))
    return exit_code(found)
