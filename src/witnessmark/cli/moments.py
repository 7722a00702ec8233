"""Moments and lengths of time as options take them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from witnessmark.content.durations import seconds
from witnessmark.notice.moments import nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable

as_of = click.option(
    "--as-of",
    "as_of_ns",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    callback=lambda _ctx, _param, value: _nanoseconds(value),
    help="Judge as of this moment (UTC). Default: when collection ended.",
)


def _nanoseconds(moment: dt.datetime | None) -> int | None:
    if moment is None:
        return None
    return int(moment.replace(tzinfo=dt.UTC).timestamp()) * 1_000_000_000


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
LENGTH = _Told("duration", seconds)
"""A duration such as ``2h``, to seconds."""
