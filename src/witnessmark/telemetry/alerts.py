"""Reads an organisation's alerts, one JSON object a line, into what they say and nothing more.

An alert is attacker-shaped text like all telemetry. A line that cannot be read, or that names no
rule, is a bad line: around the time it came, silence says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from witnessmark.model.alerts import Alert, AlertRun, AlertStream
from witnessmark.model.events import BadLine
from witnessmark.telemetry import times
from witnessmark.telemetry.alert_shapes import Shape, found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from witnessmark.telemetry.alert_shapes import Places

MOST_COUNTED: Final = 1_000_000_000
_DIGITS: Final = re.compile(r"[0-9]{1,18}").fullmatch
_EPOCH: Final = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?").fullmatch


def decode(
    shape: Shape,
    lines: Iterable[bytes],
    *,
    host: str,
    source: str,
    received: Callable[[int], int | None],
) -> AlertStream:
    """Every alert once; copies (the same id of the source's own, else the same bytes) are counted.

    One that comes again under its id and names more than before is no copy but another alert:
    sources add to an alert what they find later.

    ``received`` maps the byte offset of a line's end to when it was received, in ns.
    """
    alerts: list[Alert] = []
    known: dict[tuple[object, ...], tuple[Alert, set[AlertRun]]] = {}
    copies: Counter[str] = Counter()
    bad: list[tuple[BadLine, int | None]] = []
    offset = 0
    for number, line in enumerate(lines, start=1):
        offset += len(line)
        if not line.strip():
            continue
        try:
            name = f"{host}/{source}.alerts/{number}"
            alert = _alert(shape, line.strip(), name, number, received(offset))
        except (ValueError, RecursionError) as problem:
            why = " ".join(str(problem).split())[:200]
            bad.append((BadLine(line=number, reason=why), received(offset)))
            continue
        first, named = known.setdefault(_known_by(alert), (alert, set()))
        if first is not alert and named.issuperset(alert.runs):
            copies[first.id] += 1
            continue
        named.update(alert.runs)
        alerts.append(alert)
    return AlertStream(alerts=tuple(alerts), bad=tuple(bad), repeated=tuple(copies.items()))


def _known_by(alert: Alert) -> tuple[object, ...]:
    """All but its processes that makes an alert what it is."""
    said = (alert.host, alert.rules, alert.count, alert.workflow)
    return (alert.key or alert.text, *said)


def _alert(shape: Shape, line: bytes, name: str, number: int, received_ns: int | None) -> Alert:
    text = line.decode()
    item = msgspec.json.decode(line)
    if not isinstance(item, dict):
        raise ValueError("no JSON object")
    rules = tuple(dict.fromkeys(_texts(item, shape.rule)))
    if not rules:
        raise ValueError(f"names no rule at {' or '.join(shape.rule)}")
    return Alert(
        id=name,
        line=number,
        text=text,
        rules=rules,
        host=next(iter(_texts(item, shape.host)), None),
        key=next(iter(_texts(item, shape.key)), None),
        runs=_runs(shape, item),
        count=_count(shape, item),
        workflow=next(iter(_texts(item, shape.workflow)), None),
        received_ns=received_ns,
    )


def _runs(shape: Shape, item: object) -> tuple[AlertRun, ...]:
    event_ns = _time(item, shape.event_time)
    actors = set(_numbers(item, shape.actor))
    runs = [
        (place, _run(shape, process, event_ns))
        for place in shape.processes
        for process in found(item, place)
        if isinstance(process, dict)
    ]
    # What names no process (a device or a user among the evidence) stands for none beside others.
    told = [run for _, run in runs if run != AlertRun(time_ns=run.time_ns)]
    kept = told or [run for place, run in runs[:1] if place]
    return tuple(run for run in kept if not shape.actor or run.pid in actors)


def _run(shape: Shape, process: object, event_ns: int | None) -> AlertRun:
    return AlertRun(
        pid=next(iter(_numbers(process, shape.pid)), None),
        path=_path(shape, process),
        script=next(iter(_texts(process, shape.script)), None),
        args=tuple(_texts(process, shape.args)),
        time_ns=_time(process, shape.time) or event_ns,
    )


def _path(shape: Shape, process: object) -> str | None:
    name = next(iter(_texts(process, shape.path)), None)
    folder = next(iter(_texts(process, shape.folder)), None)
    if name is None or folder is None or folder == name or folder.endswith(f"/{name}"):
        return folder or name
    return f"{folder.rstrip('/')}/{name}"


def _count(shape: Shape, item: object) -> int:
    said = next(iter(_numbers(item, shape.count)), 1)
    more = next(iter(_numbers(item, shape.more)), 0)
    return min(max(1, said) + max(0, more), MOST_COUNTED)


def _time(item: object, places: Places) -> int | None:
    """RFC 3339, or seconds since 1970; a time that is neither is none, and places nothing."""
    for value in _all(item, places):
        if isinstance(value, str):
            try:
                return (
                    round(float(value) * 1e6) * 1_000 if _EPOCH(value) else times.nanoseconds(value)
                )
            except ValueError:
                return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return round(value * 1_000_000) * 1_000 if 0 < value < 1e11 else None
    return None


def _texts(item: object, places: Places) -> list[str]:
    return [value for value in _all(item, places) if isinstance(value, str) and value]


def _numbers(item: object, places: Places) -> list[int]:
    """Whole numbers, as such or as digits: some SIEMs write all that they have as text."""
    values = _all(item, places)
    numbers = [int(v) if isinstance(v, str) and _DIGITS(v) else v for v in values]
    return [v for v in numbers if isinstance(v, int) and not isinstance(v, bool)]


def _all(item: object, places: Places) -> list[object]:
    return [value for place in places for value in found(item, place)]
