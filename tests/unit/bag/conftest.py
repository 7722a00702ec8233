"""A small sealed bag with one host, one source and one case, to be broken in many ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from witnessmark.bag.manifest import seal
from witnessmark.bag.write import BagWriter
from witnessmark.content import scenarios
from witnessmark.model.hosts import Host, Origin, Role, Source
from witnessmark.model.run import (
    Act,
    Case,
    Collection,
    HostFacts,
    Listing,
    PhaseResult,
    Plan,
    RetentionProfile,
    RunRecord,
    Step,
    StoreLook,
)
from witnessmark.model.scenario import Phase

START = 1_800_000_000 * 10**9
Reseal: TypeAlias = Callable[[Callable[[dict[str, Any]], object]], Path]


@pytest.fixture
def record() -> RunRecord:
    scenario = next(item for item in scenarios.load_all() if item.id.startswith("p11"))
    source = Source(name="es", kind="eslogger", role=Role.ORGANISATION, path="/s")
    host = Host(
        name="mac1", origin=Origin.MAC, connection="ssh", sources=(source,), retention="ir-30d"
    )
    step = Step(step="drop", path="/x", to=None, pid=2, ppid=1, status=0)
    phase = PhaseResult(
        phase=Phase.ATTACK,
        mark="wm",
        started_ns=START,
        finished_ns=START,
        status=0,
        steps=(step,),
    )
    return RunRecord(
        format=1,
        tool="witnessmark test",
        started_ns=START,
        finished_ns=START + 10**9,
        plan=Plan(
            run_id="20261124t042002z-1f0c9a",
            profile=None,
            window_s=4,
            late_arrival_s=1,
            hosts=(host,),
            cases=(Case(id="c:mac1", index=1, host="mac1", scenario=scenario),),
        ),
        facts=(HostFacts(name="mac1", origin="mac", clock_offset_s=0.5),),
        acts=(Act(case_id="c:mac1", phases=(phase,), before=Listing(taken_ns=START)),),
        collections=(
            Collection(
                host="mac1",
                source="es",
                chunks=((3, START),),
                look=StoreLook(taken_ns=START, start=0, end=3),
            ),
        ),
        retention=(RetentionProfile(id="ir-30d", title="t", required="30d", why="w"),),
    )


@pytest.fixture
def bag(tmp_path: Path, record: RunRecord) -> Path:
    writer = BagWriter(tmp_path / "a run" / "bag")
    writer.raw("mac1", "es").write_bytes(b"{}\n")
    writer.add("content", {"lib/a.sh": b"x\n", "50%\nodd\u2028.sh": b"y\n"})
    writer.seal(record)
    return writer.folder


@pytest.fixture
def reseal(bag: Path) -> Reseal:
    """Change run.json and seal the bag again, as somebody who means harm would."""

    def do(change: Callable[[dict[str, Any]], object]) -> Path:
        path = bag / "data/run.json"
        data = json.loads(path.read_bytes())
        change(data)
        path.write_text(json.dumps(data))
        seal(bag, {})
        return bag

    return do
