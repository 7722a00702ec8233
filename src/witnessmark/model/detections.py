"""What an analytic answered: fired, suppressed or undetermined, with the rules that decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """The analytic's answer. ``silent`` exists only per case, never per candidate."""

    FIRED = "fired"
    SUPPRESSED = "suppressed"
    SILENT = "silent"
    UNDETERMINED = "undetermined"


class Branch(StrEnum):
    """A: a browser spawned something that loads code. B: a dropped file was executed."""

    A = "A"
    B = "B"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecRef:
    """The execution that a detection is about."""

    pid: int
    pidversion: int | None
    seq: int | None
    """global_seq_num of the exec record."""
    event_id: str
    path: str
    script: str | None
    time_ns: int
    ppid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRef:
    """The content-establishing event (B1) that branch B joined to the execution."""

    seq: int | None
    event_id: str
    path: str
    time_ns: int
    writer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserRef:
    """The browser of branch A, and the kind of edge that ties the process to it (A2)."""

    pid: int
    path: str
    edge: str
    """``parent`` or ``responsible``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One candidate that fired, was suppressed, or could not be decided."""

    answer: Answer
    branch: Branch
    rules: tuple[str, ...]
    """Rule ids (analytic.md) that decided, such as ``("B1", "B3", "B5")``."""
    host: str
    exec: ExecRef
    clauses: tuple[str, ...] = ()
    """What of the rules held, where a rule has several ways, such as ``B3 operand``."""
    matched: tuple[ExecRef, ...] = ()
    """Branch A: every exec of the same spawned process that matched (A6)."""
    drop: DropRef | None = None
    browser: BrowserRef | None = None
    gap_s: float | None = None
    """Seconds from drop (B) or spawn (A) to the execution."""
    severity: str = "medium"
    workflow: str | None = None
    reason: str | None = None
    simulated: tuple[str, ...] = ()
    """Simulated fields that the answer needed; non-empty means not assessable."""
    inferred: bool = False
    received_ns: int | None = None
    """When the deciding record was received, where known: the embedded alert time."""
