"""What a lake and its segments say of themselves, in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Bytes of an input that a segment was made of: enough to know them again."""

    host: str
    kind: str
    name: str
    bytes: int
    lines: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where ``states`` holds a host's state."""

    offset: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """``segment.json``."""

    format: int
    number: int
    parameters: str
    """Digest of the parameters that its keys were made with."""
    inputs: tuple[Taken, ...]
    hosts: dict[str, Place]
    """Each host with its state after this segment."""
    rows: dict[str, int]
    files: dict[str, str]
    """SHA-256 of the tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """``lake.json``."""

    format: int
    analytic: str
    version: str
    profile: str | None
    parameters: str
    compared: dict[str, int]
    """The one row of ``pa``."""
    dedupe_ns: int
