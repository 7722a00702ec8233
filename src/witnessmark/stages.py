"""The stages of a run that touch hosts: prepare, act and collect, tear down, each one noted."""

from __future__ import annotations

import contextlib
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark import __version__
from witnessmark.content import pack, root, workflows
from witnessmark.content.durations import seconds
from witnessmark.content.located import load
from witnessmark.errors import ContentError, WitnessmarkError
from witnessmark.fleet import MOST_HOSTS_AT_ONCE, Watch, play
from witnessmark.hosts.prepare import prepared, teardown
from witnessmark.model.journal import Closed, Prepared, Reverted
from witnessmark.model.run import RetentionProfile
from witnessmark.survey import left_behind

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator, Mapping, Sequence

    from witnessmark.bag.write import BagWriter
    from witnessmark.fleet import HostRun
    from witnessmark.hosts.outcome import PrepareResult
    from witnessmark.journal.book import Book
    from witnessmark.journal.file import Journal
    from witnessmark.model.alerts import Alerting
    from witnessmark.model.hosts import Destination, Host, Search
    from witnessmark.model.run import HostFacts, Plan

SCENARIOS = "content/scenarios"
TOOL = f"witnessmark {__version__}"


def content() -> dict[str, dict[str, bytes]]:
    """What is played and what it is judged by, per folder of the bag."""
    return {
        SCENARIOS: dict(pack.build()),
        "analytics/an0994": _analytic(),
        "inventory/workflows": _workflows(),
    }


def _analytic() -> dict[str, bytes]:
    path = root() / "analytics" / "an0994" / "analytic.yaml"
    return {path.name: path.read_bytes()}


def _workflows() -> dict[str, bytes]:
    """The documented workflows as they are in force now, checked before any host is touched."""
    workflows.load_all()
    return {path.name: path.read_bytes() for path in sorted(workflows.folder().glob("*.yaml"))}


def digest(files: Mapping[str, Mapping[str, bytes]]) -> str:
    """What names the content: a resumed run goes on with the very same."""
    found = hashlib.sha256()
    for folder, items in sorted(files.items()):
        for name, data in sorted(items.items()):
            found.update(f"{len(data)} {folder}/{name}\n".encode() + data)
    return found.hexdigest()


def keep(writer: BagWriter, files: Mapping[str, Mapping[str, bytes]]) -> None:
    """The content as executed and as tested, into the bag, with what each scenario expects."""
    writer.add(SCENARIOS, pack.descriptions())
    for folder, items in files.items():
        writer.add(folder, items)


def play_hosts(
    plan: Plan, writer: BagWriter, journal: Journal, watch: Watch, book: Book, ready: set[str]
) -> dict[str, HostRun]:
    """Prepare the plan's hosts, act and collect; ``ready`` gets those to be torn down."""
    watch.stage(f"prepare: {_names(plan.hosts)}")
    results = _noting(prepared(plan.hosts, plan.run_id, content()[SCENARIOS]), ready, journal)
    with contextlib.closing(results):
        return play(plan, results, writer, watch, book)


def close(
    plan: Plan,
    facts: Mapping[str, HostFacts],
    ready: Collection[str],
    journal: Journal,
    watch: Watch,
) -> dict[str, HostFacts]:
    """Tear down the hosts in ``ready``, then look at all once more; the facts as they are then."""
    watch.stage("teardown")
    torn = teardown([host for host in plan.hosts if host.name in ready], plan.run_id)
    hosts = [host for host in plan.hosts if host.name in facts]

    def closed(host: Host) -> HostFacts:
        found = _after(host, facts[host.name], torn, plan)
        journal.add(Closed(at_ns=time.time_ns(), facts=found))
        return found

    with ThreadPoolExecutor(max(1, min(len(hosts), MOST_HOSTS_AT_ONCE))) as pool:
        return dict(zip((host.name for host in hosts), pool.map(closed, hosts), strict=True))


def give_up(plan: Plan, journal: Journal, watch: Watch, ready: set[str]) -> str:
    """Tear down what was prepared; the run is over if that left nothing. Says how it stands now."""
    watch.stage("teardown")
    torn = teardown([host for host in plan.hosts if host.name in ready], plan.run_id)
    if all(result.ok for result in torn.values()):
        journal.add(Reverted(at_ns=time.time_ns(), why="it was interrupted"))
        what = "hosts that were prepared have been torn down; its bag was not sealed"
    else:
        left = ", ".join(sorted(name for name, result in torn.items() if not result.ok))
        what = (
            f"not everything could be removed from {left}: `witnessmark resume {plan.run_id} "
            "--revert` tries again"
        )
    return f"run {plan.run_id} in {journal.path.parent}: {what}"


def _noting(
    results: Iterator[PrepareResult], ready: set[str], journal: Journal
) -> Generator[PrepareResult]:
    """The same results; ``ready`` gets the hosts that must be torn down, whatever happens next."""
    for result in results:
        if result.ok:
            ready.add(result.host)
        journal.add(
            Prepared(at_ns=time.time_ns(), host=result.host, ok=result.ok, reason=result.reason)
        )
        yield result


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


def retention(hosts: Sequence[Host]) -> tuple[RetentionProfile, ...]:
    own = {source.retention for host in hosts for source in host.sources}
    names = sorted(name for name in own | {host.retention for host in hosts} if name)
    folder = root() / "inventory" / "retention"
    profiles = [load(folder / f"{name}.yaml", RetentionProfile) for name in names]
    for profile in profiles:
        try:
            seconds(profile.required)
        except ValueError as problem:
            raise ContentError([f"{folder / profile.id}.yaml: required: {problem}"]) from problem
    return tuple(profiles)


def without_machine_paths(host: Host) -> Host:
    """Where the controller keeps keys and logs is nobody's business who reads the bag."""
    sources = tuple(
        replace(
            item,
            search=_bare(item.search),
            destination=_elsewhere(item.destination),
            alerts=_named(item.alerts),
        )
        for item in host.sources
    )
    return replace(host, key_file=None, known_hosts=None, destination_root=None, sources=sources)


def _elsewhere(found: Destination | None) -> Destination | None:
    if found is None:
        return None
    return replace(found, path=Path(found.path).name, search=_bare(found.search))


def _bare(found: Search | None) -> Search | None:
    """Which server was asked is evidence; where its secret lies is not."""
    return None if found is None else replace(found, credentials=None, ca_file=None)


def _named(alerts: Alerting | None) -> Alerting | None:
    if alerts is None:
        return None
    path = alerts.path and Path(alerts.path).name
    return replace(alerts, path=path, search=_bare(alerts.search))


def told(host: Host, fault: Mapping[str, object]) -> str:
    words = ", ".join(f"{key} {value}" for key, value in fault.items())
    return f"{host.name}: {words}"


def _names(hosts: Sequence[Host]) -> str:
    shown = ", ".join(host.name for host in hosts[:5])
    return shown + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")
