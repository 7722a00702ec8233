"""``witnessmark detect``: the AN0994 analytic over telemetry files or a live stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from witnessmark.telemetry.kinds import KINDS

if TYPE_CHECKING:
    from witnessmark.cli.printing import Printer

FIRED = 1


@click.command("detect")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="eslogger",
    show_default=True,
    help="What wrote the telemetry.",
)
@click.option(
    "--processes",
    metavar="FILE",
    help="With --host: what ran before, as `ps -axww -o pid=,ppid=,comm=` told it.",
)
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
@click.option(
    "--workflows",
    multiple=True,
    metavar="PATH",
    help="A documented workflow (YAML) or a folder of them: what they suppress is said so.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Read so many files at once, each in a process of its own; the output is the same.",
)
@click.option("--follow", is_flag=True, help="Keep reading one PATH as it grows.")
def command(
    paths: tuple[str, ...],
    kind: str,
    processes: str | None,
    host: str | None,
    params: str | None,
    profile: str | None,
    form: str,
    workflows: tuple[str, ...],
    jobs: int,
    follow: bool,
) -> None:
    """Run the AN0994 analytic over eslogger output (NDJSON), or another --kind of telemetry.

    PATH is a file, or - for standard input. Without --host the records name their hosts; where they
    name none, every file is a host of its own, named after the file. What fired, was suppressed or
    could not be decided is printed as it is found, then one summary.

    \b
    Exit status: 0 nothing fired, 1 something fired, 2 wrong usage; also 2 if nothing fired and no
                 line of a PATH is a record of that kind, or no PATH holds anything at all.
    Live:        sudo eslogger exec fork exit create rename close setextattr unlink \\
                   | witnessmark detect --follow -
    """
    if _run(paths, kind, processes, host, params, profile, form, workflows, jobs, follow):
        click.get_current_context().exit(FIRED)


def _run(
    paths: tuple[str, ...],
    kind: str,
    processes: str | None,
    host: str | None,
    params: str | None,
    profile: str | None,
    form: str,
    workflows: tuple[str, ...],
    jobs: int,
    follow: bool,
) -> bool:
    """Whether something fired."""
    from pathlib import Path

    from witnessmark.analytic.parameters import load
    from witnessmark.cli import reading
    from witnessmark.cli.apart import Group, Task, outcomes
    from witnessmark.cli.printing import JsonLines, Table
    from witnessmark.content.workflows import given
    from witnessmark.errors import UsageError
    from witnessmark.telemetry.format import branches
    from witnessmark.telemetry.kinds import decoder_of

    if follow and len(paths) != 1:
        raise UsageError("--follow reads one PATH only")
    if jobs > 1 and (host is not None or "-" in paths):
        raise UsageError("--jobs reads several hosts' files: neither with --host nor with -")
    source = decoder_of(kind)
    answerable = branches(source.FILLS)
    if not answerable:
        raise UsageError(
            f"{kind} records no execution, so the analytic can say nothing over it: "
            f"look into it with witnessmark decode {kind}"
        )
    parameters = load(profile=profile, override=Path(params) if params else None).parameters
    baseline = given(map(Path, workflows))
    if processes is not None and host is None:
        raise UsageError("--processes is of one host: name it with --host")
    snapshot = reading.processes(Path(processes)) if processes else ()
    reading.check(paths)
    printer: Printer = JsonLines() if form == "jsonl" else Table()
    groups = [Group(reading.name(path), (path,)) for path in paths]
    if host is not None:
        groups = [Group(host, paths)]
    task = Task(kind, parameters, baseline, snapshot, by_record=host is None, follow=follow)
    strange = [
        reading.wrong_kind(source, group.members)
        for group, known in outcomes(task, groups, printer, jobs)
        if not known
    ]
    printer.end()
    for branch in sorted({"A", "B"} - answerable):
        click.echo(f"{kind} cannot answer branch {branch}: silence there means nothing", err=True)
    if strange and not printer.fired:
        raise UsageError(*strange)
    printer.sums.silence()
    return printer.fired > 0
