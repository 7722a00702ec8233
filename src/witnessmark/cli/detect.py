"""``witnessmark detect``: the AN0994 analytic over eslogger files or a live stream."""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING, BinaryIO

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.analytic import Engine
    from witnessmark.analytic.parameters import Parameters
    from witnessmark.cli.printing import Printer
    from witnessmark.telemetry.eslogger import Decoder

GZIP = b"\x1f\x8b"
FIRED = 1


@click.command("detect")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--host", metavar="NAME", help="All paths are this one host's, in this order.")
@click.option("--params", metavar="FILE", help="YAML file whose keys replace whole parameters.")
@click.option("--profile", metavar="NAME", help="A profile of the analytic, such as extended.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "table"]),
    default="jsonl",
    show_default=True,
    help="jsonl: one JSON object a line. table: for reading.",
)
@click.option("--follow", is_flag=True, help="Keep reading one PATH as it grows.")
def command(
    paths: tuple[str, ...],
    host: str | None,
    params: str | None,
    profile: str | None,
    form: str,
    follow: bool,
) -> None:
    """Run the AN0994 analytic over eslogger output (NDJSON).

    PATH is a file, or - for standard input. Without --host every file is a host of its own, named
    after the file. What fired, was suppressed or could not be decided is printed as it is found,
    then one summary.

    \b
    Exit status: 0 nothing fired, 1 something fired, 2 wrong usage; also 2 if nothing fired and no
                 line of a PATH is an eslogger record (an empty file has none, and is no error).
    Live:        sudo eslogger exec fork exit create rename close setextattr unlink \\
                   | witnessmark detect --follow -
    """
    if _run(paths, host, params, profile, form, follow):
        click.get_current_context().exit(FIRED)


def _run(
    paths: tuple[str, ...],
    host: str | None,
    params: str | None,
    profile: str | None,
    form: str,
    follow: bool,
) -> bool:
    """Whether something fired."""
    from pathlib import Path

    from witnessmark.analytic.parameters import load
    from witnessmark.cli.printing import JsonLines, Table
    from witnessmark.errors import UsageError

    if follow and len(paths) != 1:
        raise UsageError("--follow reads one PATH only")
    if paths.count("-") > 1:
        raise UsageError("standard input (-) can be read only once")
    parameters = load(profile=profile, override=Path(params) if params else None).parameters
    groups = [(host, paths)] if host is not None else [(_name(path), (path,)) for path in paths]
    for path in paths:
        _check(path)  # before anything is printed
    printer: Printer = JsonLines() if form == "jsonl" else Table()
    strange = [
        f"no line of {', '.join(members)} is an eslogger record"
        for name, members in groups
        if not _one_host(name, members, parameters, printer, follow)
    ]
    printer.end()
    if strange and not printer.fired:
        raise UsageError("\n".join(strange))
    return printer.fired > 0


def _one_host(
    name: str, members: tuple[str, ...], parameters: Parameters, printer: Printer, follow: bool
) -> bool:
    """Whether these are eslogger's: false if there are lines, but not one that it could write."""
    from witnessmark.analytic import Engine
    from witnessmark.telemetry.eslogger import Decoder

    decoder = Decoder(host=name, source="eslogger")
    engine = Engine(parameters)
    try:
        for member in members:
            _read(member, decoder, engine, printer, follow)
    except KeyboardInterrupt:
        if not follow:
            raise
    for item in engine.finish():
        printer.detection(item)
    coverage = decoder.coverage()
    printer.host(name, coverage)
    return not coverage.bad or coverage.events + coverage.other + coverage.duplicates > 0


def _read(path: str, decoder: Decoder, engine: Engine, printer: Printer, follow: bool) -> None:
    with _open(path) as file:
        if follow:
            _follow(file, path, decoder, engine, printer)
            return
        for event in decoder.events(_plain(file, path)):
            for item in engine.feed(event):
                printer.detection(item)


def _follow(file: BinaryIO, path: str, decoder: Decoder, engine: Engine, printer: Printer) -> None:
    from witnessmark.cli.following import lines_as_they_come
    from witnessmark.errors import UsageError

    newest_ns = 0
    for line, idle_ns in lines_as_they_come(file, ends=path == "-"):
        if line is not None and line.startswith(GZIP) and not decoder.coverage().lines:
            raise UsageError(_gzip_sentence(path))
        event = None if line is None else decoder.feed(line)
        found = []
        if event is not None:
            newest_ns = max(newest_ns, event.time_ns)
            found = engine.feed(event)
        elif line is None and newest_ns:
            found = engine.advance(newest_ns + idle_ns)
        for item in found:
            printer.detection(item)


def _plain(file: BinaryIO, path: str) -> Iterator[bytes]:
    from witnessmark.errors import UsageError

    for number, line in enumerate(file):
        if number == 0 and line.startswith(GZIP):
            raise UsageError(_gzip_sentence(path))
        yield line


def _open(path: str) -> BinaryIO:
    if path == "-":
        return sys.stdin.buffer
    from pathlib import Path

    return Path(path).open("rb")


def _check(path: str) -> None:
    from pathlib import Path

    from witnessmark.errors import UsageError

    if path == "-":
        return
    file = Path(path)
    if file.is_dir():
        raise UsageError(f"{path} is a directory: name the files in it")
    try:
        # Opening a pipe would wait for its writer, and closing it again end it.
        regular = stat.S_ISREG(file.stat().st_mode)
        head = b""
        if regular:
            with file.open("rb") as opened:
                head = opened.read(2)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    if head == GZIP:
        raise UsageError(_gzip_sentence(path))


def _gzip_sentence(path: str) -> str:
    return f"{path} is compressed: use gunzip -c FILE | witnessmark detect -"


def _name(path: str) -> str:
    from pathlib import Path

    stem = Path(path).name.partition(".")[0]
    return "stdin" if path == "-" else stem or path
