"""A deconfliction notice: what the purple team tells the SOC before an exercise, and signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From when to when anything of the exercise may happen (RFC 3339, UTC, whole seconds)."""

    begins: str
    ends: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is announced: nothing else, nowhere else and at no other time is part of the run."""

    format: Literal[1]
    run: str
    """The run id, decided before the run, so that marks are known before anything happens."""
    marks: str
    """The pattern of every mark, such as ``wm-20261124t042002z-1f0c9a-*``."""
    cases: int
    """How many cases there are at most: no mark has a higher number."""
    window: Window
    contact: str
    purpose: str
    profile: str | None
    """Parameter profile of the analytic; None for the deployed parameters."""
    content: str
    """SHA-256 over the scenario files as they were when this was announced."""
    hosts: Mapping[str, str]
    """Name in the inventory -> how it is reached (user, address, port)."""
    scenarios: Mapping[str, str]
    """Id -> title, the positive controls among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The notice that a run was announced by, as its plan carries it."""

    sha256: str
    """Of the notice's bytes: what the notice is known by."""
    signer: str
    """The principal of the allowed_signers file whose key signed it."""
    key: str
    """That key's type and fingerprint."""
    begins_ns: int
    ends_ns: int
