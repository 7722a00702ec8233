"""A *task* is a pid from fork to exit; its *images* are the programs that it ran in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from witnessmark.model.detections import ExecRef
    from witnessmark.model.events import Event, Process

SECOND = 1_000_000_000


@dataclass(slots=True, eq=False)
class Candidate:
    """A browser-spawned process c with what ran in it and below it (A4, A6)."""

    browser: Process | None
    edge: str
    spawn_ns: int | None
    exact: bool = True
    """False where ``spawn_ns`` is only the latest moment at which c can have been spawned."""
    unknown: str | None = None
    """Why it is not certain that a browser spawned c; None when it is, and then ``browser`` did."""
    first_ns: int | None = None
    number: int = 0
    """Its name in a lake, once it has one."""
    heard: int = 0
    """How often a lake's clock had moved at its latest exec."""
    told: bool = False
    """Whether its one alert was given (A6)."""
    matched: list[tuple[ExecRef, Event]] = field(default_factory=list)
    suppressed: list[tuple[ExecRef, Event, str, str | None]] = field(default_factory=list)
    undecided: list[tuple[ExecRef, Event, str, tuple[str, ...]]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Task:
    """One pid from fork to exit."""

    pid: int
    spawn_ns: int | None
    ancestry: tuple[Process, ...] = ()
    """Spawn-time parent first, then its own, up to ``lineage.ANCESTORS``."""
    candidate: Candidate | None = None
    depth: int = 0
    from_init: bool = False
    execs: int = 0
    """Programs that it ran, xpcproxy aside (A3)."""
    keys: list[tuple[int, int | None]] = field(default_factory=list)
    row: bool = False
    """Known from a snapshot only, so that its pidversion is not (K1)."""


@dataclass(slots=True, eq=False)
class Image:
    """One program in one task."""

    process: Process
    task: Task
