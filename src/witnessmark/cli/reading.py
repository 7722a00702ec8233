"""Opens the telemetry files that a command names, and says what is wrong with them first."""

from __future__ import annotations

import stat
import sys
from contextlib import nullcontext
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from witnessmark.cli.unpacking import ZSTD, packing, unpacked, zstd
from witnessmark.errors import UsageError
from witnessmark.report.plain import visible
from witnessmark.telemetry.bulk import SIZE, chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from witnessmark.model.events import SnapshotRow
    from witnessmark.telemetry.format import Format


def check(paths: Sequence[str], *, plain: str | None = None) -> None:
    """Refuse what cannot be read, before anything is printed.

    ``plain`` is the command if it reads plain files only.

    Raises:
        UsageError: no such file, a directory, a packed file for ``plain``, standard input named
            twice, or zstd where nothing can unpack it.
    """
    if paths.count("-") > 1:
        raise UsageError("standard input (-) can be read only once")
    for path in paths:
        if path != "-":
            _check(Path(path), plain)


def opened(path: str) -> AbstractContextManager[BinaryIO]:
    """A file, or standard input for ``-``, as bytes."""
    return nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb")


def pieces(path: str, lost: Callable[[str], None]) -> Iterator[bytes]:
    """What a file holds, a piece at a time, unpacked if it is gzip or zstd.

    ``lost`` is told why the rest of a packed file cannot be read; so is the one who waits.
    """

    def broken(reason: str) -> None:
        click.echo(f"witnessmark: {visible(path)}: {reason}", err=True)
        lost(reason)

    with opened(path) as file:
        yield from unpacked(iter(partial(_some, file), b""), broken)


def _some(file: BinaryIO) -> bytes:
    """What is there, a pipe's too, without waiting until a piece is full."""
    read1 = getattr(file, "read1", file.read)
    found: bytes = read1(SIZE)
    return found


def lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Lines with their ends."""
    for chunk in chunks(pieces):
        yield from BytesIO(chunk)


def processes(path: Path) -> tuple[SnapshotRow, ...]:
    """What ``ps -axww -o pid=,ppid=,comm=`` told of the processes that ran before.

    Raises:
        UsageError: no such file, or it holds no row of such a listing.
    """
    from witnessmark.telemetry import ps

    try:
        rows = ps.decode(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    if not rows:
        raise UsageError(f"{path}: no line is a row of ps -axww -o pid=,ppid=,comm=")
    return rows


def name(path: str) -> str:
    """The host that a file is taken to be of, if nothing else says so."""
    stem = Path(path).name.partition(".")[0]
    return "stdin" if path == "-" else stem or path


def wrong_kind(form: Format, paths: Sequence[str]) -> str:
    """The sentence about files of which no line is a record of the kind that was named."""
    article = "an" if form.KIND[0] in "aeiou" else "a"
    text = f"no line of {', '.join(paths)} is {article} {form.KIND} record"
    hint = next((hint for path in paths if (hint := _hint(form, path)) is not None), None)
    return f"{text}; {hint}" if hint else text


def _hint(form: Format, path: str) -> str | None:
    """What a file is instead, as far as its first line tells."""
    from witnessmark.telemetry.kinds import looks_like

    if path == "-" or not Path(path).is_file():
        return None
    line = next(pieces(path, lambda _: None), b"").partition(b"\n")[0].strip()
    other = looks_like(line)
    if other not in (None, form.KIND):
        return f"it looks like {other}"
    if line == b"[" or line.startswith(b"[{"):
        mend = f"jq -c '.[]' {path}"
    elif line == b"{":
        mend = f"jq -c . {path}"
    else:
        return None
    return f"it is one JSON document, and a record a line is read: {mend}"


def _check(file: Path, plain: str | None) -> None:
    if file.is_dir():
        raise UsageError(f"{file} is a directory: name the files in it")
    try:
        # Opening a pipe would wait for its writer, and closing it again end it.
        head = b""
        if stat.S_ISREG(file.stat().st_mode):
            with file.open("rb") as begun:
                head = begun.read(len(ZSTD))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    packed = packing(head)
    if packed and plain:
        unpacker = "gunzip -c" if packed == "gzip" else "zstd -dc"
        raise UsageError(f"{file} is compressed: use {unpacker} FILE | witnessmark {plain} -")
    if packed == "zstd":
        zstd()
