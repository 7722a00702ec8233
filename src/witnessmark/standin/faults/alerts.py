"""Faults of an organisation's alerts: none, late, twice, many in one, or by a weaker rule."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from .known import WHOLE, WORDS, Action, Fault, one_of
from .shipper import ACTIONS as SHIPPED
from .shipper import ON_LINES, Lines, ShipperFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ACTIONS: Mapping[str, Action] = {
    "drop": Action(what="the alert is never raised"),
    "delay": Action(what="the alert is raised so many seconds late", needs=SHIPPED["delay"].needs),
    "duplicate": Action(what="the alert is written so many times more", may={"times": WHOLE}),
    "stall": Action(
        what="from this alert on none is raised, for so many seconds or for good",
        may=SHIPPED["stall"].may,
    ),
    "merge": Action(
        what="so many alerts (by: 3) become one, after 2 s at most, which names all of their "
        "processes or only the first",
        may={"by": WHOLE, "names": one_of("all", "first")},
    ),
    "weaken": Action(
        what="the rules lack clauses: A or B (a whole rule), A6 (descendants), B2 (moves), B3 (an "
        "interpreter's operand), B5 (the window)",
        needs={"lacks": WORDS},
        selects=False,
    ),
}
MERGE_S = 2.0


def described(line: bytes) -> tuple[str, tuple[str, ...]]:
    """An alert as faults select it: always of an ``exec``, by its process's paths."""
    process = json.loads(line)["process"]
    return "exec", tuple(str(process[key]) for key in ("path", "script") if key in process)


class AlertFaults(ShipperFaults):
    """What the faults of the layer ``alerts`` make of alerts, in order."""

    def __init__(self, items: Sequence[Fault], clock: Callable[[], float] = time.monotonic) -> None:
        chosen = [item for item in items if item.layer == "alerts" and item.action != "weaken"]
        super().__init__(
            chosen, clock, layer="alerts", describe=described, on_lines={**ON_LINES, "merge": merge}
        )
        self._merging: Lines = []
        self._names = "all"
        self._merged_at = 0.0

    def merge(self, lines: Lines, by: int, names: str) -> Lines:
        """Hold alerts until there are so many, then give one for all."""
        if not self._merging:
            self._merged_at, self._names = self._clock() + MERGE_S, names
        self._merging += lines
        return self._one() if len(self._merging) >= by else []

    def due(self) -> Lines:
        """Alerts that were held and whose time has come."""
        ready = self._one() if self._merging and self._clock() >= self._merged_at else []
        return [*super().due(), *ready]

    def wait_s(self) -> float | None:
        """Seconds until `due` has something; None if nothing is held for a time."""
        times = [super().wait_s()]
        times += [max(0.0, self._merged_at - self._clock())] if self._merging else []
        known = [item for item in times if item is not None]
        return min(known) if known else None

    def rest(self) -> Lines:
        """What is raised when the host ends."""
        return [*self._one(), *super().rest()]

    def _one(self) -> Lines:
        held, self._merging = [json.loads(line) for line in self._merging], []
        if not held:
            return []
        first = {**held[0], "count": len(held)}
        if self._names == "all":
            del first["process"]
            first["processes"] = [item["process"] for item in held]
        return [json.dumps(first).encode() + b"\n"]


def merge(faults: ShipperFaults, fault: Fault, lines: Lines) -> Lines:
    """The action ``merge``."""
    assert isinstance(faults, AlertFaults)
    return faults.merge(lines, fault.number("by", 3), str(fault.settings.get("names", "all")))
