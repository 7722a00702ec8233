"""``witnessmark explain``: why a case was judged so, and why the analytic fired or did not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from witnessmark.cli import complete
from witnessmark.telemetry.kinds import KINDS

if TYPE_CHECKING:
    from witnessmark.analytic.explanation import Explanation


@click.command()
@click.argument("bag", required=False)
@click.argument("what", metavar="CASE|SEQ", required=False, shell_complete=complete.cases)
@click.option(
    "--events",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Telemetry (eslogger NDJSON, or --kind) instead of a BAG; then SEQ alone is named.",
)
@click.option("--kind", type=click.Choice(KINDS), help="With --events: what wrote them.")
@click.option("--host", metavar="NAME", help="SEQ is of this host of the bag.")
@click.option("--source", metavar="NAME", help="SEQ is of this source of the bag.")
@click.option(
    "--params",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --events: YAML file whose keys replace whole parameters.",
)
@click.option("--profile", metavar="NAME", help="With --events: a profile, such as demo.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(
    bag: str | None,
    what: str | None,
    events: Path | None,
    kind: str | None,
    host: str | None,
    source: str | None,
    params: Path | None,
    profile: str | None,
    form: str,
) -> int:
    """Say why a case was judged so, or why a record made the analytic fire or not.

    \b
    witnessmark explain reports/latest p11-quarantined-download.downloads
    witnessmark explain reports/latest 812
    witnessmark explain --events events.ndjson 812

    CASE is a case id, or a beginning that only one case has. SEQ is a record's global sequence
    number, or its id as findings cite it (mac1/eslogger/813). The rules are not looked up again:
    what is printed is what the analytic itself said while it decided.
    """
    if events is not None:
        _refuse("--events", bag is None or what is not None, host=host, source=source)
        text = _told(_of_file(events, kind or KINDS[0], str(bag), params, profile), form)
    else:
        _refuse("a bag", bag is None or what is None, kind=kind, params=params, profile=profile)
        text = _of_bag(Path(str(bag)), str(what), host, source, form)
    click.echo(text, nl=False)
    return 0


def _refuse(given: str, incomplete: bool, **options: object) -> None:
    from witnessmark.errors import UsageError

    if incomplete:
        raise UsageError("name a BAG and a CASE or SEQ, or --events FILE and a SEQ")
    for name, value in options.items():
        if value is not None:
            raise UsageError(f"--{name} does not go with {given}")


def _of_bag(path: Path, what: str, host: str | None, source: str | None, form: str) -> str:
    from witnessmark.bag.read import open_bag
    from witnessmark.judge import why
    from witnessmark.report import explain, explain_json

    opened = open_bag(path)
    if what.isdigit() or "/" in what:
        return _told(why.record(opened, what, host=host, source=source), form)
    _refuse("a CASE", incomplete=False, host=host, source=source)
    cases = why.case(opened, what)
    return explain.of_case(cases) if form == "text" else explain_json.of_case(cases)


def _told(items: list[Explanation], form: str) -> str:
    from witnessmark.report import explain, explain_json

    return explain.of_records(items) if form == "text" else explain_json.of_records(items)


def _of_file(
    path: Path, kind: str, what: str, params: Path | None, profile: str | None
) -> list[Explanation]:
    """Raw telemetry, judged with the parameters that ``detect`` would use."""
    from witnessmark.analytic import Engine, load
    from witnessmark.analytic.explanation import explanations
    from witnessmark.errors import UsageError
    from witnessmark.judge import why
    from witnessmark.telemetry.decoder import decode
    from witnessmark.telemetry.kinds import decoder_of

    chosen = load(profile=profile, override=params).parameters
    try:
        with path.open("rb") as file:
            host = path.name.partition(".")[0]
            stream = decode(decoder_of(kind), file, host=host, source=kind)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    why.one_record(what, [stream])
    wanted = why.named(what)
    return explanations(stream, lambda trace: Engine.of(stream, chosen, trace=trace), wanted)
