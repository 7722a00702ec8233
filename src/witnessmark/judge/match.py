"""Ties receipts to records and to detections: the only place where "this is ours" is decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass
from posixpath import basename
from typing import TYPE_CHECKING

from witnessmark.analytic.keys import Paths
from witnessmark.model.events import Event, Kind
from witnessmark.model.run import PLAYED, RUNS
from witnessmark.model.scenario import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.run import HostFacts, PhaseResult, Step
    from witnessmark.model.scenario import RecordPattern

WRITES = (Kind.CLOSE, Kind.RENAME, Kind.LINK, Kind.CLONE, Kind.COPYFILE)
"""Kinds that establish a file's content (B1)."""
DATA_VOLUME = "/System/Volumes/Data"
WHOLE_SECONDS_S = 1.0
"""What is left open by an offset of which nobody said how exact it is: whole seconds."""


def attack(case: CaseEvidence) -> PhaseResult | None:
    """The attack phase, if it was started."""
    return case.act.phase(Phase.ATTACK)


def window(case: CaseEvidence) -> tuple[int, int]:
    """First and last nanosecond, on the host's clock, in which the attack's records can lie.

    The phase's times are the controller's, so they are shifted by how far the host's clock is
    ahead, and widened by the tolerance and by what that measurement cannot tell.
    """
    phase = attack(case)
    return (0, -1) if phase is None else span(case, phase)


def span(case: CaseEvidence, phase: PhaseResult) -> tuple[int, int]:
    """First and last nanosecond, on the host's clock, in which a phase's records can lie."""
    ahead = int((case.facts.clock_offset_s or 0.0) * 1e9)
    slack = int((case.clock_tolerance_s + clock_uncertainty(case.facts)) * 1e9)
    return (phase.started_ns + ahead - slack, phase.finished_ns + ahead + slack)


def clock_uncertainty(facts: HostFacts) -> float:
    """How far a host's measured clock offset may be wrong, in seconds, either way."""
    said = facts.clock_uncertainty_s
    return WHOLE_SECONDS_S if said is None else said


def witnessed(case: CaseEvidence) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """The attack's payload processes, and those of them that left no evidence of their own."""
    phase = attack(case)
    mark = phase.mark if phase else ""
    told = [item for item in case.act.witnesses if item.mark == mark]
    left: Counter[tuple[int | None, int | None]] = Counter((item.pid, item.ppid) for item in told)
    ran = tuple(item for name in PLAYED for item in steps(case, name))
    missing = []
    for item in ran:
        left[item.pid, item.ppid] -= 1
        if left[item.pid, item.ppid] < 0:
            missing.append(item)
    return ran, tuple(missing)


def acted(case: CaseEvidence) -> bool:
    """Whether the attack really took place: it ended well and every payload witnessed itself."""
    phase = attack(case)
    if phase is None or phase.status != 0 or phase.problem or case.act.error or case.act.skipped:
        return False
    ran, missing = witnessed(case)
    return bool(ran) and not missing and all(item.status == 0 for item in ran)


def steps(case: CaseEvidence, name: str) -> tuple[Step, ...]:
    """The attack phase's receipt steps of one name."""
    phase = attack(case)
    return tuple(item for item in phase.steps if item.step == name) if phase else ()


def record(case: CaseEvidence, pattern: RecordPattern, step: Step) -> Event | None:
    """The record that proves a step, or None. The last one wins, as the last content does (B1)."""
    found = None
    for event in inside(case):
        if event.kind.value in pattern.event and proves(case, event, step):
            found = event
    return found


def unnamed_run(case: CaseEvidence, step: Step) -> Event | None:
    """A record of a step's own process that names no script and no words, or None."""
    mute = (item for item in inside(case) if item.script is None and not item.args)
    return next(
        (item for item in mute if item.target is not None and item.target.token.pid == step.pid),
        None,
    )


def identity(event: Event) -> tuple[object, ...]:
    """By what a record is known again in another copy of its stream."""
    token = event.process.token
    return (event.kind, event.seq, event.global_seq, event.time_ns, token.pid, token.pidversion)


def missing_fields(event: Event, names: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the named fields a record leaves empty (``target.parent`` walks into an object)."""
    return tuple(name for name in names if _walk(event, name) in (None, "", ()))


def value(event: Event, name: str) -> object:
    """What a named field holds."""
    return _walk(event, name)


def simulated_fields(event: Event, names: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the named fields the recording host marked as not really measured."""
    marked = event.process.simulated | (event.target.simulated if event.target else frozenset())
    return tuple(name for name in names if marked & set(name.split(".")))


def plain(path: str) -> str:
    """A path without the data volume's firmlink prefix (K2)."""
    return path.removeprefix(DATA_VOLUME) or "/"


def pids_of_other_phases(case: CaseEvidence) -> set[int]:
    """Processes that setup or cleanup ran."""
    others = (phase for phase in case.act.phases if phase.phase is not Phase.ATTACK)
    return {pid for phase in others for pid in pids(phase)}


def pids(phase: PhaseResult) -> set[int]:
    """Processes that a phase ran, by its receipt."""
    return {item.pid for item in phase.steps if item.step in (*RUNS, *PLAYED) and item.pid}


def inside(case: CaseEvidence) -> Iterator[Event]:
    """The records whose times lie inside the attack's window."""
    first, last = window(case)
    for event in case.stream.events if case.stream else ():
        if first <= event.time_ns <= last:
            yield event


def proves(case: CaseEvidence, event: Event, step: Step) -> bool:
    """Whether a record names a step's own process or file, whenever it was."""
    if event.kind is Kind.EXEC:
        phase = attack(case)
        return phase is not None and proves_run(phase, event, step)
    if event.kind is Kind.CLOSE and not (event.modified or event.mapped_writable):
        return False
    wanted = {plain(path) for path in (step.to or step.path,) if path}
    return event.file is not None and plain(event.file.path) in wanted


def proves_run(phase: PhaseResult, event: Event, step: Step) -> bool:
    """Whether an exec record has a step's pid and says that it ran what the step ran.

    It names the step's file; or it carries the phase's mark and names no other marked file, as a
    shell does that reads the file as its input.
    """
    if event.target is None or event.target.token.pid != step.pid:
        return False
    image, script, words = event.target.path, event.script, event.args or ()
    if step.path and _same(step.path, (image, script.path if script else "")):
        return True
    if step.step == "browser":
        return False
    if step.path and _same(step.path, (_reached(event, word) for word in words)):
        return True
    if step.path and _same(basename(step.path), _files(event, phase.mark)):
        return True
    return carries(event, phase.mark) and not (
        phase.mark in (step.path or "") and _files(event, phase.mark)
    )


def _reached(event: Event, word: str) -> str:
    """Which file a word names from the process's working directory; empty if nobody knows."""
    if word.startswith("/"):
        return word
    return f"{event.cwd}/{word}" if event.cwd and word and not word.startswith("-") else ""


def carries(event: Event, mark: str) -> bool:
    """Whether an exec record has a mark in its command line or in the file that it ran."""
    image = event.target.path if event.target else ""
    named = (image, event.script.path if event.script else "", *(event.args or ()))
    return any(mark in item for item in named)


def _files(event: Event, mark: str) -> tuple[str, ...]:
    """The names of the marked files that an exec record names, without their folders."""
    script = (event.script.path,) if event.script else ()
    words = (item for item in event.args or () if item != mark and not set(item) & set("= \n\t"))
    names = (basename(item) for item in (*script, *words))
    return tuple(item for item in names if mark.casefold() in item.casefold())


def _same(path: str, others: Iterable[str]) -> bool:
    key = Paths().key
    return any(item and key(item) == key(path) for item in others)


def _walk(item: object, name: str) -> object:
    for part in name.split("."):
        if part == "path" and isinstance(item, Event):
            item = item.file
        if item is None or not is_dataclass(item):
            return None
        if part not in {entry.name for entry in fields(item)}:
            raise ValueError(f"the event model has no field {name!r}")
        item = getattr(item, part)
    return item
