"""Collects what the organisation's pipeline delivered: a file here, or what a log server has."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.collect.collector import Collected, Collector
from witnessmark.collect.folders import FolderFeed
from witnessmark.hosts.local import LocalTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from witnessmark.model.hosts import Host, Source

SUFFIX = "delivered.ndjson"
LOOK_S = 0.1
SLACK_S = 3.0
"""How much longer than its deadline a record is awaited, so that clocks that differ by less than a
judge tolerates cannot make a record look lost."""


class Arrivals:
    """The destination of one source: collected like a source, but here instead of on the host."""

    def __init__(
        self,
        host: Host,
        source: Source,
        store: Path,
        raw: Path,
        *,
        earlier: Collected | None = None,
        part: int = 0,
        kept: Callable[[Collected], None] = lambda _so_far: None,
    ) -> None:
        assert source.destination is not None
        self._deadline_s = source.destination.deadline_s
        self._store, self._raw = store, raw
        self.collector = Collector(
            LocalTransport(replace(host, path_prefix="")),
            replace(
                source,
                name=f"{source.name}, as delivered",
                path=source.destination.path or None,
                command=None,
                unified_log=None,
                search=source.destination.search,
            ),
            raw,
            earlier=earlier,
            part=part,
            kept=kept,
            place=FolderFeed(host.name, Path(source.destination.path))
            if source.destination.kind == "folder"
            else None,
        )

    def wait(self, gone: Callable[[], bool]) -> bool:
        """Wait until every line that the store holds now has arrived; False once the last of them
        is overdue, if collecting failed, or if the run is called off."""
        end = time.monotonic() + self._deadline_s + SLACK_S
        missing, offset = set(_lines(self._store.read_bytes())), 0
        while missing and self.collector.result.problem is None:
            data = _from(self._raw, offset)
            whole = data[: data.rfind(b"\n") + 1]
            offset += len(whole)
            missing.difference_update(_lines(whole))
            if missing and (gone() or time.monotonic() > end):
                return False
            if missing and not whole:
                time.sleep(LOOK_S)
        return not missing


def _lines(data: bytes) -> list[bytes]:
    return data.split(b"\n")[:-1]


def _from(path: Path, offset: int) -> bytes:
    with path.open("rb") as handle:
        handle.seek(offset)
        return handle.read()
