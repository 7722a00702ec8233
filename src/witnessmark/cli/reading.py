"""Opens the telemetry files that a command names, and says what is wrong with them first."""

from __future__ import annotations

import stat
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from witnessmark.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from witnessmark.model.events import SnapshotRow
    from witnessmark.telemetry.format import Format

GZIP = b"\x1f\x8b"
LOOKED_AT = 1 << 20


def check(paths: Sequence[str], command: str) -> None:
    """Refuse what cannot be read, before anything is printed.

    Raises:
        UsageError: no such file, a directory, a compressed file, standard input named twice.
    """
    if paths.count("-") > 1:
        raise UsageError("standard input (-) can be read only once")
    for path in paths:
        if path != "-":
            _check(Path(path), command)


def opened(path: str) -> AbstractContextManager[BinaryIO]:
    """A file, or standard input for ``-``, as bytes."""
    return nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb")


def lines(file: BinaryIO, path: str, command: str) -> Iterator[bytes]:
    """Lines with their ends. Raises UsageError where the first shows that it is compressed."""
    for number, line in enumerate(file):
        if number == 0 and line.startswith(GZIP):
            raise UsageError(compressed(path, command))
        yield line


def compressed(path: str, command: str) -> str:
    """What is wrong with a compressed file, and the mend."""
    return f"{path} is compressed: use gunzip -c FILE | witnessmark {command} -"


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
    with Path(path).open("rb") as file:
        line = file.readline(LOOKED_AT).strip()
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


def _check(file: Path, command: str) -> None:
    if file.is_dir():
        raise UsageError(f"{file} is a directory: name the files in it")
    try:
        # Opening a pipe would wait for its writer, and closing it again end it.
        head = b""
        if stat.S_ISREG(file.stat().st_mode):
            with file.open("rb") as begun:
                head = begun.read(2)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    if head == GZIP:
        raise UsageError(compressed(str(file), command))
