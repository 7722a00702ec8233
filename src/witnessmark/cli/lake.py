"""``witnessmark lake``: telemetry of a fleet as narrow Parquet, and the analytic as SQL over it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from witnessmark.telemetry.kinds import KINDS

if TYPE_CHECKING:
    from witnessmark.analytic.parameters import Analytic
    from witnessmark.cli.printing import Printer
    from witnessmark.lake.segments import Lake
    from witnessmark.lake.writing import Written

FIRED = 1
ENGINES = ("duckdb", "sqlite", "spark", "clickhouse")


@click.group(name="lake", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Keep a fleet's telemetry as narrow Parquet and run the analytic over it as SQL.

    `write` adds what is new of telemetry files to a lake; `detect` answers as `witnessmark detect`
    does over the same records, on DuckDB, SQLite, Spark or ClickHouse.
    """


@command.command()
@click.argument("lake", metavar="LAKE", type=click.Path(path_type=Path))
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="eslogger",
    show_default=True,
    help="What wrote the telemetry.",
)
@click.option("--host", metavar="NAME", help="All paths are this one host's, in this order.")
@click.option(
    "--processes",
    metavar="FILE",
    help="With --host: what ran before, as `ps -axww -o pid=,ppid=,comm=` told it.",
)
@click.option("--params", metavar="FILE", help="YAML file whose keys replace whole parameters.")
@click.option("--profile", metavar="NAME", help="A profile of the analytic, such as extended.")
def write(
    lake: Path,
    paths: tuple[str, ...],
    kind: str,
    host: str | None,
    processes: str | None,
    params: str | None,
    profile: str | None,
) -> None:
    """Add what is new of telemetry files to LAKE as one segment, whole or not at all.

    Bytes that the lake holds already are passed over, so a file that has grown can be given again.

    \b
    Exit status: 0 the lake holds all of it, 2 wrong usage or input; nothing was added then.
    """
    from witnessmark.analytic.parameters import load

    analytic = load(profile=profile, override=Path(params) if params else None)
    if processes is not None and host is None:
        raise _usage("--processes is of one host: name it with --host")
    _say(_write(lake, paths, kind, host, processes, analytic))


@command.command()
@click.argument("lake", metavar="LAKE", type=click.Path(path_type=Path))
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="duckdb",
    show_default=True,
    help="What runs the SQL.",
)
@click.option(
    "--workflows",
    multiple=True,
    metavar="PATH",
    help="A documented workflow (YAML) or a folder of them: what they suppress is said so.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "table"]),
    default="jsonl",
    show_default=True,
    help="jsonl: one JSON object a line. table: for reading.",
)
def detect(lake: Path, engine: str, workflows: tuple[str, ...], form: str) -> None:
    """Run the analytic over LAKE as SQL, with the parameters that it was written with.

    \b
    Exit status: 0 nothing fired, 1 something fired, 2 wrong usage, or no lake that can be read.
    """
    if _detect(lake, engine, workflows, form):
        click.get_current_context().exit(FIRED)


@command.command()
@click.argument("engine", metavar="ENGINE", type=click.Choice(ENGINES))
def sql(engine: str) -> None:
    """Print the SQL as ENGINE spells it, to run it where the lake is."""
    from witnessmark.lake.engines import text_for

    click.echo(text_for(engine), nl=False)


def _write(
    lake: Path,
    paths: tuple[str, ...],
    kind: str,
    host: str | None,
    processes: str | None,
    analytic: Analytic,
) -> Written:
    from witnessmark.cli import reading
    from witnessmark.lake.heads import head_of
    from witnessmark.lake.segments import Lake
    from witnessmark.lake.writing import Writer
    from witnessmark.telemetry.format import branches
    from witnessmark.telemetry.kinds import decoder_of

    form = decoder_of(kind)
    if not branches(form.FILLS):
        raise _usage(f"{kind} records no execution, so the analytic can say nothing over it")
    reading.check(paths, plain="lake write LAKE")
    for path in paths:
        if path != "-" and not Path(path).stat().st_size:
            raise _usage(f"{path} is empty: it holds no record")
    snapshot = reading.processes(Path(processes)) if processes else ()
    groups = (
        [(host, paths)] if host is not None else [(reading.name(path), (path,)) for path in paths]
    )
    home, head = Lake(lake), head_of(analytic)
    home.begin(head)
    writer = Writer(home, head, analytic.parameters, form, reading.opened, snapshot=snapshot)
    done = writer.write(groups, by_record=host is None)
    if done.blank:
        raise _usage("\n".join(f"{name} holds no record" for name in done.blank))
    if done.strange:
        raise _usage("\n".join(reading.wrong_kind(form, members) for members in done.strange))
    return done


def _detect(lake: Path, engine: str, workflows: tuple[str, ...], form: str) -> bool:
    from witnessmark.analytic.baseline import Baseline
    from witnessmark.analytic.keys import Paths
    from witnessmark.cli.printing import JsonLines, Table
    from witnessmark.content.workflows import given
    from witnessmark.lake.engines import verdicts
    from witnessmark.lake.fold import detections
    from witnessmark.lake.segments import Lake, unaltered

    home = Lake(lake)
    head = home.head()
    baseline = Baseline(given(map(Path, workflows)), Paths())
    printer: Printer = JsonLines() if form == "jsonl" else Table()
    rows = verdicts(engine, home.tables(head), head.compared)
    unaltered(home.segments())
    for found in detections(rows, head, baseline):
        printer.detection(found)
    _end(engine, home, form, printer)
    return printer.fired > 0


def _end(engine: str, home: Lake, form: str, printer: Printer) -> None:
    """What was looked at: silence over nothing would mean nothing."""
    import json

    manifests = [segment.manifest for segment in home.segments()]
    said = {
        "type": "summary",
        "engine": engine,
        "fired": printer.fired,
        "segments": len(manifests),
        "hosts": len({host for item in manifests for host in item.hosts}),
        **{table: sum(item.rows[table] for item in manifests) for table in ("ev", "xp")},
    }
    if form == "jsonl":
        click.echo(json.dumps(said))
        return
    del said["type"]
    click.echo(", ".join(f"{name} {value}" for name, value in said.items()))


def _say(done: Written) -> None:
    from witnessmark.cli.sums import Sums
    from witnessmark.report.plain import visible

    sums = Sums()
    for hosts, coverage, bad in done.coverages:
        sums.take(hosts, coverage, bad)
    if done.segment is None:
        click.echo(f"nothing new: the lake holds all {done.passed} bytes")
    else:
        manifest = done.segment.manifest
        size = sum((done.segment.path / f"{name}.parquet").stat().st_size for name in manifest.rows)
        click.echo(
            f"segment {manifest.number}: {manifest.rows['ev']} events and {manifest.rows['xp']} "
            f"executed paths in {size} bytes, of {sums.sentence()}"
        )
    for name in done.unfinished:
        print(
            f"{visible(name)}: its last line has no end yet; it is read next time", file=sys.stderr
        )
    for number, text in (
        (done.late, "records came later than is waited for, and were judged as they came"),
        (done.unresolved, "processes whose parent nobody saw (A7)"),
        (done.misdated, "records were left out: their time is before 1970 or after 2116"),
    ):
        if number:
            click.echo(f"{number} {text}")


def _usage(text: str) -> Exception:
    from witnessmark.errors import UsageError

    return UsageError(text)
