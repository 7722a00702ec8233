"""Scenarios: what a purple-teamer reads first, and what the judge holds the evidence against."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Phase(StrEnum):
    """The three parts of a scenario; each has its own mark, so cleanup never earns a detection."""

    SETUP = "setup"
    ATTACK = "attack"
    CLEANUP = "cleanup"


class ExpectedAnswer(StrEnum):
    """What the analytic should answer for a scenario."""

    FIRES = "fires"
    SILENT = "silent"
    SUPPRESSED = "suppressed"
    GAP = "gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """The ATT&CK objects that a scenario exercises."""

    technique: str
    analytic: str = "AN0994"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The answer that the scenario should get, and why."""

    answer: ExpectedAnswer
    branch: Literal["A", "B", "AB", "none"]
    reason: str
    or_prevented: bool = False
    workflow: str | None = None
    alerts: int | None = None
    """How many alerts the case may raise; None: nobody counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPattern:
    """A record that a source must hold, tied to the receipt step that really caused it."""

    id: str
    event: tuple[str, ...]
    """Event kinds, any of which satisfies the pattern."""
    step: str
    """Name of the receipt step whose process or path the record must name."""
    fields: tuple[str, ...] = ()
    """Fields that must be filled, in the event model's names (``parent``, ``args``, ``cwd``...)."""


Need = Literal["sh", "bash", "zsh", "python3", "osascript", "browser", "gui", "root", "macos"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One behaviour, played on one host, with the evidence that it must leave."""

    id: str
    title: str
    what: str
    why: str
    limits: str
    attack: Attack
    family: str
    branch: Literal["A", "B", "AB", "none"]
    expect: Expectation
    records: tuple[RecordPattern, ...]
    needs: tuple[Need, ...] = ("sh",)
    axes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    twin: str | None = None
    exclusive: tuple[str, ...] = ()
    timeout: str = "60s"
    waits: bool = False
    """True for a case that mostly waits; it is played beside the host's other cases."""
    lab: bool = False
    """True where the answer stands on something of the suite's own that nobody deploys, such as the
    entry of a workflow: on a real Mac its cases are *lab*."""
    profiles: dict[str, Expectation] = field(default_factory=dict)
    """Profiles of the analytic in which another answer is right than ``expect`` says."""
    parameters: dict[str, object] = field(default_factory=dict)
