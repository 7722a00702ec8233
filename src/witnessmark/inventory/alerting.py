"""Where a source's alerts are and which rules stand for the analytic, as an inventory says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.inventory.destinations import below_root, pattern
from witnessmark.inventory.searches import of_host, search
from witnessmark.inventory.values import Wrong, absolute, duration, items, keyed, one_of, text
from witnessmark.model.alerts import Alerting

if TYPE_CHECKING:
    from witnessmark.model.hosts import Host

KINDS = ("ndjson", "elastic", "jamf", "defender", "crowdstrike", "splunk-notable")
"""Shapes of alerts; telemetry/alert_shapes.py knows where each says what."""
NAMES = (
    "rule",
    "host",
    "key",
    "processes",
    "actor",
    "event_time",
    "count",
    "more",
    "workflow",
    "pid",
    "path",
    "folder",
    "script",
    "args",
    "time",
)
"""What ``fields`` may place elsewhere."""
BRANCHES = ("A", "B", "AB")


def alerting(value: object, *path: str | int) -> Alerting:
    """The ``alerts`` of one source; raises all that is wrong as a group."""
    if not isinstance(value, Mapping):
        raise Wrong("must be a mapping with kind, rules and path, host_path or search", *path)
    found, wrongs = keyed(value, _KEYS, *path)
    wrongs += [Wrong(f"needs {key}", *path) for key in ("kind", "rules") if key not in value]
    if sum(key in value for key in ("path", "host_path", "search")) != 1:
        wrongs.append(Wrong("needs exactly one of path, host_path and search", *path))
    if wrongs:
        raise ExceptionGroup("alerts", wrongs)
    return Alerting(**found)


def resolved(host: Host) -> Host:
    """The host with the place of its alerts, and its own name in them, as they are for it."""
    sources = list(host.sources)
    wrongs: list[Wrong] = []
    for place, source in enumerate(host.sources):
        told = source.alerts
        if told is None:
            continue
        name = (told.host_name or "{host}").replace("{host}", host.name)
        try:
            path = told.path and below_root(told.path, host, place, "alerts", "path")
        except Wrong as wrong:
            wrongs.append(wrong)
        else:
            asked = told.search and of_host(told.search, host.name)
            here = replace(told, path=path, host_name=name, search=asked)
            sources[place] = replace(source, alerts=here)
    if wrongs:
        raise ExceptionGroup("alerts", wrongs)
    return replace(host, sources=tuple(sources))


def owned(hosts: Sequence[Host]) -> list[Host]:
    """The hosts, each told whether its alerts lie apart from those of every other host."""
    count = Counter(
        source.alerts.path
        for host in hosts
        for source in host.sources
        if source.alerts is not None and source.alerts.path is not None
    )
    return [
        replace(
            host,
            sources=tuple(
                replace(
                    source,
                    alerts=replace(
                        source.alerts,
                        own=source.alerts.path is None or count[source.alerts.path] == 1,
                    ),
                )
                if source.alerts is not None
                else source
                for source in host.sources
            ),
        )
        for host in hosts
    ]


def _kind(value: object, *path: str | int) -> str:
    return one_of(KINDS, value, *path)


def _rules(value: object, *path: str | int) -> tuple[tuple[str, str], ...]:
    """A list of rule ids, or per branch a list; a rule may stand for both branches."""
    if not isinstance(value, Mapping):
        return tuple((name, "AB") for name in _names(value, *path))
    found: dict[str, str] = {}
    for branch, names in value.items():
        if branch not in BRANCHES:
            raise Wrong(f"is no branch; known are {', '.join(BRANCHES)}", *path, str(branch))
        for name in _names(names, *path, branch):
            found[name] = "".join(sorted({*found.get(name, ""), *branch}))
    if not found:
        raise Wrong("must name a rule", *path)
    return tuple(found.items())


def _names(value: object, *path: str | int) -> list[str]:
    found = [text(item, *path, place) for place, item in enumerate(items(value, *path))]
    if not found:
        raise Wrong("must name a rule", *path)
    return list(dict.fromkeys(found))


def _deadline(value: object, *path: str | int) -> float:
    if not (found := duration(value, *path)):
        raise Wrong("must be longer than nothing: no alert comes at once", *path)
    return found


def _throttle(value: object, *path: str | int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Wrong("must be a whole number of alerts per host and minute, 1 or more", *path)
    return value


def _fields(value: object, *path: str | int) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise Wrong("must be a mapping of names to dotted paths", *path)
    for name in value:
        if name not in NAMES:
            raise Wrong(f"is unknown; known are {', '.join(NAMES)}", *path, str(name))
    return tuple((str(name), text(item, *path, str(name))) for name, item in value.items())


def _host_name(value: object, *path: str | int) -> str:
    return pattern(value, *path)


_KEYS: Mapping[str, tuple[str, Callable[..., object]]] = {
    "kind": ("kind", _kind),
    "rules": ("rules", _rules),
    "path": ("path", pattern),
    "host_path": ("host_path", absolute),
    "search": ("search", search),
    "host_name": ("host_name", _host_name),
    "deadline": ("deadline_s", _deadline),
    "throttle": ("throttle", _throttle),
    "fields": ("fields", _fields),
}
