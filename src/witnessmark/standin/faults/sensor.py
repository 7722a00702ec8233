"""The sensor's own faults: what it never sees, or writes differently from how it happened.

A new action is one line in `ACTIONS` and, if it works on lines, one function in `_ON_LINES`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from .known import OFFSET, WHOLE, WORDS, Action, Fault, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Lines = list[bytes]
KINDS = ("eslogger", "santa", "osquery")
"""The sensors that a host may have."""
_SOURCE = {"source": one_of(*KINDS)}
"""The one sensor that is broken; without it, each of the host's."""

ACTIONS: Mapping[str, Action] = {
    "drop": Action(
        what="the event vanishes before it is numbered, as a muted path does: no gap", may=_SOURCE
    ),
    "stop": Action(
        what="the sensor dies at this event: neither it nor any later one is written", may=_SOURCE
    ),
    "lose": Action(
        what="the event is lost after it was numbered: a gap shows in the numbers (in Santa's log, "
        "which has none, a line that says so)",
        may=_SOURCE,
    ),
    "strip": Action(
        what="these fields are missing, wherever in the record they stand", needs={"fields": WORDS}
    ),
    "duplicate": Action(what="the record is written twice", may=_SOURCE),
    "delay": Action(
        what="the record is written only after the next one, or after the next `records`",
        may={"records": WHOLE, **_SOURCE},
    ),
    "clock": Action(
        what="the sensor's clock is off: all times in the record are shifted",
        needs={"seconds": OFFSET},
    ),
    "corrupt": Action(what="only the first half of the record's line is written", may=_SOURCE),
    "reshape": Action(
        what="the record has a shape that nobody knows: all of it lies one level deeper, or, with "
        "`schema`, it only says another schema_version",
        may={"schema": WHOLE},
    ),
    "no-rights": Action(
        what="the source is the command eslogger, which has no Full Disk Access: it says so and "
        "ends",
        selects=False,
    ),
}

NO_RIGHTS = (
    "Failed to create ES client: Not permitted to create an ES Client, responsible process needs "
    "TCC Full Disk Access authorization (ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED)"
)
"""What eslogger of macOS 26.3 says without Full Disk Access (as two public projects quote it)."""

_TIMES = re.compile(
    rb'("(?:time|start_time|st_[a-z]+timespec)":")(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)((?:\.\d+)?Z")'
)
"""In the text of a record a quote is always escaped, so no argument can look like this."""


def _nothing(_line: bytes) -> bytes:
    return b""


class SensorFaults:
    """One sensor's faults of one recording, asked for every event.

    ``kind`` is the sensor's; ``instead``: what its log says where a record was lost.
    """

    def __init__(
        self,
        items: Sequence[Fault] = (),
        note: Callable[[Fault, str, Iterable[str]], None] = lambda _fault, _event, _names: None,
        *,
        kind: str = KINDS[0],
        instead: Callable[[bytes], bytes] = _nothing,
    ) -> None:
        # Each sensor counts for itself what a fault may still touch.
        ours = [replace(fault) for fault in items if _breaks(fault, kind)]
        self._before = [fault for fault in ours if fault.action in ("drop", "stop")]
        self._after = [fault for fault in ours if fault.action in (*_ON_LINES, "delay", "lose")]
        self._note, self._instead = note, instead
        self._dead = False
        self._delayed: list[tuple[int, Lines]] = []

    def admits(self, event: str, names: Iterable[str]) -> bool:
        """False if the event is to vanish before it is numbered."""
        if self._dead:
            return False
        for fault in self._before:
            if fault.takes(event, names):
                self._note(fault, event, names)
                self._dead = fault.action == "stop"
                return False
        return True

    def lines(self, event: str, names: Iterable[str], line: bytes) -> Lines:
        """What to write instead of a numbered event's line; usually just that line."""
        lines, hold = [line], 0
        for fault in self._after:
            if not fault.takes(event, names):
                continue
            self._note(fault, event, names)
            if fault.action == "delay":
                hold = fault.number("records", 1)
            elif fault.action == "lose":
                lines = [said for line in lines if (said := self._instead(line))]
            else:
                lines = _ON_LINES[fault.action](fault, lines)
        due = [held for left, held in self._delayed if left == 1]
        self._delayed = [(left - 1, held) for left, held in self._delayed if left > 1]
        if hold:
            self._delayed.append((hold, lines))
            lines = []
        return [*lines, *(each for held in due for each in held)]


def _breaks(fault: Fault, kind: str) -> bool:
    """Whether a fault is of this sensor. What reads or changes a record knows eslogger's only."""
    if fault.layer != "sensor" or fault.settings.get("source", kind) != kind:
        return False
    return kind == KINDS[0] or "source" in ACTIONS[fault.action].may


def _each(change: Callable[[Fault, bytes], bytes]) -> Callable[[Fault, Lines], Lines]:
    return lambda fault, lines: [change(fault, line) for line in lines]


def _written(record: object) -> bytes:
    """As the recorder writes it: eslogger escapes slashes."""
    return msgspec.json.encode(record).replace(b"/", b"\\/") + b"\n"


def _strip(fault: Fault, line: bytes) -> bytes:
    return _written(_without(msgspec.json.decode(line), fault.words("fields")))


def _without(item: Any, names: frozenset[str]) -> Any:
    if isinstance(item, dict):
        return {key: _without(value, names) for key, value in item.items() if key not in names}
    return [_without(value, names) for value in item] if isinstance(item, list) else item


def _shift(fault: Fault, line: bytes) -> bytes:
    by = dt.timedelta(seconds=fault.seconds() or 0)

    def shifted(found: re.Match[bytes]) -> bytes:
        moment = dt.datetime.fromisoformat(found[2].decode()) + by
        return found[1] + moment.isoformat(timespec="seconds").encode() + found[3]

    return _TIMES.sub(shifted, line)


def _reshape(fault: Fault, line: bytes) -> bytes:
    record = msgspec.json.decode(line)
    schema = fault.number("schema", 0)
    if schema:
        return _written({**record, "schema_version": schema})
    return _written({"schema_version": record["schema_version"], "message": record})


_ON_LINES: Mapping[str, Callable[[Fault, Lines], Lines]] = {
    "strip": _each(_strip),
    "duplicate": lambda _fault, lines: lines * 2,
    "clock": _each(_shift),
    "corrupt": _each(lambda _fault, line: line[: len(line) // 2] + b"\n"),
    "reshape": _each(_reshape),
}
"""Actions that change the lines of an event that was numbered already."""
