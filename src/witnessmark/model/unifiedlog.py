"""A host's unified log as a source: how it is read, and what was written into it to prove it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LOG_KINDS: Final = ("unifiedlog", "eslogger-oslog")
"""The kinds of sources whose records lie in the unified log."""
DENSE: Final = 10
"""Records at the default level that make a sounded minute one of which the log kept what there was;
no more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnifiedLog:
    """How a host's unified log is read; the commands themselves are the suite's own."""

    read: str = "show"
    """``show``: asked again and again for what is kept; ``stream``: what is logged, as it comes."""
    sudo: bool = False
    """Whether `log` is run by ``sudo -n``."""
    poll_s: float = 5.0
    timeout_s: float = 60.0
    """For one answer of `log`."""
    settle_s: float = 15.0
    """How long the last canary of a run may take to be seen."""
    most_bytes: int = 256 << 20
    """Beyond it an answer is given up: could not look."""

    @property
    def where(self) -> str:
        """The place, for a sentence."""
        return f"the unified log, by log {self.read}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One message at the default level that a run wrote into the log itself, by logger(1)."""

    text: str
    pid: int | None
    """Of the process that wrote it; None: it did not say."""
    began_ns: int
    ended_ns: int
    """The controller's clock, before and after."""
    problem: str | None = None
    """Why it was not written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """How many records at the default level a minute of the log still held."""

    at_ns: int
    """That minute's beginning, on the host's clock."""
    records: int | None
    """None: it could not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLook:
    """What a run learnt of a host's unified log besides its records."""

    canaries: tuple[Canary, ...] = ()
    config: str = ""
    """The first line of ``log config --status``; empty: it did not tell."""
    config_problem: str | None = None
    oldest_problem: str | None = None
    """Why the oldest record that is left could not be had."""
    soundings: tuple[Sounding, ...] = ()
    """The youngest first."""
