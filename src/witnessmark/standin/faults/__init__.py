"""Faults that a stand-in injects into itself on purpose, so that the judge can be tested.

A faults file is a JSON list of objects such as
``{"layer": "sensor", "action": "drop", "event": "exec", "path": "*/inst.sh", "count": 1}``.
``layer`` and ``action`` name a line of `LAYERS`. What an action touches is said in one way for all:
``event`` is a name or a list of names, ``path`` a glob (fnmatch) over the paths as the host sees
them (the executable and the script of an exec, the files of a file event), ``every: 20`` means each
20th that matches, ``count`` how many at most. All optional; everything repeats exactly, because
nothing is drawn by lot. Arguments do not count, so that dropping a payload's exec leaves the exec
of the ``chmod`` before it. Further settings belong to the action.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from witnessmark.errors import ContentError

from . import alerts, oslog, outside, sensor, shipper, store
from .known import EVENT_TYPES, WHOLE, Action, Fault, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["EVENT_TYPES", "LAYERS", "Fault", "load", "problems"]

LAYERS: Mapping[str, Mapping[str, Action]] = {
    "sensor": sensor.ACTIONS,
    "store": store.ACTIONS,
    "log": oslog.ACTIONS,
    "shipper": shipper.ACTIONS,
    "alerts": alerts.ACTIONS,
    "transport": outside.TRANSPORT,
    "host": outside.HOST,
}
"""Layer -> its actions, by name."""
_SELECTION = ("event", "path", "every", "count")


def load(path: Path) -> tuple[Fault, ...]:
    """Read a faults file. Raises ContentError naming the file and every wrong item."""
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContentError([f"{path}: cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise ContentError([f"{path}: is not JSON: {error}"]) from error
    if not isinstance(items, list):
        raise ContentError([f"{path}: must be a list of faults"])
    if found := [f"{path}: {problem}" for problem in problems(items)]:
        raise ContentError(found)
    return tuple(_fault(item) for item in items)


def problems(items: Sequence[object]) -> list[str]:
    """All that is wrong with some faults, each a sentence that begins with the item's number."""
    return [
        f"item {number}: {problem}"
        for number, item in enumerate(items)
        for problem in _problems(item)
    ]


def _fault(item: dict[str, Any]) -> Fault:
    events = item.get("event")
    if isinstance(events, str):
        events = [events]
    action = LAYERS[item["layer"]][item["action"]]
    return Fault(
        layer=item["layer"],
        action=item["action"],
        events=None if events is None else frozenset(events),
        path=item.get("path"),
        every=item.get("every", 1),
        left=item.get("count"),
        settings={key: item[key] for key in (*action.needs, *action.may) if key in item},
    )


def _problems(item: object) -> Iterator[str]:
    if not isinstance(item, dict):
        yield "must be an object"
        return
    layer, name = item.get("layer"), item.get("action")
    if not isinstance(layer, str) or layer not in LAYERS:
        yield f"unknown layer {layer!r}; known: {', '.join(LAYERS)}"
        return
    actions = LAYERS[layer]
    if not isinstance(name, str) or name not in actions:
        yield f"unknown action {name!r} of layer {layer}; known: {', '.join(actions)}"
        return
    action = actions[name]
    known = {"layer", "action", *action.needs, *action.may}
    known |= set(_SELECTION if action.selects else ())
    for key in sorted(map(str, item.keys() - known)):
        yield f"unknown key {key!r}; known for {layer} {name}: {', '.join(sorted(known))}"
    yield from (f"{name} needs {key}" for key in action.needs if key not in item)
    for key, rule in (*action.needs.items(), *action.may.items()):
        yield from _unruly(item, key, rule)
    yield from _selection_problems(item)


def _selection_problems(item: dict[str, Any]) -> Iterator[str]:
    events = item.get("event", [])
    if not isinstance(events, str | list):
        yield "event must be a name or a list of names"
    else:
        for event in [events] if isinstance(events, str) else events:
            if event not in tuple(EVENT_TYPES):
                yield f"unknown event {event!r}; known: {', '.join(EVENT_TYPES)}"
    if not isinstance(item.get("path", ""), str):
        yield "path must be a glob"
    for key in ("every", "count"):
        yield from _unruly(item, key, WHOLE)


def _unruly(item: dict[str, Any], key: str, rule: Rule) -> Iterator[str]:
    if key in item and not rule.holds(item[key]):
        yield f"{key} must be {rule.words}"
