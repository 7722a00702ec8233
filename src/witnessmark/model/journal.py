"""What a run's journal says, entry by entry: enough to go on, or to revert, and no secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from witnessmark.model.parts import Hole
from witnessmark.model.run import Act, Case, Collection, HostFacts, Plan, RetentionProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The first entry, written before any host is touched."""

    entry: Literal["begun"] = "begun"
    at_ns: int
    format: int
    tool: str
    content_sha256: str
    """Of the scenarios and the analytic: a resume goes on with the very same, or not at all."""
    inventories: tuple[str, ...]
    """Absolute paths; keys and addresses are read there again and stand nowhere else."""
    plan: Plan
    retention: tuple[RetentionProfile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """Another controller went on."""

    entry: Literal["resumed"] = "resumed"
    at_ns: int
    cases: tuple[Case, ...] = ()
    """Positive controls that it plays once more, beyond the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A host was prepared, or was not and why."""

    entry: Literal["prepared"] = "prepared"
    at_ns: int
    host: str
    ok: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A host answered and told about itself."""

    entry: Literal["reached"] = "reached"
    at_ns: int
    facts: HostFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was collected of a source since the entry before; the bytes lie in the bag's folder."""

    entry: Literal["kept"] = "kept"
    at_ns: int
    host: str
    source: str
    start: int
    chunks: tuple[tuple[int, int | None], ...] = ()
    whole: bool = False
    """True for a collector's first entry: it tells all, also of earlier parts, not only the new."""
    holes: tuple[Hole, ...] = ()
    delivered: bool = False
    """True for what arrived at the source's destination."""
    grain_ns: int = 0
    """As a ``Collection`` has it, so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseBegan:
    """A script is about to be started on a host; from here on its case is under way."""

    entry: Literal["phase-began"] = "phase-began"
    at_ns: int
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEnded:
    """That script ended, or was ended."""

    entry: Literal["phase-ended"] = "phase-ended"
    at_ns: int
    mark: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """A case is over, with all that it did."""

    entry: Literal["acted"] = "acted"
    at_ns: int
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Nothing more is played or collected on a host; it awaits teardown."""

    entry: Literal["finished"] = "finished"
    at_ns: int
    facts: HostFacts
    acts: tuple[Act, ...] = ()
    collections: tuple[Collection, ...] = ()
    deliveries: tuple[Collection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A host was torn down and looked at once more, or could not be."""

    entry: Literal["closed"] = "closed"
    at_ns: int
    facts: HostFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The bag is whole."""

    entry: Literal["sealed"] = "sealed"
    at_ns: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The run is over."""

    entry: Literal["judged"] = "judged"
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    """The run is over without a sealed bag: its hosts were cleaned instead."""

    entry: Literal["reverted"] = "reverted"
    at_ns: int
    why: str


Entry: TypeAlias = (
    Begun
    | Resumed
    | Prepared
    | Reached
    | Kept
    | PhaseBegan
    | PhaseEnded
    | Acted
    | Finished
    | Closed
    | Sealed
    | Judged
    | Reverted
)
