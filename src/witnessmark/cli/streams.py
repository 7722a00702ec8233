"""Standard output and error as a command needs them: results are never lost without a word.

Progress is no result: a reader of standard error that went away must not break a run on hosts.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from witnessmark.errors import WitnessmarkError

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSED_PIPE = 141
"""What a shell says of a command that SIGPIPE (13) ended."""
NOT_WRITTEN = 74
"""EX_IOERR of sysexits(3)."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""A full disk, or a quota that is used up."""


class OutputError(WitnessmarkError):
    """Results could not be written to standard output, so nobody can have read them all."""

    def __init__(self, message: str, exit_code: int = NOT_WRITTEN) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class _Results(io.BufferedWriter):
    """Standard output. No library between here and ``main`` takes its errors for its own.

    A raw stream in Python would do too, but a signal could then come between its write and its
    return, and what was written would be written again.
    """

    def write(self, data: Any) -> int:
        """As any file, but with one error of ours."""
        with _ours():
            return super().write(data)

    def flush(self) -> None:
        """As any file, but with one error of ours."""
        with _ours():
            super().flush()


class _Progress(io.BufferedWriter):
    """Standard error. What cannot be written there is dropped."""

    def write(self, data: Any) -> int:
        """As any file, but it takes everything."""
        with suppress(OSError):
            return super().write(data)
        return len(data)

    def flush(self) -> None:
        """As any file, but without a complaint."""
        with suppress(OSError):
            super().flush()


@contextmanager
def _ours() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise OutputError("", CLOSED_PIPE) from None
    except OSError as problem:
        raise OutputError(
            f"standard output: {problem.strerror}: results are missing from there; "
            "make room or send them elsewhere, and ask again"
        ) from problem


def guard() -> None:
    """Take over the process's standard streams.

    Raises:
        OutputError: standard output is closed, so before anything is done.
    """
    _fill()
    if sys.stdin is None:  # as Python leaves what it finds closed
        sys.stdin = os.fdopen(0, encoding="utf-8")
    if sys.stdout is None:
        raise OutputError(
            "standard output is closed, so results would go nowhere; nothing was done: send them "
            "to a file, or to /dev/null"
        )
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(_Results(io.FileIO(1, "w", closefd=False)), sys.stdout)
    if sys.stderr is not None and sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Progress(io.FileIO(2, "w", closefd=False)), sys.stderr)


def flush() -> None:
    """Write what is still kept back.

    Raises:
        OutputError: it cannot be written.
    """
    sys.stdout.flush()


def abandon() -> None:
    """Let what can never be written be dropped: Python would try once more as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _fill() -> None:
    """Put nothing in place of what is closed, before a file of ours or a child's gets its number:
    ssh would write its complaints into the evidence."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _text(raw: io.BufferedWriter, before: TextIO | None) -> io.TextIOWrapper:
    """The same stream over other bytes."""
    assert isinstance(before, io.TextIOWrapper)
    return io.TextIOWrapper(
        raw,
        encoding=before.encoding,
        errors=before.errors,
        line_buffering=before.line_buffering,
        write_through=before.write_through,
    )
