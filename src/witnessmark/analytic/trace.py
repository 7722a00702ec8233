"""What the rules say while they decide, for whoever asks why (``witnessmark explain``).

The branches report each rule at the very place where they apply it, so that an explanation cannot
tell another story than the answer. Nobody listens by default, and then nothing is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from witnessmark.model.events import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from witnessmark.analytic.kleene import Known
    from witnessmark.analytic.tasks import Image
    from witnessmark.analytic.tracked import Content, File
    from witnessmark.model.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule as it was applied to one record."""

    rule: str
    """A rule id of the analytic, ``baseline`` or ``dedupe``."""
    holds: Known
    """False: it stopped the answer here. None: the telemetry does not say."""
    text: str
    """The facts that decided, with the numbers that were compared."""


@dataclass(slots=True, kw_only=True, eq=False)
class Account:
    """What the rules made of one record."""

    event: Event
    steps: list[Step] = field(default_factory=list)
    image: Image | None = None
    """Of an exec: the image after it, with its task and so its spawn-time ancestors."""
    script: str | None = None
    file: File | None = None
    """The file that a file record is about, or whose drop an exec executed."""
    drop: Content | None = None
    """That drop, as it was then."""


class Trace:
    """Listens to nothing: what an engine uses that nobody asks."""

    on = False

    def begin(self, event: Event) -> None:
        """A record's turn has come; what is said from now on is about it."""

    def say(self, rule: str, holds: Known, text: str) -> None:
        """A rule was applied."""

    def ran(self, image: Image, script: str | None) -> None:
        """The record is an exec, and this is what it runs."""

    def touched(self, file: File, drop: Content | None = None) -> None:
        """The record is about this file; an exec found this drop of it."""

    def copied(self, old: File | None, new: File) -> None:
        """A file got a copy that keeps its drop (B2)."""

    def holds(self, file: File) -> None:
        """A file holds other content than before, or none that counts."""

    def forgot(self, key: str, drop: Content | None) -> None:
        """A path's drop became too old to fire and is given up."""

    def gone(self, key: str) -> Content | None:
        """The drop that a path had before it was given up."""
        return None


class Recorder(Trace):
    """Keeps the accounts of the records that were asked for, of every record about a followed
    file, and of every exec of or below a browser-spawned process.
    """

    on = True

    def __init__(self, wanted: Callable[[Event], bool]) -> None:
        self.accounts: dict[str, Account] = {}
        """By event id."""
        self._wanted = wanted
        self._now: Account | None = None
        self._history: dict[File, list[Account]] = {}
        self._gone: dict[str, Content] = {}

    def begin(self, event: Event) -> None:
        """A record's turn has come; what is said from now on is about it."""
        if self._now is not None and not self._keeps(self._now):
            del self.accounts[self._now.event.id]
        self._now = None
        if event.kind not in (Kind.FORK, Kind.EXIT, Kind.OTHER) or self._wanted(event):
            self._now = self.accounts.setdefault(event.id, Account(event=event))

    def say(self, rule: str, holds: Known, text: str) -> None:
        """A rule was applied."""
        if self._now is not None:
            self._now.steps.append(Step(rule=rule, holds=holds, text=text))

    def ran(self, image: Image, script: str | None) -> None:
        """The record is an exec, and this is what it runs."""
        if self._now is not None:
            self._now.image, self._now.script = image, script

    def touched(self, file: File, drop: Content | None = None) -> None:
        """The record is about this file; an exec found this drop of it."""
        if self._now is None:
            return
        self._now.file, self._now.drop = file, drop or file.drop
        known = self._history.setdefault(file, [])
        if self._now not in known[-1:]:
            known.append(self._now)

    def copied(self, old: File | None, new: File) -> None:
        """A file got a copy that keeps its drop (B2)."""
        self._history[new] = [] if old is None else [*self._history.get(old, ())]
        self.touched(new)

    def forgot(self, key: str, drop: Content | None) -> None:
        """A path's drop became too old to fire and is given up."""
        if drop is not None:
            self._gone[key] = drop

    def gone(self, key: str) -> Content | None:
        """The drop that a path had before it was given up."""
        return self._gone.get(key)

    def _keeps(self, account: Account) -> bool:
        spawned = account.image is not None and account.image.task.candidate is not None
        return spawned or account.file is not None or self._wanted(account.event)

    def history(self, account: Account) -> list[Account]:
        """Every record about the same file, as the rules met them."""
        return [] if account.file is None else self._history[account.file]

    def kin(self, account: Account) -> Iterator[Account]:
        """Every exec of the same browser-spawned process and of what it spawned in turn (A6)."""
        mine = account.image and account.image.task.candidate
        for other in self.accounts.values():
            if other is account or (
                mine is not None and other.image is not None and other.image.task.candidate is mine
            ):
                yield other
