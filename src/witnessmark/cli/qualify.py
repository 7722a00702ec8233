"""``witnessmark qualify``: golden lines of a Mac's sources, scrubbed, as a pack to hand back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from witnessmark.cli import options
from witnessmark.cli.moments import LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.doctor.lines import Line
    from witnessmark.qualify.pack import Pack


@click.command()
@click.argument("host", required=False, metavar="[HOST]")
@options.INVENTORIES
@options.STATE
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the pack is written; must not exist.  [default: packs/RUN]",
)
@click.option(
    "--words",
    "words_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="More that must not be in it, a name or word a line: the organisation, projects.",
)
@click.option(
    "--wait",
    "wait_s",
    type=LENGTH,
    default="30s",
    show_default=True,
    help="How long a source may take to show what was done.",
)
@click.option(
    "--check",
    "checked",
    type=click.Path(path_type=Path),
    metavar="PACK",
    help="Touch no host: look whether a pack is whole, readable and scrubbed.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(
    host: str | None,
    inventories: tuple[Path, ...],
    state: Path | None,
    out: Path | None,
    words_file: Path | None,
    wait_s: float,
    checked: Path | None,
    *,
    quiet: bool,
) -> int:
    """Make a fixed set of harmless probes on HOST and pack what its sources recorded of them.

    The records are scrubbed of names, addresses and ids, held against what the decoders know, and
    written as test data. Needs the same consent as a run; nothing is left on the host.
    Exit 0 all is as the decoders know it; 1 a shape is unknown, or the pack is refused;
    3 the host cannot be used; 4 something was not seen.
    """
    if (host is None) == (checked is None):
        raise click.UsageError("name a HOST of the inventory, or a pack with --check")
    if checked is not None:
        return _check(checked)
    assert host is not None
    return _qualify(host, inventories, state, out, words_file, wait_s, quiet=quiet)


def _check(pack: Path) -> int:
    from witnessmark.qualify.store import check
    from witnessmark.report.plain import visible

    problems = check(pack)
    for problem in problems:
        click.echo(visible(problem))
    if not problems:
        click.echo(
            f"{visible(str(pack))}: whole, readable, and nothing in it has the form of a real id"
        )
    return 1 if problems else 0


def _qualify(
    name: str,
    inventories: Sequence[Path],
    state: Path | None,
    out: Path | None,
    words_file: Path | None,
    wait_s: float,
    *,
    quiet: bool,
) -> int:
    import datetime as dt

    from witnessmark import inventory
    from witnessmark.cli import console
    from witnessmark.cli.fleet import files
    from witnessmark.errors import UsageError
    from witnessmark.plan import new_run_id
    from witnessmark.qualify.capture import capture
    from witnessmark.qualify.pack import build
    from witnessmark.qualify.store import write

    hosts = inventory.load(files(inventories, state), limit=(name,)).hosts
    if len(hosts) != 1:
        raise UsageError(f"{name} is {len(hosts)} hosts; name one")
    if not hosts[0].sources:
        raise UsageError(f"{name}: the inventory names no source, so there is nothing to record")
    run_id = new_run_id(dt.datetime.now(dt.UTC))
    folder = out or Path("packs") / run_id
    if folder.exists():
        raise UsageError(f"{folder} exists already; name another folder with --out")
    words = _words(words_file)
    watch = console.watch(quiet=quiet)
    found = capture(hosts[0], run_id, wait_s=wait_s, words=words, told=watch.stage)
    pack = build(found)
    write(pack, folder)
    return _told(pack, folder, found.origin.value)


def _words(file: Path | None) -> list[str]:
    from witnessmark import plainfile
    from witnessmark.errors import UsageError

    if file is None:
        return []
    try:
        text = plainfile.read(file, 1 << 20).decode()
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{file}: the words cannot be read ({problem})") from problem
    return [line.strip() for line in text.splitlines() if line.strip()]


def _told(pack: Pack, folder: Path, origin: str) -> int:
    from witnessmark.model.verdicts import Status
    from witnessmark.report.plain import visible

    for text in _shown(pack.lines):
        click.echo(visible(text))
    counts = ", ".join(f"{number} {what}" for what, number in sorted(pack.hidden.items()))
    click.echo(f"scrubbed: {counts}")
    click.echo(f"pack ({origin}): {folder}; read it before you hand it on")
    said = {item.status for item in pack.lines}
    if Status.FAIL in said:
        return 1
    return 4 if Status.ERROR in said else 0


def _shown(lines: Sequence[Line]) -> Iterator[str]:
    from witnessmark.report.summary import LEGEND

    long = max((len(item.name) for item in lines), default=0)
    for item in lines:
        yield f"{LEGEND[item.status][0]:<4}  {item.name:<{long}}  {item.message}"
        if item.mend:
            yield f"      mend: {item.mend}"
