"""What a validator is given, and how it answers.

A validator is one decorated pure function in the top-level ``validators/`` folder::

    @validator(link="recorded")
    def check(case: CaseEvidence) -> Iterator[Finding]:
        \"\"\"The sentence an auditor reads.\"\"\"
        yield case.passed("the exec is recorded", evidence=[event.id])

with ``EXAMPLES``: small evidence and the status it must give (a pass, a fail, a cannot-tell).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from witnessmark.model.hosts import Role, Source
from witnessmark.model.verdicts import Finding, Link, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from witnessmark.model.alerts import AlertStream
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Stream
    from witnessmark.model.run import Act, Case, Collection, HostFacts, RetentionProfile

Check: TypeAlias = "Callable[[CaseEvidence], Iterator[Finding]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Whether the positive control of the case's branch fired before and after it."""

    before: bool | None = None
    after: bool | None = None
    reason: str = "no positive control ran"

    @property
    def both(self) -> bool:
        """Only then does silence mean anything."""
        return self.before is True and self.after is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What reached a source's destination, and what its analytic made of that."""

    collection: Collection | None = None
    stream: Stream | None = None
    detections: tuple[Detection, ...] = ()
    misses: tuple[str, ...] = ()
    controls: Controls = field(default_factory=Controls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerted:
    """What a source's own detection said while the run was watched."""

    collection: Collection | None = None
    stream: AlertStream | None = None
    controls: Controls = field(default_factory=Controls)
    """Whether a control's alert came, in time, before and after the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvidence:
    """All that is known of one case on one source; validators read it and nothing else."""

    case: Case
    act: Act
    facts: HostFacts
    source: Source | None = None
    collection: Collection | None = None
    stream: Stream | None = None
    detections: tuple[Detection, ...] = ()
    misses: tuple[str, ...] = ()
    """Near misses of the analytic about this case, such as ``B5: 5.1 s > 4 s``."""
    controls: Controls = field(default_factory=Controls)
    arrived: Arrived | None = None
    """What was delivered; None where the source has no destination."""
    alerted: Alerted | None = None
    """The organisation's own alerts; None where the inventory declares none for the source."""
    retention: RetentionProfile | None = None
    oldest_ns: int | None = None
    """Time of the oldest record that the source's store still held at the second look."""
    deadline_s: float = 120.0
    late_arrival_s: float = 120.0
    """How long the analytic waits for a late record."""
    window_s: float | None = None
    """The drop-exec window (B5) that was judged with."""
    clock_tolerance_s: float = 2.0
    as_of_ns: int = 0

    @property
    def analysed(self) -> CaseEvidence:
        """The same case as its source's analytic sees it: by what was delivered, if there is a
        destination at all, and never by the store instead."""
        if self.arrived is None and (self.source is None or self.source.destination is None):
            return self
        got = self.arrived or Arrived()
        return replace(
            self,
            collection=got.collection,
            stream=got.stream,
            detections=got.detections,
            misses=got.misses,
            controls=got.controls,
        )

    @property
    def judged(self) -> bool:
        """Whether an organisation's own analytic is judged: a reference never earns a verdict.

        An organisation's store without an analytic of its own shows what could be detected there,
        not what is.
        """
        source = self.source
        return (
            source is not None
            and source.role is Role.ORGANISATION
            and (source.analytic == "embedded" or source.alerts is not None)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Small evidence with the worst status that the validator must give for it."""

    name: str
    evidence: CaseEvidence
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """A named check of one link, with its auditor-facing text."""

    name: str
    link: Link
    doc: str
    check: Check

    def __call__(self, case: CaseEvidence) -> tuple[Finding, ...]:
        """Every finding of this validator about a case; at least one."""
        found = tuple(self.check(case))
        if not found:
            raise ValueError(f"validator {self.name} said nothing about {case.case.id}")
        return found


def validator(*, link: str) -> Callable[[Check], Validator]:
    """Declare a check of one link. Its module's name is its name, its docstring its text."""

    def declare(check: Check) -> Validator:
        name = check.__module__.rsplit(".", 1)[-1]
        doc = (check.__doc__ or "").strip()
        if not doc:
            raise ValueError(f"validator {name} has no docstring for the auditor to read")
        return Validator(name=name, link=Link(link), doc=doc, check=check)

    return declare


def finding(
    name: str,
    link: Link | str,
    status: Status | str,
    message: str,
    *,
    expected: str = "",
    observed: str = "",
    evidence: Iterable[str] = (),
    first_provable: str | None = None,
) -> Finding:
    """A finding; short enough to be written inside a validator."""
    return Finding(
        validator=name,
        link=Link(link),
        status=Status(status),
        message=message,
        expected=expected,
        observed=observed,
        evidence=tuple(evidence),
        first_provable=first_provable,
    )
