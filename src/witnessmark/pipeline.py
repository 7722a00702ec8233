"""prepare -> act + collect -> teardown -> bag -> judge: the one place that knows every part."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from witnessmark import __version__
from witnessmark.act import Folders, act_host, ask_facts
from witnessmark.bag.read import open_bag
from witnessmark.bag.write import BagWriter
from witnessmark.collect.collector import Collected, Collector
from witnessmark.content import pack, root
from witnessmark.content.located import load
from witnessmark.errors import HostError, WitnessmarkError
from witnessmark.hosts.prepare import PrepareResult, prepare, teardown
from witnessmark.hosts.reach import reach
from witnessmark.judge.run import judge
from witnessmark.model.run import (
    Act,
    Case,
    Collection,
    HostFacts,
    Plan,
    RetentionProfile,
    RunRecord,
)
from witnessmark.report import junit, verdicts_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Host
    from witnessmark.model.verdicts import RunVerdict

TOOL = f"witnessmark {__version__}"
MOST_HOSTS_AT_ONCE = 20
LEFTOVERS = (
    'run=$1; shift; for dir do [ -e "$dir" ] || continue; '
    'find "$dir" -maxdepth 3 -name "*$run*" -print0 || exit 1; done'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the caller is told while a run goes on; both may be called from several threads."""

    stage: Callable[[str], None] = lambda _text: None
    acted: Callable[[Case, Act], None] = lambda _case, _act: None


@dataclass(slots=True, kw_only=True)
class _HostRun:
    """What one host's thread brought home."""

    facts: HostFacts
    acts: list[Act] = field(default_factory=list)
    collected: list[Collected] = field(default_factory=list)


def run(
    plan: Plan, reports: Path, *, watch: Watch | None = None, faults: Sequence[str] = ()
) -> tuple[Path, RunVerdict]:
    """Carry out a plan and judge it; returns the run's folder and its verdicts.

    Whatever happens on the way, every host that was prepared is torn down again.
    """
    watch = watch or Watch()
    folder = reports / plan.run_id
    started = time.time_ns()
    files = pack.build()
    writer = BagWriter(folder / "bag")
    writer.add("content/scenarios", files)
    writer.add("analytics/an0994", _analytic())
    watch.stage(f"prepare: {_names(plan.hosts)}")
    prepared = prepare(plan.hosts, plan.run_id, files)
    cancel = threading.Event()
    try:
        runs = _act_all(plan, prepared, writer, watch, cancel)
    finally:
        watch.stage("teardown")
        torn = teardown([host for host in plan.hosts if prepared[host.name].ok], plan.run_id)
    record = RunRecord(
        format=1,
        tool=TOOL,
        started_ns=started,
        finished_ns=time.time_ns(),
        plan=replace(plan, hosts=tuple(_without_machine_paths(host) for host in plan.hosts)),
        facts=tuple(_after(host, runs[host.name].facts, torn, plan) for host in plan.hosts),
        acts=tuple(act for item in runs.values() for act in item.acts),
        collections=tuple(_collection(item) for one in runs.values() for item in one.collected),
        retention=_retention(plan.hosts),
        faults=tuple(faults),
    )
    writer.seal(record)
    watch.stage("judge")
    return folder, _judged(folder, reports)


def rejudge(path: Path, as_of_ns: int | None) -> RunVerdict:
    """Judge a bag again, offline, as of another moment; appends to the ledger beside the bag."""
    bag = open_bag(path)
    verdicts = judge(bag, as_of_ns)
    if bag.folder.name == "bag":
        _ledger(bag.folder.parent, verdicts)
    return verdicts


def _judged(folder: Path, reports: Path) -> RunVerdict:
    verdicts = judge(open_bag(folder))
    (folder / "verdicts.json").write_text(verdicts_json.render(verdicts), "utf-8")
    (folder / "junit.xml").write_text(junit.render(verdicts), "utf-8")
    _ledger(folder, verdicts)
    latest = reports / "latest"
    fresh = reports / f".latest-{folder.name}"
    fresh.symlink_to(folder.name)
    fresh.replace(latest)
    return verdicts


def _ledger(folder: Path, verdicts: RunVerdict) -> None:
    line = {
        "as_of": verdicts.as_of,
        "bag_sha256": verdicts.bag_sha256,
        "tool": verdicts.tool,
        "totals": verdicts_json.totals(verdicts),
        "cases": {f"{item.id} {item.source or '-'}": item.verdict.value for item in verdicts.cases},
    }
    with (folder / "ledger.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")


def _act_all(
    plan: Plan,
    prepared: dict[str, PrepareResult],
    writer: BagWriter,
    watch: Watch,
    cancel: threading.Event,
) -> dict[str, _HostRun]:
    watch.stage(f"act: {len(plan.cases)} cases")
    with ThreadPoolExecutor(min(len(plan.hosts), MOST_HOSTS_AT_ONCE)) as pool:
        futures = {
            host.name: pool.submit(_host, plan, host, prepared[host.name], writer, watch, cancel)
            for host in plan.hosts
        }
        try:
            return {name: future.result() for name, future in futures.items()}
        except BaseException:
            cancel.set()
            raise


def _host(
    plan: Plan,
    host: Host,
    ready: PrepareResult,
    writer: BagWriter,
    watch: Watch,
    cancel: threading.Event,
) -> _HostRun:
    if not ready.ok:
        return _lost(plan, host, ready.reason or f"{host.name}: it could not be prepared")
    try:
        transport = reach(host)
    except HostError as problem:
        return _lost(plan, host, str(problem))
    try:
        return _act_one(plan, transport, ready, writer, watch, cancel)
    except HostError as problem:
        return _lost(plan, host, str(problem))
    finally:
        transport.close()


def _lost(plan: Plan, host: Host, why: str) -> _HostRun:
    """A host that could not be used: every case of it says why, and nothing is passed over."""
    facts = HostFacts(name=host.name, origin=host.origin.value, problem=why)
    acts = [
        Act(case_id=item.id, error=why, started=False)
        for item in plan.cases
        if item.host == host.name
    ]
    return _HostRun(facts=facts, acts=acts)


def _act_one(
    plan: Plan,
    transport: Transport,
    ready: PrepareResult,
    writer: BagWriter,
    watch: Watch,
    cancel: threading.Event,
) -> _HostRun:
    host = transport.host
    facts = replace(
        ask_facts(transport, plan.run_id),
        consent_owner=ready.consent_owner,
        consent_expires=ready.consent_expires,
    )
    collectors = [
        Collector(transport, source, writer.raw(host.name, source.name)) for source in host.sources
    ]
    for collector in collectors:
        collector.start()
    try:
        _snapshot(transport, writer)
        acts = list(act_host(transport, plan, facts, watch.acted, cancel.is_set))
        _await_end(plan, transport, collectors)
    finally:
        collected = [collector.finish() for collector in collectors]
    for item in collected:
        if item.head:
            writer.raw(host.name, item.source, "head.ndjson").write_bytes(item.head)
    return _HostRun(facts=facts, acts=acts, collected=collected)


def _snapshot(transport: Transport, writer: BagWriter) -> None:
    """Which processes ran already when collection began (K1, A7)."""
    argv = ["ps", "-axww", "-o", "pid=,ppid=,comm="]
    result = transport.run(argv, env={}, timeout_s=20.0)
    if result.status == 0:
        writer.raw(transport.host.name, "processes", "txt").write_bytes(result.stdout)


def _await_end(plan: Plan, transport: Transport, collectors: Sequence[Collector]) -> None:
    """Wait for late records, but no longer than it takes to see a command that ran after all else.

    A sensor delivers in order, so once the end mark is in, everything before it is in too.
    """
    mark = f"wm-{plan.run_id}-end"
    transport.run(["true", mark], env={}, timeout_s=20.0)
    deadline = time.monotonic() + plan.late_arrival_s
    for collector in collectors:
        collector.wait_for(mark.encode(), max(0.0, deadline - time.monotonic()))


def _after(host: Host, facts: HostFacts, torn: dict[str, PrepareResult], plan: Plan) -> HostFacts:
    """The host's facts with what was still there after teardown; None where nobody could look."""
    result = torn.get(host.name)
    if result is None or not facts.home:
        return facts
    if not result.ok:
        return replace(facts, problem=result.reason)
    try:
        return replace(facts, left_behind=_left_behind(host, facts, plan.run_id))
    except WitnessmarkError as problem:
        return replace(facts, problem=str(problem))


def _left_behind(host: Host, facts: HostFacts, run_id: str) -> tuple[str, ...] | None:
    folders = Folders(home=facts.home, run_id=run_id)
    places = (
        f"{folders.home}/.witnessmark",
        f"{folders.home}/Downloads",
        f"{folders.home}/Library/Caches",
    )
    transport = reach(host)
    try:
        argv = ["/bin/sh", "-c", LEFTOVERS, "leftovers", run_id, *places]
        result = transport.run(argv, env={}, timeout_s=30.0)
    finally:
        transport.close()
    if result.status != 0:
        return None
    found = [item.decode(errors="backslashreplace") for item in result.stdout.split(b"\0") if item]
    return tuple(item.removeprefix(host.path_prefix) for item in found)


def _collection(item: Collected) -> Collection:
    return Collection(
        host=item.host,
        source=item.source,
        chunks=tuple(item.chunks),
        start=item.start,
        look=item.look,
        problem=item.problem,
    )


def _retention(hosts: Sequence[Host]) -> tuple[RetentionProfile, ...]:
    names = sorted({host.retention for host in hosts if host.retention})
    folder = root() / "inventory" / "retention"
    return tuple(load(folder / f"{name}.yaml", RetentionProfile) for name in names)


def _analytic() -> dict[str, bytes]:
    return {"analytic.yaml": (root() / "analytics" / "an0994" / "analytic.yaml").read_bytes()}


def _without_machine_paths(host: Host) -> Host:
    """Where the controller keeps its keys is nobody's business who reads the bag."""
    return replace(host, key_file=None, known_hosts=None)


def _names(hosts: Sequence[Host]) -> str:
    shown = ", ".join(host.name for host in hosts[:5])
    return shown + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")
