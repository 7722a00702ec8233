"""How fast each decoder is, in MB/s of one core, and whether its memory stays flat.

The lines are the synthetic stories of the tests, repeated with other times, pids and sequence
numbers, so that no cache knows them all. ``json.loads`` of the same lines in the same run is the
yardstick (of Santa's text lines: splitting them). CPU time counts, not wall time.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.telemetry.decoder import Decoder
from witnessmark.telemetry.kinds import KINDS, decoder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = Path(__file__).parents[1] / "tests/unit/telemetry/data"
BAR, SLOW_BAR = 50.0, 20.0
SLOW = {"osquery", "crowdstrike"}
MEGABYTES = 12
ROUNDS = 5
FLAT_MB = 8.0
"""How much more memory twice as many lines may take."""


def stories(kind: str) -> Iterator[bytes]:
    """The story again and again: a minute later, with other pids and numbers."""
    lines = (DATA / f"{kind}.synthetic").read_bytes().splitlines(keepends=True)
    number = 0
    while True:
        number += 1
        for line in lines:
            yield _again(line, number)


def _again(line: bytes, number: int) -> bytes:
    hour, rest = divmod(number, 3600)
    minute, second = divmod(rest, 60)
    when = f"{10 + hour % 13:02}:{minute:02}:{second:02}".encode()
    for old in (b"10:00:01", b"10:00:02", b"10:00:03", b"10:00:04"):
        line = line.replace(old, when)
    line = line.replace(b"17911080", str(17911080 + number).encode()[:8])
    for pid in (b"300", b"301"):
        line = line.replace(pid, str(int(pid) + 2 * (number % 40_000)).encode())
    return line


def gather(kind: str) -> list[bytes]:
    """Lines of a fixed size in all."""
    found, size = [], 0
    for line in stories(kind):
        found.append(line)
        size += len(line)
        if size >= MEGABYTES * 1_000_000:
            return found
    return found


def rate(lines: list[bytes], work: Callable[[list[bytes]], object]) -> float:
    """The best of a few rounds, in MB/s of CPU time."""
    best = 0.0
    for _ in range(ROUNDS):
        started = time.process_time()
        work(lines)
        best = max(best, sum(map(len, lines)) / 1e6 / (time.process_time() - started))
    return best


def decode(kind: str, lines: list[bytes]) -> int:
    """Decode, and keep nothing."""
    decoder = Decoder(decoder_of(kind), host="mac", source=kind, trouble=lambda _bad: None)
    return sum(len(decoder.feed(line)) for line in lines)


def yardstick(kind: str, lines: list[bytes]) -> None:
    """``json.loads`` of each line; what is no JSON is split at its bars."""
    for line in lines:
        if line.startswith(b"{"):
            json.loads(line)
        else:
            line.decode().split("|")


def grown(kind: str) -> float:
    """How many MB more the process takes after decoding a stream that is never kept."""
    decoder = Decoder(decoder_of(kind), host="mac", source=kind, trouble=lambda _bad: None)
    before = 0
    size = 0
    for line in stories(kind):
        decoder.feed(line)
        size += len(line)
        if not before and size > 20_000_000:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if size > 40_000_000:
            break
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> int:
    """Print a row per decoder; exit 1 if a bar is missed."""
    status = 0
    print("kind             MB/s   bar   x json.loads   bytes/line   us/line   grows by")
    for kind in sys.argv[1:] or KINDS:
        lines = gather(kind)
        mean = sum(map(len, lines)) / len(lines)
        plain = rate(lines, lambda given, kind=kind: yardstick(kind, given))  # type: ignore[misc]
        ours = rate(lines, lambda given, kind=kind: decode(kind, given))  # type: ignore[misc]
        del lines
        more = grown(kind)
        bar = SLOW_BAR if kind in SLOW else BAR
        missed = ours < bar or more > FLAT_MB
        status |= missed
        print(
            f"{kind:15} {ours:6.1f} {bar:5.0f} {ours / plain:14.2f} {mean:12.0f} {mean / ours:9.1f}"
            f" {more:7.1f} MB{'   missed' if missed else ''}",
            flush=True,
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
