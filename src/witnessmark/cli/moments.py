"""``--as-of``: the moment as of which a bag is judged."""

from __future__ import annotations

import datetime as dt

import click

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
