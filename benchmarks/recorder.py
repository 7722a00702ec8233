"""What recording costs: the CPU of a burst of activity, bare and under the recorder, side by side.

    python benchmarks/recorder.py [--quick] [--rounds N]

The burst: 2,000 short programs, 5,000 file writes, 200 drops (write, chmod, execute), 100 moves and
100 removals. CPU is user + system time of the whole tree, recorder included; bare and recorded runs
alternate, and the least of each counts, since noise only adds.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BAR = 2.2
"""Times the CPU of the bare burst that recording may cost in all."""

BURST = r"""
set -e
cd "$1"; scale=$2
mkdir -p drops moves
i=0; while [ $i -lt $((2000 / scale)) ]; do /bin/true "exec-$i"; i=$((i + 1)); done
i=0; while [ $i -lt $((5000 / scale)) ]; do printf '%s\n' "w-$i" > "write-$i"; i=$((i + 1)); done
i=0; while [ $i -lt $((200 / scale)) ]; do
  printf '#!/bin/sh\n: %s\n' "drop-$i" > "drops/drop-$i.sh"
  chmod +x "drops/drop-$i.sh"; "./drops/drop-$i.sh"
  i=$((i + 1))
done
i=0; while [ $i -lt $((100 / scale)) ]; do
  mv "write-$i" "moves/moved-$i"; rm "moves/moved-$i"; i=$((i + 1))
done
"""
"""Run as `sh burst.sh FOLDER SCALE`: one SCALE-th of everything."""


def argv(script: Path, folder: Path, scale: int) -> list[str]:
    """The burst as a command."""
    return ["/bin/sh", str(script), str(folder), str(scale)]


def recorded(command: list[str], root: Path, store: Path) -> list[str]:
    """The same command under the recorder."""
    recorder = [sys.executable, "-m", "witnessmark.standin.recorder"]
    return [*recorder, "--root", str(root), "--store", str(store), "--", *command]


def cpu_seconds(command: list[str]) -> tuple[float, float]:
    """(CPU, wall) seconds of a command and all its descendants."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - start


def measure(rounds: int, scale: int) -> float:
    """Alternate bare and recorded runs, print the least of each, return their ratio."""
    bare, traced, lines = [], [], 0
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch, "burst.sh")
        script.write_text(BURST)
        for number in range(rounds):
            for name, results in (("bare", bare), ("recorded", traced)):
                root = Path(scratch, f"{name}{number}")
                root.mkdir()
                store = Path(scratch, f"{number}.ndjson")
                command = argv(script, root, scale)
                if results is traced:
                    command = recorded(command, root, store)
                results.append(cpu_seconds(command))
                print(f"{name:9} cpu {results[-1][0]:6.2f} s  wall {results[-1][1]:6.2f} s")
            lines = store.read_bytes().count(b"\n")
    cost, base = min(traced)[0], min(bare)[0]
    print(
        f"ratio     cpu {cost / base:6.2f} (bar {BAR})   events {lines}  (cores {os.cpu_count()})"
    )
    return cost / base


def main() -> int:
    """Parse the command line and measure; exit 1 if the full burst misses the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the burst, twice; not judged"
    )
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ratio = measure(2 if options.quick else options.rounds, 10 if options.quick else 1)
    # A tenth of the burst is too short to judge by: start-up and noise outweigh the recording.
    return int(ratio > BAR and not options.quick)


if __name__ == "__main__":
    sys.exit(main())
