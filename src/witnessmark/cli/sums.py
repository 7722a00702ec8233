"""Adds up how the streams of several files were covered, for a command's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from witnessmark.errors import UsageError
from witnessmark.model.events import Kind
from witnessmark.report.plain import visible
from witnessmark.report.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.model.events import Coverage

KNOWN = frozenset(kind.value for kind in Kind)


class Sums:
    """What was read, what could not be, and what is missing."""

    def __init__(self) -> None:
        self.bad = self.gaps = self.backwards_ns = 0
        self.hosts: list[str] = []
        self.empty: list[str] = []
        """The files without a line that holds anything."""
        self._filled = False
        self._events = self._lines = 0
        self._unknown: dict[str, int] = {}
        self._first: int | None = None
        self._last: int | None = None

    def take(self, hosts: Sequence[str], coverage: Coverage, bad: int) -> None:
        """Take in one stream; ``bad`` of its lines could not be read."""
        self.hosts += hosts
        self.bad += bad
        self.gaps += len(coverage.gaps)
        self.backwards_ns = max(self.backwards_ns, coverage.backwards_ns)
        self._events += coverage.events + coverage.other
        self._lines += coverage.lines
        for kind, number in coverage.kinds:
            if kind not in KNOWN:
                self._unknown[kind] = self._unknown.get(kind, 0) + number
        for moment in (coverage.first_ns, coverage.last_ns):
            if moment is not None:
                self._first = moment if self._first is None else min(self._first, moment)
                self._last = moment if self._last is None else max(self._last, moment)

    def summary(self) -> dict[str, Any]:
        """The last line of JSON: what contracts.md promises of ``detect``."""
        span = None
        if self._first is not None and self._last is not None:
            span = {"first": rfc3339(self._first), "last": rfc3339(self._last)}
        return {
            "type": "summary",
            "events": self._events,
            "lines": self._lines,
            "bad_lines": self.bad,
            "gaps": self.gaps,
            "backwards_s": self.backwards_ns / 1e9,
            "unknown_types": dict(sorted(self._unknown.items())),
            "hosts": self.hosts,
            "empty_files": self.empty,
            "span": span,
        }

    def looked(self, path: str, *, filled: bool) -> None:
        """Note whether a file held anything at all."""
        self._filled |= filled
        if not filled:
            self.empty.append(path)

    def silence(self) -> None:
        """Say it of each file that held nothing: what was not looked at was not silent.

        Raises:
            UsageError: not one file held anything.
        """
        told = [f"{path}: holds no record: nothing was looked at there" for path in self.empty]
        if told and not self._filled:
            raise UsageError(*told)
        for sentence in told:
            click.echo(f"witnessmark: {visible(sentence)}", err=True)

    def sentence(self) -> str:
        """The same for reading."""
        back = f"times run backwards by {self.backwards_ns / 1e9:.1f} s, "
        empty = f"{len(self.empty)} files without a record, " if self.empty else ""
        return (
            f"{self._events} events in {self._lines} lines, {self.bad} bad, {self.gaps} gaps, "
            f"{back if self.backwards_ns else ''}{empty}hosts: {visible(', '.join(self.hosts))}"
        )
