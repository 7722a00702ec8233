"""Goes on with a run whose controller died, or cleans up after it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.bag.write import BagWriter
from witnessmark.errors import UsageError
from witnessmark.fleet import HostRun, Watch
from witnessmark.hosts.prepare import teardown
from witnessmark.journal.book import Book
from witnessmark.journal.file import reopen
from witnessmark.journal.past import Past, read, with_widest
from witnessmark.journal.rest import filled, rest, under_way
from witnessmark.journal.standing import is_latest, newest
from witnessmark.model.journal import Resumed, Reverted
from witnessmark.model.parts import Absence
from witnessmark.model.run import HostFacts, Plan
from witnessmark.obstacles import gone, hosts_now, obstacles
from witnessmark.pipeline import Record, conclude, finish
from witnessmark.plan import RUN_ID
from witnessmark.stages import close, content, give_up, keep, play_hosts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from witnessmark.collect.collector import Collected
    from witnessmark.hosts.outcome import PrepareResult
    from witnessmark.journal.file import Journal
    from witnessmark.model.hosts import Host
    from witnessmark.model.verdicts import RunVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """How a resume ended."""

    folder: Path
    verdicts: RunVerdict | None = None
    """Set if the run was finished."""
    reverted: Mapping[str, PrepareResult] | None = None
    """Set if its hosts were cleaned instead."""
    why: str = ""
    """Why there was nothing to do, or why the run was not finished."""


def find(name: str, reports: Path) -> Path:
    """The run's folder: a path, a run id below ``reports``, or ``latest`` for the newest run.

    ``reports/latest`` means the same: the link there points at the run that was *sealed* last.

    Raises:
        UsageError: if there is none.
    """
    if name == "latest" or is_latest(Path(name)):
        base = reports if name == "latest" else Path(name).parent
        run = newest(base)
        if run is None:
            raise UsageError(f"{base}: no run with a journal here; name its folder")
        return run
    folder = reports / name if RUN_ID.fullmatch(name) else Path(name)
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such run; name its folder, its id, or latest")
    return folder.resolve()


def resume(
    folder: Path,
    *,
    revert: bool = False,
    inventories: Sequence[Path] = (),
    watch: Watch | None = None,
) -> Resumption:
    """Finish a run from its journal, or (``revert``, or where that is impossible) clean its hosts.

    Safe to repeat. Cases that were under way when the controller died are cleaned up and prove
    nothing; only cases that were never started are played. ``inventories`` replaces the run's own.

    Raises:
        UsageError: without a journal, or while the run is going on.
        JournalError: for a journal that cannot be trusted.
    """
    watch = watch or Watch()
    journal, entries = reopen(folder)
    with journal:
        past = read(journal.path, entries)
        if past is None:
            return Resumption(folder=folder, why="it ended before it touched any host")
        if past.over:
            return Resumption(folder=folder, why=past.over)
        if past.sealed:
            return Resumption(folder=folder, verdicts=conclude(journal, folder.parent, watch))
        if not inventories and gone(past):
            why = "its stand-ins are gone, with all that was on them"
            journal.add(Reverted(at_ns=time.time_ns(), why=why))
            return Resumption(folder=folder, why=why)
        hosts = hosts_now(past, inventories or [Path(item) for item in past.begun.inventories])
        obstacle = "as asked" if revert else next(obstacles(past, hosts), None)
        if obstacle:
            return _revert(past, hosts, journal, watch, obstacle)
        return Resumption(folder=folder, verdicts=_go_on(past, hosts, journal, watch))


def _revert(
    past: Past, hosts: Sequence[Host], journal: Journal, watch: Watch, why: str
) -> Resumption:
    watch.stage("revert: teardown")
    results = teardown(hosts, past.begun.plan.run_id)
    if all(item.ok for item in results.values()):
        journal.add(Reverted(at_ns=time.time_ns(), why=why))
    return Resumption(folder=journal.path.parent, reverted=results, why=why)


def _go_on(past: Past, hosts: Sequence[Host], journal: Journal, watch: Watch) -> RunVerdict:
    now, folder = time.time_ns(), journal.path.parent
    open_hosts = [host for host in hosts if host.name not in past.done]
    cases, more = rest(past, [host.name for host in open_hosts])
    journal.add(Resumed(at_ns=now, cases=tuple(more)))
    absences = [*past.absences, Absence(since_ns=past.last_ns, until_ns=now)]
    part = len(absences)
    plan = replace(past.begun.plan, hosts=tuple(hosts), cases=(*past.cases, *more))
    writer = BagWriter.reopen(folder / "bag")
    keep(writer, content())
    book = Book(
        journal=journal,
        part=part,
        earlier=past.collected,
        arrived=past.arrived,
        under_way=under_way(past),
    )
    ready = past.prepared - past.closed
    watch.stage(f"resume: {len(cases)} of {len(plan.cases)} cases are still to be played")
    try:
        runs = _play(
            replace(plan, hosts=tuple(open_hosts), cases=tuple(cases)), writer, book, watch, ready
        )
    except BaseException as problem:
        problem.add_note(give_up(plan, journal, watch, ready))
        raise
    seen = {host.name: _facts(past, host, runs.get(host.name), part) for host in hosts}
    left = replace(plan, hosts=tuple(host for host in hosts if host.name not in past.closed))
    closed = close(left, {host.name: seen[host.name] for host in left.hosts}, ready, journal, watch)
    record = Record(
        begun=past.begun,
        plan=plan,
        facts={**seen, **closed},
        acts=filled(past, plan, [act for item in runs.values() for act in item.acts], part),
        collected=_all(past.collected, {name: item.collected for name, item in runs.items()}, runs),
        delivered=_all(past.arrived, {name: item.delivered for name, item in runs.items()}, runs),
        absences=absences,
    )
    return finish(record, writer, journal, folder.parent, watch)


def _play(
    plan: Plan, writer: BagWriter, book: Book, watch: Watch, ready: set[str]
) -> dict[str, HostRun]:
    if not plan.hosts or book.journal is None:
        return {}
    return play_hosts(plan, writer, book.journal, watch, book, ready)


def _facts(past: Past, host: Host, run: HostRun | None, part: int) -> HostFacts:
    """What is known of a host, and how far its clock was ahead in each part."""
    before = past.facts.get(host.name) or HostFacts(name=host.name, origin=host.origin.value)
    offsets = dict(past.offsets.get(host.name, {}))
    facts = before
    if run is not None:
        facts = with_widest(run.facts, before)
        if not run.facts.home:
            facts = replace(before, problem=run.facts.problem)
        offsets[part] = run.facts.clock_offset_s if run.facts.home else None
    return replace(facts, offsets_s=_by_part(offsets, facts.clock_offset_end_s, part))


def _by_part(
    offsets: Mapping[int, float | None], end_s: float | None, part: int
) -> tuple[float | None, ...]:
    """One offset per part; where a part never reached the host, the next that was measured."""
    if not offsets or max(offsets) == 0:
        return ()
    later: dict[int, float | None] = {}
    for each in range(part, -1, -1):
        later[each] = offsets[each] if each in offsets else later.get(each + 1, end_s)
    return tuple(later[each] for each in range(part + 1))


def _all(
    earlier: Mapping[tuple[str, str], Collected],
    now: Mapping[str, Sequence[Collected]],
    runs: Mapping[str, HostRun],
) -> list[Collected]:
    """What was collected in all parts; a host that was not reached again could not be looked at."""
    found = [item for items in now.values() for item in items]
    for (host, _), item in earlier.items():
        if now.get(host):
            continue
        if host in runs:
            why = runs[host].facts.problem or "it was not reached again"
            item.problem = f"the controller died before all was collected, and then: {why}"
        found.append(item)
    return found
