"""``witnessmark explain``: why a case was judged so, and why the analytic fired or did not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from witnessmark.cli import complete
from witnessmark.telemetry.kinds import KINDS

if TYPE_CHECKING:
    from witnessmark.analytic.explanation import Explanation


_SLASHES = 2
"""An event's id is HOST/SOURCE/LINE."""


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
    "--workflows",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="With --events: a documented workflow (YAML) or a folder of them.",
)
@click.option(
    "--processes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --events: what ran before, as `ps -axww -o pid=,ppid=,comm=` told it.",
)
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
    workflows: tuple[Path, ...],
    processes: Path | None,
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
        asked = _Asked(
            file=events,
            kind=kind or KINDS[0],
            params=params,
            profile=profile,
            workflows=workflows,
            processes=processes,
        )
        text = _told(_of_file(asked, str(bag)), form)
    else:
        _refuse(
            "a bag",
            bag is None or what is None,
            kind=kind,
            params=params,
            profile=profile,
            workflows=workflows or None,
            processes=processes,
        )
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
    from witnessmark.cli import latest
    from witnessmark.journal.standing import open_run
    from witnessmark.judge import why
    from witnessmark.report import explain, explain_json

    latest.mind(path)
    opened = open_run(path)
    if what.isdigit() or "/" in what:
        return _told(why.record(opened, what, host=host, source=source), form)
    _refuse("a CASE", incomplete=False, host=host, source=source)
    cases = why.case(opened, what)
    return explain.of_case(cases) if form == "text" else explain_json.of_case(cases)


def _told(items: list[Explanation], form: str) -> str:
    from witnessmark.report import explain, explain_json

    return explain.of_records(items) if form == "text" else explain_json.of_records(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Raw telemetry, and all that ``detect`` would be told of it."""

    file: Path
    kind: str
    params: Path | None
    profile: str | None
    workflows: tuple[Path, ...]
    processes: Path | None


def _of_file(asked: _Asked, what: str) -> list[Explanation]:
    from dataclasses import replace

    from witnessmark.analytic import Engine, load
    from witnessmark.analytic.explanation import explanations
    from witnessmark.cli import reading
    from witnessmark.content.workflows import given
    from witnessmark.errors import UsageError
    from witnessmark.judge import why
    from witnessmark.telemetry.decoder import decode
    from witnessmark.telemetry.kinds import decoder_of

    if not what.isdigit() and what.count("/") != _SLASHES:
        raise UsageError(
            f"{what!r} names no record: give its number (its global_seq_num, the seq that "
            "`witnessmark detect` prints) or its id, such as mac1/eslogger/813"
        )
    chosen = load(profile=asked.profile, override=asked.params).parameters
    baseline = given(asked.workflows)
    snapshot = reading.processes(asked.processes) if asked.processes else ()
    host = asked.file.name.partition(".")[0]
    try:
        with asked.file.open("rb") as file:
            stream = decode(decoder_of(asked.kind), file, host=host, source=asked.kind)
    except OSError as error:
        raise UsageError(f"{asked.file}: {error.strerror}") from error
    stream = replace(stream, snapshot=snapshot)
    why.one_record(what, [stream])
    return explanations(
        stream,
        lambda trace: Engine.of(stream, chosen, baseline=baseline, trace=trace),
        why.named(what),
    )
