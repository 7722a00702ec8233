"""The fleet form over events in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from witnessmark.analytic import load
from witnessmark.analytic.baseline import Baseline
from witnessmark.analytic.keys import Paths
from witnessmark.lake import sqlite
from witnessmark.lake.columns import as_tuple
from witnessmark.lake.engines import one_row, text_for
from witnessmark.lake.fold import detections
from witnessmark.lake.heads import head_of
from witnessmark.lake.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from witnessmark.analytic import Parameters
    from witnessmark.lake.columns import Row
    from witnessmark.lake.manifest import Head
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Stream
    from witnessmark.model.workflows import Workflow

ANALYTIC = load()


def facts(stream: Stream) -> dict[str, Any]:
    """What a stream knows of its host's paths."""
    return {
        "home_dirs": stream.home_dirs,
        "symlinks": stream.symlinks,
        "case_sensitive": stream.case_sensitive,
    }


def keys_of(stream: Stream, params: Parameters, tables: dict[str, list[Row]]) -> Keys:
    return Keys(
        params,
        stream.host,
        tables["ev"].append,
        tables["xp"].append,
        snapshot=stream.snapshot,
        resolution_ns=stream.resolution_ns,
        unwraps=stream.lacks_wrapped_execs,
        **facts(stream),
    )


def rows_of(stream: Stream, params: Parameters) -> dict[str, list[Row]]:
    """The rows of ``ev`` and ``xp``."""
    tables: dict[str, list[Row]] = {"ev": [], "xp": []}
    keys = keys_of(stream, params, tables)
    for event in stream.events:
        keys.feed(event)
    keys.finish()
    return tables


def head(params: Parameters) -> Head:
    return head_of(replace(ANALYTIC, parameters=params))


def on_sqlite(tables: dict[str, list[Row]], params: Parameters) -> Iterable[dict[str, Any]]:
    rows = {name: [as_tuple(name, row) for row in made] for name, made in tables.items()}
    return sqlite.answers(text_for("sqlite"), rows, one_row(head(params).compared))


def told(
    rows: Iterable[dict[str, Any]],
    params: Parameters,
    stream: Stream | None = None,
    baseline: Sequence[Workflow] = (),
    hashes: Any = None,
) -> list[Detection]:
    paths = Paths(**facts(stream)) if stream is not None else Paths()
    return list(detections(rows, head(params), Baseline(baseline, paths, hashes)))
