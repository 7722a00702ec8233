"""prepare -> act + collect -> teardown -> bag -> judge: the one place that knows every part."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark import __version__
from witnessmark.bag.read import open_bag
from witnessmark.bag.write import BagWriter
from witnessmark.content import pack, root, workflows
from witnessmark.content.durations import seconds
from witnessmark.content.located import load
from witnessmark.errors import ContentError, UsageError, WitnessmarkError
from witnessmark.fleet import MOST_HOSTS_AT_ONCE, Watch, play
from witnessmark.hosts.prepare import prepared, teardown
from witnessmark.judge.run import judge
from witnessmark.model.run import (
    Collection,
    HostFacts,
    Plan,
    RetentionProfile,
    RunRecord,
)
from witnessmark.notice import timebox
from witnessmark.report import html, junit, verdicts_json
from witnessmark.survey import left_behind

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from witnessmark.bag.read import Bag
    from witnessmark.collect.collector import Collected
    from witnessmark.fleet import HostRun
    from witnessmark.hosts.outcome import PrepareResult
    from witnessmark.model.hosts import Host
    from witnessmark.model.verdicts import RunVerdict

TOOL = f"witnessmark {__version__}"


def run(
    plan: Plan,
    reports: Path,
    *,
    watch: Watch | None = None,
    notice: Mapping[str, bytes] | None = None,
) -> tuple[Path, RunVerdict]:
    """Carry out a plan and judge it; returns the run's folder and its verdicts.

    ``notice`` holds the signed notice that the plan names, to be kept in the bag.

    Whatever happens on the way, every host that was prepared is torn down again.
    """
    watch = watch or Watch()
    folder = reports / plan.run_id
    timebox.may_begin(plan, time.time_ns())
    started = time.time_ns()
    files = pack.build()
    documented = _workflows()
    profiles = _retention(plan.hosts)
    writer = BagWriter(folder / "bag")
    writer.add("content/scenarios", files)
    writer.add("analytics/an0994", _analytic())
    writer.add("inventory/workflows", documented)
    writer.add("notice", notice or {})
    watch.stage(f"prepare: {_names(plan.hosts)}")
    ready: set[str] = set()
    try:
        with contextlib.closing(_noting(prepared(plan.hosts, plan.run_id, files), ready)) as each:
            runs = play(plan, each, writer, watch)
    except WitnessmarkError:
        if not ready:
            shutil.rmtree(folder)  # nothing was acted, so there is no evidence to keep
        raise
    finally:
        watch.stage("teardown")
        torn = teardown([host for host in plan.hosts if host.name in ready], plan.run_id)
    record = RunRecord(
        format=1,
        tool=TOOL,
        started_ns=started,
        finished_ns=time.time_ns(),
        plan=replace(plan, hosts=tuple(_without_machine_paths(host) for host in plan.hosts)),
        facts=_afterwards(plan, runs, torn),
        acts=tuple(act for item in runs.values() for act in item.acts),
        collections=tuple(_collection(item) for one in runs.values() for item in one.collected),
        deliveries=tuple(_collection(item) for one in runs.values() for item in one.delivered),
        retention=profiles,
        faults=tuple(_told(host, fault) for host in plan.hosts for fault in host.faults),
    )
    writer.seal(record)
    watch.stage("judge")
    return folder, _judged(folder, reports, watch)


def look(path: Path, as_of_ns: int | None = None) -> RunVerdict:
    """Judge a bag again, offline, perhaps as of a later moment; nothing is written anywhere.

    Raises:
        UsageError: for a moment before the run ended: nobody can judge what was not yet seen.
    """
    return judge(_opened(path, as_of_ns), as_of_ns)


def rejudge(path: Path, as_of_ns: int | None, watch: Watch | None = None) -> RunVerdict:
    """``look``, and note what was found in the ledger beside the bag."""
    bag = _opened(path, as_of_ns)
    verdicts = judge(bag, as_of_ns)
    if bag.folder.name == "bag":
        _ledger(bag.folder.parent, verdicts, watch or Watch())
    return verdicts


def _opened(path: Path, as_of_ns: int | None) -> Bag:
    bag = open_bag(path)
    if as_of_ns is not None and as_of_ns < bag.record.finished_ns:
        raise UsageError(f"{path}: that moment lies before the run's end; choose a later one")
    return bag


def _noting(results: Iterator[PrepareResult], ready: set[str]) -> Generator[PrepareResult]:
    """The same results; ``ready`` gets the hosts that must be torn down, whatever happens next."""
    for result in results:
        if result.ok:
            ready.add(result.host)
        yield result


def _judged(folder: Path, reports: Path, watch: Watch) -> RunVerdict:
    verdicts = judge(open_bag(folder))
    (folder / "verdicts.json").write_text(verdicts_json.render(verdicts), "utf-8")
    (folder / "junit.xml").write_text(junit.render(verdicts), "utf-8")
    (folder / "report.html").write_text(html.render(verdicts), "utf-8")
    _ledger(folder, verdicts, watch)
    latest = reports / "latest"
    fresh = reports / f".latest-{folder.name}"
    try:
        fresh.symlink_to(folder.name)
        fresh.replace(latest)
    except OSError as problem:
        fresh.unlink(missing_ok=True)
        watch.stage(f"{latest} still points elsewhere ({problem.strerror}); the run is in {folder}")
    return verdicts


def _ledger(folder: Path, verdicts: RunVerdict, watch: Watch) -> None:
    line = {
        "as_of": verdicts.as_of,
        "bag_sha256": verdicts.bag_sha256,
        "tool": verdicts.tool,
        "totals": verdicts_json.totals(verdicts),
        "cases": {
            f"{item.id} {item.source or '-'}": {
                "verdict": item.verdict.value,
                **{link.value: status.value for link, status in item.links},
            }
            for item in verdicts.cases
        },
    }
    try:
        with (folder / "ledger.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
    except OSError as problem:
        watch.stage(f"not noted in {folder / 'ledger.jsonl'} ({problem.strerror})")


def _afterwards(
    plan: Plan, runs: Mapping[str, HostRun], torn: dict[str, PrepareResult]
) -> tuple[HostFacts, ...]:
    """Every host is looked at once more, all of them at once: none waits for a slow one."""
    with ThreadPoolExecutor(min(len(plan.hosts), MOST_HOSTS_AT_ONCE)) as pool:
        each = [pool.submit(_after, host, runs[host.name].facts, torn, plan) for host in plan.hosts]
        return tuple(item.result() for item in each)


def _after(host: Host, facts: HostFacts, torn: dict[str, PrepareResult], plan: Plan) -> HostFacts:
    """The host's facts with what was still there after teardown; None where nobody could look."""
    result = torn.get(host.name)
    if result is None or not facts.home:
        return facts
    if not result.ok:
        return replace(facts, problem=result.reason)
    try:
        return replace(facts, left_behind=left_behind(host, facts, plan.run_id))
    except WitnessmarkError as problem:
        return replace(facts, problem=str(problem))


def _collection(item: Collected) -> Collection:
    return Collection(
        host=item.host,
        source=item.source,
        chunks=tuple(item.chunks),
        start=item.start,
        look=item.look,
        problem=item.problem,
        holes=tuple(item.holes),
    )


def _retention(hosts: Sequence[Host]) -> tuple[RetentionProfile, ...]:
    names = sorted({host.retention for host in hosts if host.retention})
    folder = root() / "inventory" / "retention"
    profiles = [load(folder / f"{name}.yaml", RetentionProfile) for name in names]
    for profile in profiles:
        try:
            seconds(profile.required)
        except ValueError as problem:
            raise ContentError([f"{folder / profile.id}.yaml: required: {problem}"]) from problem
    return tuple(profiles)


def _analytic() -> dict[str, bytes]:
    return {"analytic.yaml": (root() / "analytics" / "an0994" / "analytic.yaml").read_bytes()}


def _workflows() -> dict[str, bytes]:
    """The documented workflows as they are in force now, checked before any host is touched."""
    workflows.load_all()
    return {path.name: path.read_bytes() for path in sorted(workflows.folder().glob("*.yaml"))}


def _without_machine_paths(host: Host) -> Host:
    """Where the controller keeps keys and logs is nobody's business who reads the bag."""
    sources = tuple(
        replace(item, destination=replace(item.destination, path=Path(item.destination.path).name))
        if item.destination
        else item
        for item in host.sources
    )
    return replace(host, key_file=None, known_hosts=None, destination_root=None, sources=sources)


def _told(host: Host, fault: Mapping[str, object]) -> str:
    words = ", ".join(f"{key} {value}" for key, value in fault.items())
    return f"{host.name}: {words}"


def _names(hosts: Sequence[Host]) -> str:
    shown = ", ".join(host.name for host in hosts[:5])
    return shown + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")
