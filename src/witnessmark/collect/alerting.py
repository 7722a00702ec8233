"""Collects an organisation's alerts while a run goes on, and until the last of them is overdue."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.collect.collector import Collector
from witnessmark.collect.delivery import LOOK_S, SLACK_S
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.alerts import alerts_of
from witnessmark.model.hosts import Destination

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from witnessmark.collect.collector import Collected
    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Source

SUFFIX = "alerts.ndjson"


class Alerts:
    """The alerts of one source, from a file that grows: here, or on the host itself."""

    def __init__(
        self,
        transport: Transport,
        source: Source,
        raw: Path,
        late_arrival_s: float,
        *,
        earlier: Collected | None = None,
        part: int = 0,
        kept: Callable[[Collected], None] = lambda _so_far: None,
    ) -> None:
        told = source.alerts
        assert told is not None
        self._deadline_s = deadline_s(source, late_arrival_s)
        here = told.host_path is None
        limit = Destination(kind=told.kind, deadline_s=self._deadline_s)
        self.collector = Collector(
            LocalTransport(replace(transport.host, path_prefix="")) if here else transport,
            replace(
                source,
                name=alerts_of(source.name),
                path=told.host_path or told.path,
                command=None,
                unified_log=None,
                search=told.search,
                destination=limit,  # how long a search looks back
            ),
            raw,
            earlier=earlier,
            part=part,
            kept=kept,
        )

    def wait(self, gone: Callable[[], bool]) -> bool:
        """Wait until no alert of anything that was played could still come in time; False if
        collecting failed or the run is called off.

        An alert that came says nothing of one that did not, so all of the deadline is waited for.
        """
        end = time.monotonic() + self._deadline_s + SLACK_S
        while time.monotonic() < end:
            if self.collector.result.problem is not None or gone():
                return False
            time.sleep(LOOK_S)
        return True


def deadline_s(source: Source, late_arrival_s: float) -> float:
    """How long after an execution an alert of a source may take."""
    told = source.alerts.deadline_s if source.alerts else None
    own = source.alert_deadline_s if told is None else told
    return late_arrival_s if own is None else own
