"""Suppression by documented workflows: visible, counted, and never by path alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from witnessmark.analytic.identity import signing_known, unknown_signing
from witnessmark.analytic.kleene import Known, both, either

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    from witnessmark.analytic.keys import Paths
    from witnessmark.model.detections import Branch
    from witnessmark.model.events import Process
    from witnessmark.model.workflows import Match, Workflow


UNVERIFIED = "unverified: the script's hash is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What ran: its image, its script if any, its ancestors, and who wrote it."""

    image: Process
    script: str | None
    ancestry: tuple[Process, ...]
    time_ns: int
    writer: Process | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """The entry that holds a detection back, or (``certain`` False) that perhaps would."""

    workflow: str
    certain: bool
    reason: str | None = None
    simulated: tuple[str, ...] = ()


class Baseline:
    """The entries for one host. ``hashes`` gives sha256 by script path, where someone took it."""

    def __init__(
        self, entries: Sequence[Workflow], paths: Paths, hashes: Mapping[str, str] | None = None
    ) -> None:
        self._paths = paths
        self._hashes = {paths.key(path): digest.lower() for path, digest in (hashes or {}).items()}
        self._entries = tuple(entries)
        self._globs: dict[str, re.Pattern[str]] = {}

    def find(self, branch: Branch, subject: Subject) -> Suppression | None:
        """The first entry that certainly matches, else the first that might."""
        perhaps: Suppression | None = None
        for entry in self._entries:
            if branch.value not in entry.branch or _expired(entry, subject.time_ns):
                continue
            found = self._matches(entry, subject)
            if found:
                unverified = entry.subject == "script" and self._digest(subject) is None
                reason = UNVERIFIED if unverified else None
                return Suppression(workflow=entry.id, certain=True, reason=reason)
            if found is None and perhaps is None:
                perhaps = Suppression(
                    workflow=entry.id,
                    certain=False,
                    reason=f"workflow {entry.id}: signing unknown",
                    simulated=unknown_signing(subject.image, subject.writer, *subject.ancestry),
                )
        return perhaps

    def _matches(self, entry: Workflow, subject: Subject) -> Known:
        if entry.subject == "image":
            found = self._process(entry.match, subject.image)
        elif entry.subject == "ancestor":
            found = self._any(entry.match, subject.ancestry)
        else:
            found = self._script(entry.match, subject)
        if entry.ancestor is not None:
            found = both(found, self._any(entry.ancestor, subject.ancestry))
        if entry.writer is not None:
            writer = subject.writer
            found = both(found, writer is not None and self._process(entry.writer, writer))
        return found

    def _any(self, match: Match, processes: tuple[Process, ...]) -> Known:
        found: Known = False
        for process in processes:
            found = either(found, self._process(match, process))
        return found

    def _script(self, match: Match, subject: Subject) -> Known:
        if subject.script is None or not self._path(match.path, subject.script):
            return False
        digest = self._digest(subject)
        return digest is None or digest == (match.sha256 or "").lower()

    def _digest(self, subject: Subject) -> str | None:
        return None if subject.script is None else self._hashes.get(self._paths.key(subject.script))

    def _process(self, match: Match, process: Process) -> Known:
        if not self._path(match.path, process.path):
            return False
        if not signing_known(process):
            return None
        cdhash = (process.cdhash or "").lower()
        return (
            match.team_id in (None, process.team_id)
            and match.signing_id in (None, process.signing_id)
            and (match.cdhash is None or match.cdhash.lower() == cdhash)
        )

    def _path(self, glob: str, path: str) -> bool:
        if glob not in self._globs:
            self._globs[glob] = self._paths.exactly([glob])
        return bool(self._globs[glob].match(self._paths.key(path)))


def _expired(entry: Workflow, time_ns: int) -> bool:
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).date() > entry.expires
