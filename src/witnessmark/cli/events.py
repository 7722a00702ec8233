"""Prints decoded events as JSON lines or as a table. Telemetry is hostile text."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import click

from witnessmark.cli.sums import Sums
from witnessmark.report.plain import visible
from witnessmark.report.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from witnessmark.model.events import BadLine, Coverage, Event
    from witnessmark.telemetry.format import Format


class Printer(Protocol):
    """Where events, troubles and the summary go."""

    @property
    def trouble(self) -> bool:
        """Whether something is bad or missing."""

    def file(self, path: str, begin: tuple[int, int]) -> None:
        """What follows is of this file, which begins behind so many lines and bytes."""

    def event(self, event: Event) -> None:
        """Print one event."""

    def bad(self, line: BadLine) -> None:
        """Print one line that could not be read."""

    def host(self, names: Sequence[str], coverage: Coverage, bad: int) -> None:
        """Take in how the stream of these hosts was covered."""

    @property
    def sums(self) -> Sums:
        """What was read so far."""

    def end(self) -> None:
        """Print the summary."""


class _Base:
    """What both forms keep."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self.sums = Sums()
        self._path = ""
        self._line = self._offset = 0

    @property
    def trouble(self) -> bool:
        """Whether something is bad or missing."""
        return self.sums.bad > 0 or self.sums.gaps > 0

    def file(self, path: str, begin: tuple[int, int]) -> None:
        """What follows is of this file, which begins behind so many lines and bytes."""
        self._path, (self._line, self._offset) = path, begin

    def host(self, names: Sequence[str], coverage: Coverage, bad: int) -> None:
        """Take in how the stream of these hosts was covered."""
        self.sums.take(names, coverage, bad)


class JsonLines(_Base):
    """One JSON object a line, in ASCII: ``type`` is event, bad or summary."""

    def event(self, event: Event) -> None:
        """Print one event."""
        said = {"type": "event"} | as_json(event)
        said["file"] = self._path
        said["line"] = event.line - self._line
        said["offset"] = event.offset - self._offset
        click.echo(json.dumps(said))

    def bad(self, line: BadLine) -> None:
        """Print one line that could not be read."""
        place = {"type": "bad", "file": self._path, "line": line.line - self._line}
        click.echo(json.dumps(place | {"reason": line.reason}))

    def end(self) -> None:
        """Print the summary."""
        about = {"kind": self._form.KIND, "resolution_ns": self._form.TIME_RESOLUTION}
        click.echo(json.dumps(self.sums.summary() | about))


class Table(_Base):
    """One line per event, for reading."""

    def event(self, event: Event) -> None:
        """Print one event."""
        target = event.target.path if event.target else event.file.path if event.file else ""
        said = event.script.path if event.script else event.message or ""
        words = [event.process.path or "?", target, said]
        what = "  ".join(visible(item) for item in words if item)
        head = f"{rfc3339(event.time_ns)}  {visible(event.host)}  {event.kind.value:10}"
        click.echo(f"{head}  {event.process.token.pid:>6}  {what}")

    def bad(self, line: BadLine) -> None:
        """Print one line that could not be read."""
        place = f"{visible(self._path)}:{line.line - self._line}"
        click.echo(f"{place}: cannot be read: {visible(line.reason)}")

    def end(self) -> None:
        """Print the summary."""
        click.echo(self.sums.sentence())


def as_json(event: Event) -> dict[str, Any]:
    """An event's filled fields, nested as in the model; times in RFC 3339, unknown fields named."""
    said: dict[str, Any] = _filled(event)
    images = (event.process, event.target, event.child)
    unknown = {name for image in images if image is not None for name in image.simulated}
    if unknown:
        said["unknown"] = sorted(unknown)
    return said


def _filled(item: object) -> Any:
    if not is_dataclass(item) or isinstance(item, type):
        return item
    found: dict[str, Any] = {}
    for name in _names(type(item)):
        value = getattr(item, name)
        if value is None or name == "simulated":
            continue
        if name.endswith("_ns"):
            found[name.removesuffix("_ns")] = rfc3339(value)
        else:
            found[name] = _filled(value)
    return found


@lru_cache(maxsize=16)
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
