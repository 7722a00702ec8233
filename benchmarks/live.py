"""How long an execution's line takes to its alert through a pipe, as from ``eslogger``.

    python benchmarks/live.py [--rate 2000] [--seconds 20]

Branch B's alerts come at once; branch A's wait for their window to close (A6), and do not count.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time

import generate

ARGV = [sys.executable, "-m", "witnessmark", "detect", "--follow", "--host", "mac", "-"]
BAR_MS, BAR_CPU = 5.0, 10.0
START_S = 3.0
"""How long the command is given to start, which is not its latency."""


def live(rate: int, seconds: int) -> bool:
    """Print what was measured; whether a bar was missed."""
    lines: list[bytes] = []
    generate.EVERY_S = 3.0
    generate.host("mac", rate * seconds * 2_200, write=lines.append, late=0.0)
    lines = lines[: rate * seconds]
    idle = spent([])[1]
    took, cpu, delays = spent(lines, rate)
    p50, p95 = (delays[int(len(delays) * part)] * 1e3 for part in (0.5, 0.95))
    busy = 100 * (cpu - idle) / took
    print(
        f"{len(lines) / took:.0f} records/s for {took:.0f} s, {len(delays)} alerts: "
        f"p50 {p50:.2f} ms, p95 {p95:.2f} ms (bar {BAR_MS:g}), "
        f"{busy:.0f} % of a core (bar {BAR_CPU:g}); load {os.getloadavg()[0]:.1f}"
    )
    return p95 > BAR_MS or busy > BAR_CPU


def spent(lines: list[bytes], rate: int = 1) -> tuple[float, float, list[float]]:
    """Seconds of writing, CPU seconds of the command, and each alert's delay, sorted."""
    sent: dict[int, float] = {}
    delays: list[float] = []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(ARGV, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        reader = threading.Thread(target=_note, args=(child, sent, delays))
        reader.start()
        time.sleep(START_S)
        began = time.perf_counter()
        for number, line in enumerate(lines):
            if (wait := began + number / rate - time.perf_counter()) > 0:
                time.sleep(wait)
            sent[number] = time.perf_counter()
            child.stdin.write(line)
            child.stdin.flush()
        took = time.perf_counter() - began
        child.stdin.close()
        reader.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, cpu, sorted(delays)


def _note(child: subprocess.Popen[bytes], sent: dict[int, float], delays: list[float]) -> None:
    assert child.stdout
    for line in child.stdout:
        now, item = time.perf_counter(), json.loads(line)
        if item["type"] == "detection" and item["branch"] == "B":
            delays.append(now - sent[item["exec"]["seq"]])


def main() -> int:
    """Measure; exit 1 if a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=2_000, help="records a second")
    parser.add_argument("--seconds", type=int, default=20)
    said = parser.parse_args()
    return int(live(said.rate, said.seconds))


if __name__ == "__main__":
    sys.exit(main())
