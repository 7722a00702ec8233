"""The sensor's own faults: what it never sees, or writes differently from how it happened.

A new action is one line in `ACTIONS` and, if it works on lines, one function in `_ON_LINES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .known import Action, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Lines = list[bytes]

ACTIONS: Mapping[str, Action] = {
    "drop": Action(what="the event vanishes before it is numbered, as a muted path does: no gap"),
}
_ON_LINES: Mapping[str, Callable[[Fault, Lines], Lines]] = {}
"""Actions that change the lines of an event that was numbered already."""


class SensorFaults:
    """The sensor's faults of one recording, asked for every event."""

    def __init__(self, items: Sequence[Fault] = ()) -> None:
        ours = [fault for fault in items if fault.layer == "sensor"]
        self._before = [fault for fault in ours if fault.action not in _ON_LINES]
        self._after = [fault for fault in ours if fault.action in _ON_LINES]

    def admits(self, event: str, names: Iterable[str]) -> bool:
        """False if the event is to vanish before it is numbered."""
        return not self._before or not any(fault.takes(event, names) for fault in self._before)

    def lines(self, event: str, names: Iterable[str], line: bytes) -> Lines:
        """What to write instead of a numbered event's line; usually just that line."""
        lines = [line]
        for fault in self._after:
            if fault.takes(event, names):
                lines = _ON_LINES[fault.action](fault, lines)
        return lines
