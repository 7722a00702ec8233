"""What an organisation's own detection said: its alerts, and how an inventory declares them."""

from __future__ import annotations

from dataclasses import dataclass, field

from witnessmark.model.events import BadLine
from witnessmark.model.places import Search


def alerts_of(source: str) -> str:
    """The name under which a source's alerts are collected, delivered like its records."""
    return f"{source}.alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Where a source's alerts are, and which rules stand for the analytic there."""

    kind: str
    """The shape of an alert, as telemetry/alert_shapes.py names it."""
    rules: tuple[tuple[str, str], ...]
    """(rule id, the branches that it stands for: ``A``, ``B`` or ``AB``)."""
    path: str | None = None
    """A file that grows on the controller; else ``host_path`` on the host."""
    host_path: str | None = None
    search: Search | None = None
    """A log server that is asked for them, instead of a file."""
    host_name: str = ""
    """How the alerts call this host; empty: by its name in the inventory."""
    own: bool = False
    """Whether the file is of this host alone, so that an alert need not name it."""
    deadline_s: float | None = None
    """None: the source's ``alert_deadline``, or how long the analytic waits for late records."""
    throttle: int | None = None
    """Alerts per host and minute beyond which the source is known to swallow more."""
    fields: tuple[tuple[str, str], ...] = ()
    """Where an alert says what, where that differs from its kind: (name, dotted path)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRun:
    """A process that an alert is about, never one that is only its parent."""

    pid: int | None = None
    path: str | None = None
    script: str | None = None
    args: tuple[str, ...] = ()
    time_ns: int | None = None
    """When it was executed, on the host's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as its source wrote it. ``None`` and nothing always mean: it does not say."""

    id: str
    """``<host>/<source>.alerts/<line>``."""
    line: int
    text: str
    """The whole line: where a mark may stand that no field holds."""
    rules: tuple[str, ...]
    """Ids and names of the rules that raised it."""
    host: str | None = None
    key: str | None = None
    """The source's own id of the alert, by which a copy is known again."""
    runs: tuple[AlertRun, ...] = ()
    count: int = 1
    """For how many findings it says that it stands."""
    workflow: str | None = None
    """What suppressed it, where the source still tells of it."""
    received_ns: int | None = None
    """When the collector saw it, which is never before the organisation could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStream:
    """All alerts of one source that came while a run was watched."""

    alerts: tuple[Alert, ...] = ()
    bad: tuple[tuple[BadLine, int | None], ...] = field(default=())
    """Lines that are no alert, each with when it was received."""
    repeated: tuple[tuple[str, int], ...] = ()
    """By alert id, how many copies of it came later."""
