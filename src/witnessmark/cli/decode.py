"""``witnessmark decode``: what a source's files say, as events of one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from witnessmark.telemetry.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.cli.events import Printer
    from witnessmark.telemetry.format import Format

TROUBLE = 1


@click.command("decode")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--host", metavar="NAME", help="All files are this one host's, in this order.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "table"]),
    default="jsonl",
    show_default=True,
    help="jsonl: one JSON object a line. table: for reading.",
)
def command(kind: str, paths: tuple[str, ...], host: str | None, form: str) -> None:
    """Decode telemetry files of one KIND and print their events, then one summary.

    FILE is a file, or - for standard input. Each event keeps its place: file, line and byte
    offset. A line that cannot be read is printed as such, in its turn.

    \b
    Kinds:       docs/sources.md says what each KIND can tell, and what not
    Exit status: 0 every line was read and nothing is missing, 1 some line could not be read or
                 records are missing, 2 wrong usage, no line of a FILE is of that KIND, or no
                 FILE holds anything.
    """
    if _run(kind, paths, host, form):
        click.get_current_context().exit(TROUBLE)


def _run(kind: str, paths: tuple[str, ...], host: str | None, form: str) -> bool:
    """Whether something is bad or missing."""
    from witnessmark.cli import reading
    from witnessmark.cli.events import JsonLines, Table
    from witnessmark.errors import UsageError
    from witnessmark.telemetry.kinds import decoder_of

    source = decoder_of(kind)
    reading.check(paths)
    printer: Printer = JsonLines(source) if form == "jsonl" else Table(source)
    groups: list[tuple[str, Sequence[str]]] = (
        [(host, paths)] if host is not None else [(reading.name(path), (path,)) for path in paths]
    )
    strange = [
        reading.wrong_kind(source, members)
        for name, members in groups
        if not _one(source, name, members, printer, by_record=host is None)
    ]
    printer.end()
    if strange:
        raise UsageError(*strange)
    printer.sums.silence()
    return printer.trouble


def _one(
    form: Format, name: str, members: Sequence[str], printer: Printer, *, by_record: bool
) -> bool:
    """Whether these are of the kind: false if there are lines, but not one that it could write."""
    from witnessmark.cli import reading
    from witnessmark.telemetry.decoder import Decoder

    decoder = Decoder(form, host=name, source=form.KIND, by_record=by_record, trouble=printer.bad)
    hosts: set[str] = set()
    for member in members:
        printer.file(member, decoder.position)
        before = decoder.filled
        for line in reading.lines(reading.pieces(member, decoder.lost)):
            for event in decoder.feed(line):
                hosts.add(event.host)
                printer.event(event)
        printer.sums.looked(member, filled=decoder.filled > before)
    coverage = decoder.coverage()
    printer.host(sorted(hosts) or [name], coverage, decoder.bad_lines)
    return not decoder.bad_lines or coverage.read > 0
