"""Findings, links and verdicts: the vocabulary of contracts.md."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from witnessmark.model.matrix import Cell, Quality


class Link(StrEnum):
    """The chain, in order; the first broken link is the leftmost that fails."""

    ACTED = "acted"
    RECORDED = "recorded"
    DELIVERED = "delivered"
    DETECTED = "detected"
    RETAINED = "retained"
    CLEANED = "cleaned"


class Status(StrEnum):
    """What a validator may say. ``error`` means could not look; it is never ``fail``."""

    PASS = "pass"  # noqa: S105 - a verdict word
    FAIL = "fail"
    ERROR = "error"
    SKIP = "skip"
    PENDING = "pending"


class Verdict(StrEnum):
    """The verdict of a case on one source (the table in contracts.md, first row that holds)."""

    NOT_APPLICABLE = "not applicable"
    INCONCLUSIVE = "inconclusive"
    PREVENTED = "prevented"
    NOT_EXECUTED = "not executed"
    BLIND = "blind (not recorded)"
    LOST = "lost in delivery"
    NOT_ASSESSED = "not assessed"
    DETECTED = "detected"
    DETECTED_LATE = "detected late"
    MISSED = "missed"
    MISSED_SUPPRESSED = "missed (suppressed)"
    FALSE_ALARM = "false alarm"
    FALSE_ALARM_SUPPRESSED = "false alarm (suppressed)"
    SILENT = "silent as expected"
    SUPPRESSED = "suppressed as documented"
    GAP_CLOSED = "gap closed"
    GAP = "gap as documented"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One statement of one validator about one link. A fail without a message cannot be built."""

    validator: str
    link: Link
    status: Status
    message: str
    expected: str = ""
    observed: str = ""
    evidence: tuple[str, ...] = ()
    first_provable: str | None = None
    """For ``pending``: the first date (YYYY-MM-DD, UTC) on which it can be proved."""

    def __post_init__(self) -> None:
        """Refuse findings that say nothing."""
        if not self.message.strip():
            raise ValueError(f"{self.validator}: a {self.status} finding needs a message")
        if self.status is Status.PENDING and not self.first_provable:
            raise ValueError(f"{self.validator}: a pending finding names its first provable date")


class MomentKind(StrEnum):
    """What one row of a case's timeline shows."""

    SETUP = "setup"
    ATTACK = "attack"
    CLEANUP = "cleanup"
    RECORD = "record"
    EXEC = "exec"
    ALERT = "alert"
    WINDOW = "window"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point or span of a case's timeline, on the controller's clock (nanoseconds UTC).

    Times that a host gave are shifted by how far its clock was measured to be ahead.
    """

    kind: MomentKind
    label: str
    start_ns: int
    end_ns: int | None = None
    """End of a span; for a record, when the collector received it."""
    evidence: str | None = None
    """The event id that says so, where one does."""


class Fault(StrEnum):
    """What a wrong answer of an organisation's own alerts comes from."""

    RULE = "rule"
    TELEMETRY = "telemetry"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Whose fault a wrong answer is, judged by the embedded engine over the same telemetry."""

    fault: Fault
    reason: str
    rules: tuple[str, ...] = ()
    """The analytic's rules that decided, or that nearly did."""
    lacks: tuple[str, ...] = ()
    """Rules, or ways in which one holds, that the organisation's rule seems not to have."""
    fields: tuple[str, ...] = ()
    """Fields without which nobody could decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseVerdict:
    """The judged case: one row of every report."""

    id: str
    scenario: str
    host: str
    source: str | None
    expect: str
    answer: str
    verdict: Verdict
    ok: bool
    assessed: bool
    lab: bool
    first_broken_link: Link | None
    links: tuple[tuple[Link, Status], ...]
    latency_s: float | None
    findings: tuple[Finding, ...]
    simulated: tuple[str, ...] = ()
    reference: str | None = None
    """What the suite's own engine answered where no organisational source judged."""
    related: tuple[str, ...] = ()
    """Alerts that carry the case's marks but name none of its processes: shown, never counted."""
    title: str = ""
    family: str = ""
    """The scenario's folder below scenarios/."""
    near_misses: tuple[str, ...] = ()
    """Rules that nearly held, such as ``B5: 5.1 s > 4 s``."""
    timeline: tuple[Moment, ...] = ()
    reference_clauses: tuple[str, ...] = ()
    """Where the organisation's alerts are judged: the rules, and the ways in which they held, by
    which the engine fired."""
    blame: Blame | None = None
    fields: tuple[Cell, ...] = ()
    """The source matrix: what the source told of every field that the scenario names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlVerdict:
    """Whether a positive control fired before and after the cases of one host and source."""

    host: str
    source: str
    branch: str
    before: bool | None
    after: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFinding:
    """One statement about a host itself; it stands beside the cases and changes no verdict."""

    host: str
    name: str
    status: Status
    """``error`` where the host did not tell."""
    message: str
    observed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVerdict:
    """All verdicts of a run, as verdicts.json holds them."""

    run_id: str
    origin: str
    started: str
    finished: str
    as_of: str
    tool: str
    bag_sha256: str
    cases: tuple[CaseVerdict, ...]
    controls: tuple[ControlVerdict, ...]
    hosts: tuple[dict[str, object], ...]
    sources: tuple[dict[str, str], ...]
    notes: tuple[str, ...] = ()
    profile: str | None = None
    """Parameter profile of the analytic; None means the deployed parameters."""
    window_s: float | None = None
    """The drop-exec window that was judged with, in seconds."""
    host_findings: tuple[HostFinding, ...] = ()
    quality: tuple[Quality, ...] = ()
    notice_sha256: str | None = None
    """What the SOC notice that announced the run is known by."""
