"""One run over a clean stand-in and one for each fault, for all tests of what came of it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from witnessmark import inventory, pipeline, stages
from witnessmark.bag.read import open_bag
from witnessmark.content import faults, root, scenarios
from witnessmark.plan import build, new_run_id
from witnessmark.standin import state as standin
from witnessmark.standin.faults.journal import NAME as JOURNAL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from witnessmark.bag.read import Bag
    from witnessmark.model.hosts import Host
    from witnessmark.model.run import HostFacts, Plan
    from witnessmark.model.verdicts import CaseVerdict

P11, CACHES = "p11-quarantined-download.downloads", "p11-quarantined-download.caches"
N14, P07 = "n14-run-after-window", "p07-browser-runs-shell.sh"
ELSEWHERE = ("shipper-", "store-", "alerts-", "log-", "santa-", "osquery-")
"""Faults that other modules play, with the demo profile's own deadlines or other sources."""
FAULTS = tuple(
    sorted(
        path.stem
        for path in (root() / "inventory/faults").glob("*.yaml")
        if not path.stem.startswith(ELSEWHERE)
    )
)
CLEAN = "as-it-should-be"
PLACES = (".witnessmark", "Downloads/witnessmark", "Library/Caches/org.witnessmark")
WINDOW_S, LATE_S = 12.0, 8.0
"""Wide, because many hosts act at once: no verdict may depend on how fast this machine is."""
PROFILE = f"""
  wide:
    drop_exec_window: {WINDOW_S:g}s
    high_severity_within: 2s
    spawn_load_window: 30s
    late_arrival: {LATE_S:g}s
"""


class Run(NamedTuple):
    """What came of one run: (case, host) -> verdict, and what was really broken on each host."""

    cases: dict[tuple[str, str], CaseVerdict]
    broken: dict[str, list[dict[str, Any]]]
    bag: Bag
    left: list[Path]
    """What the run left in the home of the host whose SSH was cut."""

    def said(self, case: str, host: str) -> tuple[str, str | None, bool]:
        """Verdict, first broken link and ok."""
        found = self.cases[case, host]
        link = found.first_broken_link
        return found.verdict.value, link.value if link else None, found.ok

    def lost(self, host: str, event: str, path: str) -> bool:
        """Whether a fault touched such an event."""
        return any(
            item["event"] == event and any(fnmatchcase(name, path) for name in item["names"])
            for item in self.broken[host]
        )

    def facts(self, host: str) -> HostFacts:
        """What the run knows of a host."""
        return next(item for item in self.bag.record.facts if item.name == host)


def play(folder: Path, broken: Sequence[str]) -> Run:
    """One clean stand-in and one per fault, played together."""
    state, names = folder / "st", [CLEAN, *broken]
    given = {name: [dict(item) for item in faults.load(name).faults] for name in broken}
    standin.boot(state, names, given, tied=True, timeout_s=90.0)
    files = [root() / "inventory/standin.yaml", state / "inventory.yaml"]
    plan = _plan(inventory.load(files).hosts)
    text = (root() / "analytics/an0994/analytic.yaml").read_text() + PROFILE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "_analytic", lambda: {"analytic.yaml": text.encode()})
        reports, verdicts = pipeline.run(plan, folder / "reports")
    cases = {(item.id.rpartition(":")[0], item.host): item for item in verdicts.cases}
    journals = {name: _journal(state / name / JOURNAL) for name in names}
    cut = [state / "ssh-cut/root/Users/purple" / place / plan.run_id for place in PLACES]
    return Run(cases, journals, open_bag(reports), [path for path in cut if path.exists()])


def _plan(hosts: tuple[Host, ...]) -> Plan:
    """The four cases and their controls on every host."""
    catalogue = scenarios.load_all()
    plan = build(
        run_id=new_run_id(dt.datetime.now(dt.UTC)),
        hosts=hosts,
        scenarios=scenarios.select(catalogue, ["p11", "n14", "p07"]),
        catalogue=catalogue,
        window_s=WINDOW_S,
        late_arrival_s=LATE_S,
        profile="wide",
    )
    wanted = {P11, CACHES, N14, P07}
    kept = [item for item in plan.cases if item.control or item.id.rpartition(":")[0] in wanted]
    return replace(plan, cases=tuple(kept))


def _journal(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
