"""The sources of a host: the places where its evidence lies, as an inventory lists them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from witnessmark.inventory.alerting import alerting
from witnessmark.inventory.destinations import destination
from witnessmark.inventory.logs import unified_log
from witnessmark.inventory.searches import search
from witnessmark.inventory.values import (
    Wrong,
    absolute,
    duration,
    items,
    keyed,
    one_of,
    retention,
    text,
)
from witnessmark.model.hosts import ALERTS_ONLY, SOURCE_KINDS, Role, Source
from witnessmark.model.unifiedlog import LOG_KINDS

KINDS = SOURCE_KINDS
"""What a decoder can read; docs/sources.md says what each can tell."""
PLACES = ("path", "command", "search", "unified_log")
"""Where a source's records may be got from."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def sources(value: object) -> tuple[Source, ...]:
    """The places where a host's evidence lies. Raises an ExceptionGroup of all that is wrong."""
    found: list[Source] = []
    wrongs: list[Wrong] = []
    for place, item in enumerate(items(value)):
        if source := _source(item, place, wrongs):
            if source.name in [other.name for other in found]:
                wrongs.append(Wrong(f"is {source.name} once more; rename one", place, "name"))
            found.append(source)
    if wrongs:
        raise ExceptionGroup("sources", wrongs)
    return tuple(found)


def _source(item: object, place: int, wrongs: list[Wrong]) -> Source | None:
    if not isinstance(item, Mapping):
        wrongs.append(Wrong("must be a mapping with name, kind, role and a place", place))
        return None
    fields, found = keyed(item, _SOURCE, place)
    found += [Wrong(f"needs a {key}", place) for key in ("name", "kind", "role") if key not in item]
    if fields.get("kind") == ALERTS_ONLY:
        found += _of_alerts_only(item, place)
    elif sum(key in item for key in PLACES) != 1:
        found.append(
            Wrong(f"needs exactly one of {', '.join(PLACES[:-1])} and {PLACES[-1]}", place)
        )
    if "unified_log" in item and fields.get("kind") not in (None, *LOG_KINDS):
        found.append(Wrong(f"is for the kinds {' and '.join(LOG_KINDS)}", place, "unified_log"))
    wrongs += found
    return None if found else Source(**fields)


def _of_alerts_only(item: Mapping[object, object], place: int) -> list[Wrong]:
    """A source without records has no place, and nothing that is said of records."""
    wrongs = [] if "alerts" in item else [Wrong("of kind alerts needs alerts", place)]
    return wrongs + [
        Wrong("is of records, of which a source of kind alerts has none", place, key)
        for key in (*PLACES, "destination", "analytic")
        if key in item
    ]


def _kind(value: object, *path: str | int) -> str:
    return one_of((*KINDS, ALERTS_ONLY), value, *path)


def _role(value: object, *path: str | int) -> Role:
    return Role(one_of([role.value for role in Role], value, *path))


def _analytic(value: object, *path: str | int) -> str:
    return one_of(["embedded"], value, *path)


def _name(value: object, *path: str | int) -> str:
    if not _NAME.fullmatch(found := text(value, *path)):
        raise Wrong("must be a name of a-z, 0-9, - and _", *path)
    return found


def _command(value: object, *path: str | int) -> tuple[str, ...]:
    words = tuple(text(item, *path, place) for place, item in enumerate(items(value, *path)))
    if not words:
        raise Wrong("must be a list of words, the program first", *path)
    return words


def _flag(value: object, *path: str | int) -> bool:
    if not isinstance(value, bool):
        raise Wrong("must be true or false", *path)
    return value


_SOURCE: Mapping[str, tuple[str, Callable[..., object]]] = {
    "name": ("name", _name),
    "kind": ("kind", _kind),
    "role": ("role", _role),
    "analytic": ("analytic", _analytic),
    "path": ("path", absolute),
    "command": ("command", _command),
    "search": ("search", search),
    "unified_log": ("unified_log", unified_log),
    "retention": ("retention", retention),
    "host_name": ("host_name", text),
    "alert_deadline": ("alert_deadline_s", duration),
    "alerts": ("alerts", alerting),
    "destination": ("destination", destination),
    "version_command": ("version_command", _command),
    "policy_command": ("policy_command", _command),
    "rule_file": ("rule_file", absolute),
    "rule_secret": ("rule_secret", _flag),
}


def known_keys() -> tuple[str, ...]:
    """What an entry of ``witnessmark_sources`` may say."""
    return tuple(_SOURCE)
