"""Moments and lengths of time as options take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from witnessmark.content.durations import seconds
from witnessmark.notice.moments import day, nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable


class _Told(click.ParamType[float]):
    """A text that a function reads; what it cannot read is a usage error with its own words."""

    def __init__(self, name: str, read: Callable[[str], float]) -> None:
        self.name = name
        self._read = read

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return self._read(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


MOMENT = _Told("time", nanoseconds)
"""RFC 3339 with a zone, to nanoseconds since 1970 (UTC)."""
DAY = _Told("time", day)
"""The same, or a date alone."""
LENGTH = _Told("duration", seconds)
"""A duration such as ``2h``, to seconds."""

as_of = click.option(
    "--as-of",
    "as_of_ns",
    type=DAY,
    help="Judge as of this day or moment (UTC). Default: when collection ended.",
)
