"""Plays a plan on every host at once: act and collect, one thread per host."""

from __future__ import annotations

import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from witnessmark import sensors
from witnessmark.act import act_host, undo
from witnessmark.collect.collector import Collected, Collector
from witnessmark.errors import HostError
from witnessmark.hosts.heartbeat import guarded
from witnessmark.hosts.reach import reach
from witnessmark.intake import finished, intakes
from witnessmark.journal.book import Book
from witnessmark.model.run import Act, Case, HostFacts, Plan
from witnessmark.phases import Folders
from witnessmark.survey import ask_facts, with_end
from witnessmark.telemetry.kinds import records_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

    from witnessmark.bag.write import BagWriter
    from witnessmark.hosts.outcome import PrepareResult
    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Host

MOST_HOSTS_AT_ONCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the caller is told while a run goes on; both may be called from several threads."""

    stage: Callable[[str], None] = lambda _text: None
    acted: Callable[[Case, Act], None] = lambda _case, _act: None


@dataclass(slots=True, kw_only=True)
class HostRun:
    """What one host's thread brought home."""

    facts: HostFacts
    acts: list[Act] = field(default_factory=list)
    collected: list[Collected] = field(default_factory=list)
    delivered: list[Collected] = field(default_factory=list)
    """What arrived at the destinations of its sources, and their alerts."""


def play(
    plan: Plan,
    prepared: Iterable[PrepareResult],
    writer: BagWriter,
    watch: Watch,
    book: Book | None = None,
) -> dict[str, HostRun]:
    """Every host's acts and collections, in the plan's order.

    ``prepared`` gives one result per host, as they come: each host begins at once, and none waits
    for a slow or dead one. A host that fails costs only its own cases; each of them carries the
    reason. If this is interrupted, the case under way is cleaned up first.
    """
    cancel, book = threading.Event(), book or Book()
    hosts = {host.name: host for host in plan.hosts}
    with ThreadPoolExecutor(min(len(hosts), MOST_HOSTS_AT_ONCE)) as pool:
        futures: dict[str, Future[HostRun]] = {}
        try:
            for ready in prepared:
                if not futures:
                    watch.stage(f"act: {len(plan.cases)} cases")
                futures[ready.host] = pool.submit(
                    _host, plan, hosts[ready.host], ready, writer, watch, cancel, book
                )
            return {name: futures[name].result() for name in hosts}
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
    book: Book,
) -> HostRun:
    """One host from reaching it to its last record; whatever goes wrong, what was seen is kept."""
    run = HostRun(facts=HostFacts(name=host.name, origin=host.origin.value))
    try:
        if not ready.ok:
            raise HostError(ready.reason or f"{host.name}: it could not be prepared")
        transport = book.noting(reach(host))
        try:
            _act_one(run, plan, transport, ready, writer, watch, cancel, book)
        finally:
            transport.close()
    except HostError as problem:
        _lost(run, plan, str(problem))
    except Exception as problem:  # noqa: BLE001 - the per-host loop: one host never stops the rest
        trace = "".join(traceback.format_exception(problem))
        _lost(run, plan, f"{host.name}: unexpected failure\n{trace}")
    if not cancel.is_set():
        book.finished(run.facts, run.acts, run.collected, run.delivered)
    return run


def _lost(run: HostRun, plan: Plan, why: str) -> None:
    """Every case that this host did not get to says why; nothing that was seen is thrown away."""
    run.facts = replace(run.facts, problem=why)
    seen = {act.case_id for act in run.acts}
    run.acts += [
        Act(case_id=item.id, error=why, started=False)
        for item in plan.cases
        if item.host == run.facts.name and item.id not in seen
    ]


def _act_one(
    run: HostRun,
    plan: Plan,
    transport: Transport,
    ready: PrepareResult,
    writer: BagWriter,
    watch: Watch,
    cancel: threading.Event,
    book: Book,
) -> None:
    run.facts = replace(
        ask_facts(transport, plan.run_id),
        consent_owner=ready.consent_owner,
        consent_expires=ready.consent_expires,
    )
    rules = f"rules/{transport.host.name}"
    deployed = sensors.ask_all(transport, lambda name, rule: writer.add(rules, {name: rule}))
    run.facts = replace(run.facts, sensors=deployed)
    book.reached(run.facts)
    own = Folders(home=run.facts.home, run_id=plan.run_id).own
    with guarded(transport, own, plan.run_id):
        _end_what_was_under_way(run, plan, transport, own, book)
        _watched(run, plan, transport, writer, watch, cancel, book)


def _end_what_was_under_way(
    run: HostRun, plan: Plan, transport: Transport, own: str, book: Book
) -> None:
    """Ends the scripts of a controller that died, and cleans up their cases."""
    cases = book.under_way.get(run.facts.name, ())
    if cases:
        argv = ["/bin/sh", f"{own}/pack/lib/sweep.sh", plan.run_id, "end"]
        transport.run(argv, env={}, timeout_s=60.0)
    for case, why in cases:
        run.acts.append(undo(transport, plan, case, run.facts, why))


def _watched(
    run: HostRun,
    plan: Plan,
    transport: Transport,
    writer: BagWriter,
    watch: Watch,
    cancel: threading.Event,
    book: Book,
) -> None:
    """Acts while every source of the host is collected."""
    host = transport.host
    collectors = [
        Collector(
            transport,
            source,
            writer.raw(host.name, source.name),
            earlier=book.earlier.get((host.name, source.name)),
            part=book.part,
            kept=book.keeping(),
        )
        for source in host.recorded
    ]
    arrivals = intakes(transport, plan.late_arrival_s, writer, book)
    try:
        for collector in (*collectors, *(item.collector for item in arrivals.values())):
            collector.start()
        _snapshot(transport, writer)
        for act in act_host(transport, plan, run.facts, watch.acted, cancel.is_set):
            book.acted(act)
            run.acts.append(act)
        run.facts = with_end(run.facts, transport)
        _await_end(plan, transport, collectors)
        for arriving in arrivals.values():
            arriving.wait(cancel.is_set)
    finally:
        run.collected = [collector.finish() for collector in collectors]
        run.delivered = finished(arrivals)
        for item in run.collected:
            if item.head:
                writer.raw(host.name, item.source, "head.ndjson").write_bytes(item.head)


def _snapshot(transport: Transport, writer: BagWriter) -> None:
    """Which processes ran already when collection began (K1, A7)."""
    file = writer.raw(transport.host.name, "processes", "txt")
    if file.exists():
        return  # of a resumed run: collection began long before
    argv = ["ps", "-axww", "-o", "pid=,ppid=,comm="]
    result = transport.run(argv, env={}, timeout_s=20.0)
    if result.status == 0:
        file.write_bytes(result.stdout)


def _await_end(plan: Plan, transport: Transport, collectors: Sequence[Collector]) -> None:
    """Wait for late records, but no longer than it takes to see a command that ran after all else.

    A sensor delivers in order, so once the end mark is in, everything before it is in too.
    """
    mark = f"wm-{plan.run_id}-end"
    try:
        transport.run(["true", mark], env={}, timeout_s=20.0)
    except HostError:
        return  # the host is gone; what it sent is collected all the same
    deadline = time.monotonic() + plan.late_arrival_s
    for source, collector in zip(transport.host.recorded, collectors, strict=True):
        if records_runs(source.kind):  # else no waiting would ever show it
            collector.wait_for(mark.encode(), max(0.0, deadline - time.monotonic()))
