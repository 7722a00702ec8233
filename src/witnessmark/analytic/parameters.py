"""The analytic's parameters: every number and list that its rules use, from analytic.yaml.

Order: the file's ``parameters``, then one profile, then an override; each replaces whole keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from witnessmark.analytic.unwrap import WRAPPERS
from witnessmark.content import root
from witnessmark.content.durations import Duration  # noqa: TC001 - pydantic reads it at run time
from witnessmark.content.located import Document, read, validate
from witnessmark.content.near import no_such
from witnessmark.content.quoting import quoted
from witnessmark.errors import ContentError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Language: TypeAlias = Literal[
    "sh", "bash", "zsh", "ksh", "csh", "fish", "osascript", "python", "perl", "ruby", "php",
    "node", "tcl", "swift", "pwsh", "java", "jsc",
]  # fmt: skip


LIMITS = {
    "drop_exec_window": (1.0, 86400.0),
    "high_severity_within": (0.0, 86400.0),
    "spawn_load_window": (1.0, 3600.0),
    "clock_skew_tolerance": (0.0, 60.0),
    "late_arrival": (0.0, 86400.0),
    "dedupe_window": (0.0, 86400.0),
}
"""Least and most seconds of every duration.

Beyond them silence comes cheap: a window of no length fires for nothing, a tolerance of minutes
switches every check of a clock off and lets one case's records stand for another's, and an analytic
that waits for days is never late. Hosts that keep time by NTP, as macOS's timed does, are within a
second; a day is the longest that a drop's memory (B5) is meant to last.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """Which ATT&CK object these parameters belong to, pinned by hash."""

    release: str
    object_version: str
    modified: str
    sha256: str
    mission_release: str | None = None
    mission_object_version: str | None = None
    mission_sha256_head: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A program known by its signature: signing id patterns plus team, or Apple's platform."""

    name: str
    signing_ids: tuple[str, ...]
    team_id: str | None
    platform: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A browser (A1): by signature, or by path where the source says nothing about signing."""

    name: str
    signing_ids: tuple[str, ...]
    team_id: str | None
    paths: tuple[str, ...]
    platform: bool = False
    ad_hoc: bool = False
    """Builds without a team exist: then signing id and path must both match."""
    needs_responsible_browser: bool = False
    """WebKit's services: a browser's only if their responsible process is one (A2)."""
    unverified: tuple[str, ...] = ()
    """Which of these facts nobody has confirmed on a real host yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A program that runs scripts (A4a, B3): by system path or signing id, never by name."""

    name: str
    language: Language
    paths: tuple[str, ...]
    signing_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the rules A1-A7 and B1-B7 are told. Durations are seconds here, strings in YAML."""

    monitored_directories: tuple[str, ...]
    drop_exec_window: Duration
    high_severity_within: Duration
    spawn_load_window: Duration
    max_depth: int
    require_quarantine: bool
    clock_skew_tolerance: Duration
    late_arrival: Duration
    dedupe_window: Duration
    provenance: bool
    user_writable_directories: tuple[str, ...]
    browsers: tuple[Browser, ...]
    lab_browsers: tuple[Browser, ...]
    interpreters: tuple[Interpreter, ...]
    wrappers: tuple[str, ...]
    crash_reporters: tuple[Signed, ...]
    temporary_names: tuple[str, ...]
    fetchers: tuple[str, ...]
    unwrap_wrappers: bool = False
    image_attachers: tuple[str, ...] = ()
    image_names: tuple[str, ...] = ()
    package_services: tuple[str, ...] = ()
    package_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.monitored_directories:
            raise ValueError("monitored_directories: name at least one directory")
        if not self.browsers:
            raise ValueError("browsers: name at least one browser")
        if not 0 <= self.max_depth <= 100:
            raise ValueError("max_depth: must be 0 or more, and at most 100")
        for name, (least, most) in LIMITS.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}: must be from {least:g} s to {most:g} s")
        if self.high_severity_within > self.drop_exec_window:
            raise ValueError("high_severity_within: must not exceed drop_exec_window")
        if self.provenance:
            for name in ("image_attachers", "image_names", "package_services", "package_names"):
                if not getattr(self, name):
                    raise ValueError(f"{name}: provenance needs at least one")
        unknown = sorted(set(self.wrappers) - set(WRAPPERS))
        if unknown:
            known = ", ".join(WRAPPERS)
            raise ValueError(f"wrappers: nobody can read {unknown[0]}'s words; known are {known}")
        for path in (*self.monitored_directories, *self.user_writable_directories):
            if not path.startswith(("/", "~")):
                raise ValueError(f"{quoted(path)}: a directory starts with / or ~")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    analytic: str
    version: str
    attack: Attack
    parameters: dict[str, object]
    profiles: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analytic:
    """A loaded analytic: its pin, and the parameters that a profile and override left."""

    analytic: str
    version: str
    attack: Attack
    profile: str | None
    parameters: Parameters


def default_file() -> Path:
    """The shipped ``analytics/an0994/analytic.yaml``."""
    return root() / "analytics" / "an0994" / "analytic.yaml"


def load(
    path: Path | None = None,
    *,
    profile: str | None = None,
    override: Path | None = None,
    layers: Sequence[Document] = (),
) -> Analytic:
    """Load the analytic's file, one profile and one override file.

    ``layers`` are further overrides, such as a scenario's ``parameters`` (``from_mapping``).

    Raises:
        ContentError: every problem of the file, *all* its profiles and the overrides.
        UsageError: there is no such profile.
    """
    document = read(path or default_file())
    head = validate(document, _Head)
    base = document.sub("parameters")
    validate(base, Parameters)
    problems = _profile_problems(document, base, head)
    if problems:
        raise ContentError(problems)
    chosen = base
    if profile is not None:
        if profile not in head.profiles:
            what = f"no profile is called {quoted(profile)}"
            raise UsageError(no_such(what, profile, head.profiles))
        chosen = chosen.overlaid(document.sub("profiles", profile))
    for layer in (*((read(override),) if override else ()), *layers):
        if layer.data is None:
            continue
        if not isinstance(layer.data, dict):
            raise ContentError([f"{layer.where(())}: must be a mapping of parameter names"])
        chosen = chosen.overlaid(layer)
    return Analytic(
        analytic=head.analytic,
        version=head.version,
        attack=head.attack,
        profile=profile,
        parameters=validate(chosen, Parameters),
    )


def _profile_problems(document: Document, base: Document, head: _Head) -> list[str]:
    problems: list[str] = []
    for name in head.profiles:
        try:
            validate(base.overlaid(document.sub("profiles", name)), Parameters)
        except ContentError as error:
            problems.extend(error.problems)
    return problems
