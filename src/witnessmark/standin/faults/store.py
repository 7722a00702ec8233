"""Faults of a host's own event store: what the sensor wrote does not stay as it was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from .known import Action, Fault, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ACTIONS: Mapping[str, Action] = {
    "truncate": Action(
        what="with the matching record the store loses all it holds (lose: all), or its older half",
        may={"lose": one_of("all", "beginning")},
    ),
    "rotate": Action(
        what="the store is renamed to `<name>.1` (one of that name to `.2`, and so on); the "
        "matching record is the first of a new file"
    ),
    "corrupt": Action(what="bytes in the middle of the matching line are broken: it is no JSON"),
    "unknown-shape": Action(
        what="the matching line becomes valid JSON of a shape that no decoder knows"
    ),
}


class Breakable(Protocol):
    """An event store that can be made to lose what it holds."""

    def lose(self, *, all_of_it: bool) -> None:
        """Forget everything, or the older half of the lines."""

    def rotate(self) -> None:
        """Begin a new file beside the old one."""


class StoreFaults:
    """The store's faults of one recording, asked for every line that is about to be written."""

    def __init__(
        self,
        items: Sequence[Fault],
        store: Breakable,
        note: Callable[[Fault, str, Iterable[str]], None] = lambda _fault, _event, _names: None,
    ) -> None:
        self._note = note
        self._faults = [fault for fault in items if fault.layer == "store"]
        self._store = store

    def line(self, event: str, names: Iterable[str], line: bytes) -> bytes:
        """What to write instead of a line; usually just that line."""
        for fault in self._faults:
            if fault.takes(event, names):
                self._note(fault, event, names)
                line = _ON_LINE[fault.action](fault, line, self._store)
        return line


def _truncate(fault: Fault, line: bytes, store: Breakable) -> bytes:
    everything = fault.settings.get("lose", "all") == "all"
    store.lose(all_of_it=everything)
    return b"" if everything else line


def _rotate(_fault: Fault, line: bytes, store: Breakable) -> bytes:
    store.rotate()
    return line


def _corrupt(_fault: Fault, line: bytes, _store: Breakable) -> bytes:
    middle = len(line) // 2
    return line[:middle] + b"\xff\x00\xfe" + line[middle + 3 :]


def _unknown_shape(_fault: Fault, line: bytes, _store: Breakable) -> bytes:
    return json.dumps({"v": 3, "kind": "record", "size": len(line)}).encode() + b"\n"


_ON_LINE: Mapping[str, Callable[[Fault, bytes, Breakable], bytes]] = {
    "truncate": _truncate,
    "rotate": _rotate,
    "corrupt": _corrupt,
    "unknown-shape": _unknown_shape,
}
