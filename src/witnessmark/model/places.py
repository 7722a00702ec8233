"""Log servers, as places where records and alerts are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where a log server's secret is found: exactly one of the three. The secret is never here."""

    scheme: str
    """How it is shown: ``apikey``, ``bearer``, ``splunk``, ``basic`` (of user:password)."""
    env: str | None = None
    """The name of an environment variable."""
    file: Path | None = None
    """A file on the controller that only its owner may read."""
    command: tuple[str, ...] | None = None
    """An argv on the controller, such as macOS's ``security find-generic-password``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How a log server is asked, from the controller, for the records of one host."""

    kind: str
    """``opensearch``, ``elasticsearch`` or ``splunk``."""
    url: str
    index: str
    host_field: str | None
    """The field that holds the host's name; None: the whole index is of this host."""
    host_value: str
    time_field: str = "@timestamp"
    tie_field: str | None = None
    """A second sort key, different in each document; None: the server's own of a point in time."""
    record: str | None = None
    """The field that holds the sensor's own record; None: the whole document is it."""
    sourcetype: str | None = None
    """Splunk only: what is asked for besides index and host."""
    credentials: Credentials | None = None
    ca_file: Path | None = None
    """Whom to believe about the server's certificate; None: the system's authorities."""
    poll_s: float = 5.0
    timeout_s: float = 30.0
    """For one request, retries not counted."""
    most_records: int = 200_000
    most_bytes: int = 256 << 20
    """Beyond either, a look is given up: could not look."""

    @property
    def where(self) -> str:
        """The server and the index, for a sentence."""
        return f"{self.kind} at {self.url}, index {self.index}"
