"""prepare -> act + collect -> teardown -> bag -> judge: the one place that knows every part."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from witnessmark import plainfile
from witnessmark.bag.read import open_bag
from witnessmark.bag.write import BagWriter
from witnessmark.errors import UsageError, WitnessmarkError
from witnessmark.fleet import Watch
from witnessmark.journal.book import Book, collection
from witnessmark.journal.file import FORMAT, create
from witnessmark.journal.standing import open_run
from witnessmark.judge.run import judge
from witnessmark.model.journal import Begun, Judged, Sealed
from witnessmark.model.run import RunRecord
from witnessmark.notice import timebox
from witnessmark.report import html, junit, verdicts_json
from witnessmark.stages import (
    TOOL,
    close,
    content,
    digest,
    give_up,
    keep,
    play_hosts,
    retention,
    told,
    without_machine_paths,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from witnessmark.bag.read import Bag
    from witnessmark.collect.collector import Collected
    from witnessmark.journal.file import Journal
    from witnessmark.model.parts import Absence
    from witnessmark.model.run import Act, HostFacts, Plan
    from witnessmark.model.verdicts import RunVerdict


def run(
    plan: Plan,
    reports: Path,
    *,
    watch: Watch | None = None,
    inventories: Sequence[Path] = (),
    notice: Mapping[str, bytes] | None = None,
) -> tuple[Path, RunVerdict]:
    """Carry out a plan and judge it; returns the run's folder and its verdicts.

    ``notice`` holds the signed notice that the plan names, to be kept in the bag.

    Whatever happens on the way, every host that was prepared is torn down again. If this very
    process is killed, `resume` goes on from the journal; ``inventories`` are read again then.
    """
    watch = watch or Watch()
    folder = reports / plan.run_id
    timebox.may_begin(plan, time.time_ns())
    files = content()
    begun = Begun(
        at_ns=time.time_ns(),
        format=FORMAT,
        tool=TOOL,
        content_sha256=digest(files),
        inventories=tuple(str(item.resolve()) for item in inventories),
        plan=replace(plan, hosts=tuple(without_machine_paths(host) for host in plan.hosts)),
        retention=retention(plan.hosts),
    )
    writer = BagWriter(folder / "bag")
    writer.add("notice", notice or {})  # before the journal: a run that is resumed has it already
    with create(folder) as journal:
        journal.add(begun)
        keep(writer, files)
        ready: set[str] = set()
        try:
            runs = play_hosts(plan, writer, journal, watch, Book(journal=journal), ready)
        except BaseException as problem:
            problem.add_note(give_up(plan, journal, watch, ready))
            if not ready and isinstance(problem, WitnessmarkError):
                shutil.rmtree(folder)  # nothing was acted, so there is no evidence to keep
            raise
        facts = close(
            plan, {name: item.facts for name, item in runs.items()}, ready, journal, watch
        )
        record = Record(
            begun=begun,
            plan=plan,
            facts=facts,
            acts=[act for item in runs.values() for act in item.acts],
            collected=[item for one in runs.values() for item in one.collected],
            delivered=[item for one in runs.values() for item in one.delivered],
        )
        return folder, finish(record, writer, journal, reports, watch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that a run brought home, in one part or in several."""

    begun: Begun
    plan: Plan
    facts: Mapping[str, HostFacts]
    acts: Sequence[Act]
    collected: Sequence[Collected]
    delivered: Sequence[Collected] = ()
    absences: Sequence[Absence] = ()


def finish(
    record: Record, writer: BagWriter, journal: Journal, reports: Path, watch: Watch
) -> RunVerdict:
    """Seal the bag and judge it."""
    begun, plan = record.begun, record.plan
    sealed = writer.seal(
        RunRecord(
            format=1,
            tool=TOOL,
            started_ns=begun.at_ns,
            finished_ns=max(begun.at_ns, time.time_ns()),
            plan=replace(plan, hosts=tuple(without_machine_paths(host) for host in plan.hosts)),
            facts=tuple(record.facts[host.name] for host in plan.hosts),
            acts=tuple(record.acts),
            collections=tuple(map(collection, record.collected)),
            deliveries=tuple(map(collection, record.delivered)),
            retention=begun.retention,
            faults=tuple(told(host, fault) for host in plan.hosts for fault in host.faults),
            absences=tuple(record.absences),
        )
    )
    journal.add(Sealed(at_ns=time.time_ns(), digest=sealed))
    return conclude(journal, reports, watch)


def conclude(journal: Journal, reports: Path, watch: Watch) -> RunVerdict:
    """Judge a sealed bag for the first time, which ends its run."""
    watch.stage("judge")
    verdicts = _judged(journal.path.parent, reports, watch)
    journal.add(Judged(at_ns=time.time_ns()))
    return verdicts


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
    bag = open_run(path)
    if as_of_ns is not None and as_of_ns < bag.record.finished_ns:
        raise UsageError(f"{path}: that moment lies before the run's end; choose a later one")
    return bag


def _judged(folder: Path, reports: Path, watch: Watch) -> RunVerdict:
    verdicts = judge(open_bag(folder))
    _place(folder / "verdicts.json", verdicts_json.render(verdicts))
    _place(folder / "junit.xml", junit.render(verdicts))
    _place(folder / "report.html", html.render(verdicts))
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


def _place(path: Path, text: str) -> None:
    try:
        plainfile.place(path, text.encode())
    except OSError as problem:
        raise UsageError(
            f"{path}: cannot be written ({problem.strerror}); `witnessmark report -o` writes one"
        ) from problem


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
        plainfile.append(folder / "ledger.jsonl", json.dumps(line).encode() + b"\n")
    except OSError as problem:
        watch.stage(f"not noted in {folder / 'ledger.jsonl'} ({problem.strerror})")
