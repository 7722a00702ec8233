"""What a case costs over SSH beyond the time of its own scripts, on one stand-in Mac.

The scripts' own time is taken in the same run: all three phases in one remote command, so that
sessions, inventories, receipts and looking at files are what is left. The least of each counts,
since noise only adds. No sensor is collected meanwhile.
"""

from __future__ import annotations

import datetime as dt
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark import inventory
from witnessmark.act import act_host
from witnessmark.content import pack, root, scenarios
from witnessmark.hosts.prepare import prepare, teardown
from witnessmark.hosts.reach import reach
from witnessmark.model.scenario import Phase
from witnessmark.phases import call
from witnessmark.plan import build, new_run_id
from witnessmark.standin import state as standin
from witnessmark.survey import ask_facts

if TYPE_CHECKING:
    from witnessmark.hosts.transport import Transport
    from witnessmark.model.run import Case, HostFacts, Plan

BAR_MS = 25.0
ROUNDS = 12


def own_ms(transport: Transport, plan: Plan, case: Case, facts: HostFacts) -> float:
    """Milliseconds of the case's three scripts, one after the other in a single remote command."""
    calls = [call(plan, case, transport.host, facts.home, phase) for phase in Phase]
    lines = [
        " ".join(
            ["env", *(shlex.quote(f"{key}={value}") for key, value in one.env.items()),
             shlex.join(one.argv), "> /dev/null"]
        )
        for one in calls
    ]  # fmt: skip
    script = "\n".join(lines)
    empty, full = [], []
    for _ in range(ROUNDS):
        for text, seen in ((":", empty), (script, full)):
            started = time.perf_counter()
            done = transport.run(["/bin/sh", "-c", text], env={}, timeout_s=30.0)
            seen.append((time.perf_counter() - started) * 1e3)
            if done.status != 0:
                raise SystemExit(f"the scripts ended with {done.status}: {done.stderr!r}")
    return min(full) - min(empty)


def measure(state: Path) -> float:
    """Print the table for one case with a spawned shell; returns the milliseconds beyond it."""
    standin.boot(state, ["mac1"], tied=True)
    (host,) = inventory.load([root() / "inventory/standin.yaml", state / "inventory.yaml"]).hosts
    catalogue = scenarios.load_all()
    chosen = scenarios.select(catalogue, ["p07"])
    plan = build(
        run_id=new_run_id(dt.datetime.now(dt.UTC)),
        hosts=[host],
        scenarios=chosen,
        catalogue=catalogue,
        window_s=4.0,
        late_arrival_s=4.0,
        profile="demo",
    )
    prepare([host], plan.run_id, pack.build())
    transport = reach(host)
    try:
        facts = ask_facts(transport, plan.run_id)
        walls: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            started = time.perf_counter()
            for act in act_host(transport, plan, facts):
                now = time.perf_counter()
                if [item.status for item in act.phases] == [0, 0, 0]:
                    walls.setdefault(act.case_id, []).append((now - started) * 1e3)
                started = now
        name = "p07-browser-runs-shell.sh:mac1"
        case = next(item for item in plan.cases if item.id == name)
        whole, own = min(walls[name]), own_ms(transport, plan, case, facts)
    finally:
        transport.close()
        teardown([host], plan.run_id)
    print(f"case      {whole:6.1f} ms over SSH, its own scripts {own:.1f} ms")
    print(f"overhead  {whole - own:6.1f} ms (bar {BAR_MS} ms)")
    return whole - own


def main() -> int:
    """Measure; exit 1 if the bar is missed."""
    state = Path(tempfile.mkdtemp(prefix="wm-"))
    try:
        return int(measure(state) > BAR_MS)
    finally:
        standin.shutdown(state, remove=True)
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
