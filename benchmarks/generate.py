"""Generates eslogger records (NDJSON) of a fleet at work, with planted behaviour and its truth.

    python benchmarks/generate.py FOLDER [--size 100MB] [--hosts 4] [--seed 1] [--late 0.0005]

FOLDER gets a file per host (mac01.ndjson ...) and truth.ndjson: a line for each planted execution,
with what the analytic must answer (``fired``, ``undetermined`` or ``silent``), the rules that
decide it, the execution's global_seq_num (``exec``), and ``ref``: the drop's, or the browser's pid.
Whatever the truth does not name is silent. The same arguments give the same bytes.

Each host begins with its login, so that every parent is known but those that are planted as
unknown. A third of the hosts write audit tokens as arrays. Keys come in any order, some lines late.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet import browsers, daily, drops
from fleet.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleet.host import Story

UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
EVERY_S = 45.0
"""Between two planted stories on one host, on average."""
LATE = 0.0005


def host(
    name: str, size: int, *, seed: int = 1, number: int = 0, late: float = LATE,
    write: Callable[[bytes], object],
) -> list[dict[str, Any]]:  # fmt: skip
    """Write one host's records, a line at a time; the truth about them."""
    made = Host(name, seed=seed, arrays=number % 3 == 2, write=write, late=late)
    desk = daily.login(made)
    made.begin(daily.day(made, desk))
    made.begin(_planted(made, desk))
    made.play(size)
    return made.truth


def _planted(made: Host, desk: daily.Desk) -> Story:
    stories = [*drops.STORIES, *browsers.STORIES]
    while True:
        made.rng.shuffle(stories)
        for story in stories:
            yield made.rng.expovariate(1 / EVERY_S)
            made.begin(story(made, desk))


def fleet(
    folder: Path, size: int, *, hosts: int = 4, seed: int = 1, late: float = LATE
) -> Iterator[Path]:
    """Write a file per host and the truth of all; the files as they are done."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "truth.ndjson").open("w") as truth:
        for number in range(hosts):
            path = folder / f"mac{number + 1:02}.ndjson"
            with path.open("wb", buffering=1 << 20) as file:
                found = host(
                    path.stem, size // hosts, seed=seed, number=number, late=late, write=file.write
                )
            truth.writelines(json.dumps(row) + "\n" for row in found)
            yield path


def size_of(text: str) -> int:
    """Bytes of ``100MB``.

    Raises:
        ValueError: no such size.
    """
    unit = UNITS.get(text[-2:].upper())
    return int(float(text[:-2]) * unit) if unit else int(text)


def main() -> None:
    """Parse the command line and generate."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=size_of, default="100MB", help="of all hosts together")
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--late", type=float, default=LATE, help="share of lines that come late")
    said = parser.parse_args()
    for path in fleet(said.folder, said.size, hosts=said.hosts, seed=said.seed, late=said.late):
        print(path)


if __name__ == "__main__":
    main()
