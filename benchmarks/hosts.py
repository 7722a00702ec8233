"""What twenty stand-in Macs in one run cost against one, on the same machine, one after the other.

    python benchmarks/hosts.py [--hosts N]

The same four scenarios are played and judged, with a destination per host. The wall time contains
what the scenarios wait for by themselves (a negative case waits out the demo window) once, however
many hosts there are. CPU and memory are the controller's own; the hosts' processes and recorders
run beside it on the same cores.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from witnessmark import inventory, pipeline
from witnessmark.analytic import parameters
from witnessmark.content import root, scenarios
from witnessmark.fleet import Watch
from witnessmark.plan import build, new_run_id
from witnessmark.standin import state as standin

HOSTS = 20
BAR_RATIO = 8.0
"""Times the wall time of one host that twenty may take; one after the other would be twenty."""
BAR_MB = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took, and whether every assessed case was as it should be."""

    wall_s: float
    cpu_s: float
    stages: tuple[tuple[str, float], ...]
    bad: int
    cases: int


def play(state: Path, reports: Path, limit: tuple[str, ...]) -> Cost:
    """One run over some of the hosts."""
    profile = "demo"
    params = parameters.load(profile=profile).parameters
    catalogue = scenarios.load_all()
    files = [root() / "inventory/standin.yaml", state / "inventory.yaml"]
    plan = build(
        run_id=new_run_id(dt.datetime.now(dt.UTC)),
        hosts=inventory.load(files, limit=limit).hosts,
        scenarios=scenarios.select(catalogue, ["p07", "p11", "n14"]),
        catalogue=catalogue,
        window_s=params.drop_exec_window,
        late_arrival_s=params.late_arrival,
        profile=profile,
    )
    marks: list[tuple[str, float]] = []
    cpu, started = _cpu_s(), time.perf_counter()
    watch = Watch(stage=lambda text: marks.append((text.split(":")[0], time.perf_counter())))
    _, verdicts = pipeline.run(plan, reports, watch=watch)
    ended = time.perf_counter()
    ends = [*(moment for _, moment in marks[1:]), ended]
    return Cost(
        wall_s=ended - started,
        cpu_s=_cpu_s() - cpu,
        stages=tuple((name, end - begin) for (name, begin), end in zip(marks, ends, strict=True)),
        bad=sum(not case.ok for case in verdicts.cases),
        cases=len(verdicts.cases),
    )


def _cpu_s() -> float:
    """User and system time of this process and of the children it has waited for (ansible)."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in both)


def measure(folder: Path, hosts: int) -> int:
    """Print the table; the exit status."""
    state, reports = folder / "state", folder / "reports"
    names = [f"mac{number:02d}" for number in range(1, hosts + 1)]
    standin.boot(state, names, tied=True, timeout_s=120.0)
    one = play(state, reports, (names[0],))
    small = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    many = play(state, reports, ())
    large = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for count, cost in ((1, one), (hosts, many)):
        stages = "  ".join(f"{name} {seconds:.1f}" for name, seconds in cost.stages)
        print(
            f"{count:2d} host{'s' if count > 1 else ' '}  wall {cost.wall_s:6.1f} s  "
            f"cpu {cost.cpu_s:6.1f} s  ({stages})  {cost.bad} of {cost.cases} cases not ok"
        )
    ratio = many.wall_s / one.wall_s
    print(
        f"ratio     wall {ratio:.2f} (bar {BAR_RATIO})  cpu {many.cpu_s / one.cpu_s:.2f}  "
        f"(cores {os.cpu_count()})"
    )
    print(f"memory    {small:.0f} MB, then {large:.0f} MB (bar {BAR_MB:.0f})")
    return int(ratio > BAR_RATIO or large > BAR_MB or one.bad > 0 or many.bad > 0)


def main() -> int:
    """Measure; exit 1 if a bar is missed or a case was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=HOSTS)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="wm-"))
    try:
        return measure(folder, options.hosts)
    finally:
        standin.shutdown(folder / "state", remove=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
