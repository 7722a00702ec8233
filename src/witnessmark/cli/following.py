"""Reads lines from a pipe or a growing file as they come, and says so when none come."""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 18
IDLE_S = 0.2


def lines_as_they_come(
    file: BinaryIO, *, ends: bool, idle_s: float = IDLE_S
) -> Iterator[tuple[bytes | None, int]]:
    """Whole lines, and (None, idle ns so far) each time that nothing came for ``idle_s``.

    ``ends``: an end of the file is the end (a pipe); else more may be appended (a file). The last
    line of a pipe counts even without its line end.
    """
    descriptor = file.fileno()
    rest: list[bytes] = []
    since = time.monotonic_ns()
    while True:
        if ends and not select.select([descriptor], [], [], idle_s)[0]:
            yield None, time.monotonic_ns() - since
            continue
        chunk = os.read(descriptor, CHUNK)
        if not chunk:
            if ends:
                break
            time.sleep(idle_s)
            yield None, time.monotonic_ns() - since
            continue
        since = time.monotonic_ns()
        *whole, last = chunk.split(b"\n")
        for line in whole:
            yield b"".join((*rest, line, b"\n")), 0
            rest.clear()
        if last:
            rest.append(last)
    if rest:
        yield b"".join(rest), 0
