"""Faults that the stand-in injects into its own telemetry, so that the judge can be tested.

A faults file is a JSON list. Only the sensor layer is known here:
``{"layer": "sensor", "action": "drop", "event": "exec", "path": "*/inst.sh", "count": 1}``
drops the matching events before they are numbered, as a muted path does: no gap shows.
``event`` is a name or a list of names, ``path`` a glob (fnmatch) over the paths as the host sees
them: the executable and the script of an exec, the files of a file event. Both optional. Arguments
do not count, so that dropping a payload's exec leaves the exec of the ``chmod`` before it.

A new action is one function and one line in `ACTIONS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from witnessmark.errors import ContentError

if TYPE_CHECKING:
    from pathlib import Path

EVENT_TYPES = {
    "exec": 9,
    "open": 10,
    "fork": 11,
    "close": 12,
    "create": 13,
    "exit": 15,
    "link": 19,
    "rename": 25,
    "setextattr": 27,
    "setmode": 29,
    "unlink": 32,
    "deleteextattr": 70,
}
"""Event name -> Endpoint Security's number (es_event_type_t)."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One item of a faults file, with how many more events it may still touch."""

    action: str
    events: frozenset[str] | None = None
    path: str | None = None
    left: int | None = None

    def takes(self, event: str, names: Iterable[str]) -> bool:
        """Whether this event is one of those meant; counts it if so."""
        if self.left == 0 or (self.events is not None and event not in self.events):
            return False
        if self.path is not None and not any(fnmatchcase(name, self.path) for name in names):
            return False
        if self.left is not None:
            self.left -= 1
        return True


Lines = list[bytes]
Action = Callable[[Fault, Lines], Lines]


def drop(_fault: Fault, _lines: Lines) -> Lines:
    """The event never happened, as far as the sensor is concerned."""
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """How an action works: on the lines that an event became, before or after its numbering."""

    act: Action
    numbered: bool


ACTIONS = {"drop": Known(act=drop, numbered=False)}
_KEYS = {"layer", "action", "event", "path", "count"}


class Faults:
    """The faults of one recording, asked for every event."""

    def __init__(self, items: Sequence[Fault] = ()) -> None:
        self._before = [fault for fault in items if not ACTIONS[fault.action].numbered]
        self._after = [fault for fault in items if ACTIONS[fault.action].numbered]

    def admits(self, event: str, names: Iterable[str]) -> bool:
        """False if the event is to vanish before it is numbered."""
        return not self._before or not any(fault.takes(event, names) for fault in self._before)

    def lines(self, event: str, names: Iterable[str], line: bytes) -> Lines:
        """What to write instead of a numbered event's line; usually just that line."""
        lines = [line]
        for fault in self._after:
            if fault.takes(event, names):
                lines = ACTIONS[fault.action].act(fault, lines)
        return lines


def load(path: Path) -> Faults:
    """Read a faults file. Raises ContentError naming the file and every wrong item."""
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContentError([f"{path}: cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise ContentError([f"{path}: is not JSON: {error}"]) from error
    if not isinstance(items, list):
        raise ContentError([f"{path}: must be a list of faults"])
    problems: list[str] = []
    faults = []
    for number, item in enumerate(items):
        found = list(_problems(item))
        problems += (f"{path}: item {number}: {problem}" for problem in found)
        if not found:
            faults.append(_fault(item))
    if problems:
        raise ContentError(problems)
    return Faults(faults)


def _fault(item: dict[str, Any]) -> Fault:
    events = item.get("event")
    if isinstance(events, str):
        events = [events]
    return Fault(
        action=item["action"],
        events=None if events is None else frozenset(events),
        path=item.get("path"),
        left=item.get("count"),
    )


def _problems(item: object) -> Iterable[str]:
    if not isinstance(item, dict):
        yield "must be an object"
        return
    yield from (f"unknown key {key!r}" for key in sorted(item.keys() - _KEYS))
    if item.get("layer") != "sensor":
        yield f"unknown layer {item.get('layer')!r}; the recorder knows only 'sensor'"
    if item.get("action") not in tuple(ACTIONS):  # a list is no key
        yield f"unknown action {item.get('action')!r}; known: {', '.join(ACTIONS)}"
    yield from _selection_problems(item)


def _selection_problems(item: dict[str, Any]) -> Iterable[str]:
    events = item.get("event", [])
    if not isinstance(events, str | list):
        yield "event must be a name or a list of names"
    else:
        for event in [events] if isinstance(events, str) else events:
            if event not in tuple(EVENT_TYPES):
                yield f"unknown event {event!r}; known: {', '.join(EVENT_TYPES)}"
    if not isinstance(item.get("path", ""), str):
        yield "path must be a glob"
    count = item.get("count", 1)
    if type(count) is not int or count < 1:
        yield "count must be a whole number, 1 or more"
