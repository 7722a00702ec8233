"""Hosts and sources, as the inventory describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from witnessmark.model.alerts import Alerting
from witnessmark.model.places import Credentials as Credentials
from witnessmark.model.places import Search as Search
from witnessmark.model.unifiedlog import UnifiedLog

SOURCE_KINDS: Final = (
    "eslogger",
    "santa",
    "santa-json",
    "osquery",
    "unifiedlog",
    "eslogger-oslog",
    "elastic",
    "defender",
    "crowdstrike",
    "jamf-alerts",
    "jamf-telemetry",
    "mac-monitor",
)
"""What a source's records may look like: one decoder of telemetry/ each."""


class Role(StrEnum):
    """Whose evidence a source is: only an organisation's earns a coverage verdict."""

    ORGANISATION = "organisation"
    REFERENCE = "reference"


class Origin(StrEnum):
    """What kind of machine the evidence comes from."""

    STAND_IN = "stand-in"
    MAC = "mac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the organisation's pipeline delivers a source's records."""

    kind: str
    """``ndjson``: a file that grows, one record a line. ``folder``: files of that kind, plain or
    gzip. Else the kind of its ``search``."""
    path: str = ""
    """Absolute, on the controller: what arrives is read there, never on the host."""
    search: Search | None = None
    """For a log server, instead of a path."""
    deadline_s: float = 60.0
    """How long after it happened a record may take to arrive."""

    @property
    def where(self) -> str:
        """The place, for a sentence."""
        return self.search.where if self.search else self.path


ALERTS_ONLY: Final = "alerts"
"""The kind of a source that has no records of its own: only what its detection said is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place where a host's evidence lies.

    Exactly one of ``path`` (a file of lines on the host that grows), ``command`` (an argv on the
    host that prints lines until its pipe is closed), ``search`` (a log server) and ``unified_log``
    is set; of a source of alerts only, none.
    """

    name: str
    kind: str
    role: Role
    analytic: str | None = None
    """``embedded``: this suite's AN0994 engine over this source is the deployed analytic."""
    path: str | None = None
    command: tuple[str, ...] | None = None
    search: Search | None = None
    unified_log: UnifiedLog | None = None
    retention: str | None = None
    """Name of a profile in inventory/retention/; None: the host's."""
    host_name: str = ""
    """How its records call this host, ``{host}`` being its name in the inventory; empty: by that,
    or by a name of its own."""
    alert_deadline_s: float | None = None
    destination: Destination | None = None
    """None: the deployed analytic reads the source's own store."""
    alerts: Alerting | None = None
    """What the organisation's own detection says; None: its analytic is ``analytic``."""
    version_command: tuple[str, ...] | None = None
    """An argv on the host whose first line is the sensor's version."""
    policy_command: tuple[str, ...] | None = None
    """The same for the version of the sensor's policy or configuration."""
    rule_file: str | None = None
    """The deployed rule on the host: hashed, and kept in the bag unless ``rule_secret``."""
    rule_secret: bool = False

    @property
    def records(self) -> bool:
        """Whether it has records of what happens, and not alerts alone."""
        return self.kind != ALERTS_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """How a stand-in was booted."""

    mode: str
    """``namespace``: it has its own `/`, users and processes; ``prefix``: it is a folder."""
    why: str
    """Why it is that mode, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A test Mac or a stand-in, with everything needed to reach it and to judge it."""

    name: str
    origin: Origin
    connection: str
    """``ssh`` or ``local``."""
    address: str = "localhost"
    port: int = 22
    user: str | None = None
    key_file: Path | None = None
    known_hosts: Path | None = None
    lab: bool = False
    path_prefix: str = ""
    """Where the host's ``/`` lies on its machine; non-empty only for a stand-in in prefix mode."""
    consent_file: str = "/Library/Application Support/witnessmark/consent"
    browser: str | None = None
    """Absolute path (host view) of a lab browser stub that runs ``-c COMMAND`` like sh does."""
    retention: str | None = None
    """Name of a profile in inventory/retention/."""
    connect_timeout_s: float = 10.0
    dead_man_s: float = 900.0
    """Seconds without a sign of the controller after which the host cleans up by itself."""
    sources: tuple[Source, ...] = ()
    destination_root: str | None = None
    """Where relative paths of destinations begin; already part of the sources' paths."""
    standin: StandIn | None = None
    """None: not said, as in an inventory that was written by hand, or a Mac."""
    faults: tuple[Mapping[str, object], ...] = field(default=(), hash=False)
    """What a stand-in breaks on purpose, as standin/faults.py reads it; empty for a Mac."""

    @property
    def recorded(self) -> tuple[Source, ...]:
        """The sources that have records; of the others only alerts are read."""
        return tuple(item for item in self.sources if item.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The hosts that were asked for, in inventory order, and the files that named them."""

    files: tuple[Path, ...]
    hosts: tuple[Host, ...]
