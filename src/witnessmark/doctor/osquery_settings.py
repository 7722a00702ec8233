"""Whether osquery is told to record what the cases do (osquery.conf and osquery.flags)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from witnessmark.doctor.santa_settings import FOLDERS, Setting
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FLAGS: Final = "osquery-flags"
EXAMPLE: Final = "inventory/playbooks/lab/osquery.conf"
TABLES: Final = ("es_process_events", "es_process_file_events")
OFF: Final = {
    "disable_events": "false",
    "disable_endpointsecurity": "true",
    "disable_endpointsecurity_fim": "true",
}
"""Flags that must be false, with what osquery takes where nobody says (endpointsecurity.cpp)."""
_FLAG: Final = re.compile(r"--(no)?([a-z_]+)(?:=(\S*))?")
_MOST_WILD: Final = 8


def osquery(texts: Mapping[str, str], home: str) -> Setting:
    """What configuration and flags say of processes and files below Downloads and Caches.

    Args:
        texts: the files that could be read: ``osquery``, ``osquery-lab`` and ``osquery-flags``;
            the last is empty where there is none.
        home: the user's home.
    """
    if FLAGS not in texts:
        return _unknown("osquery.flags cannot be read")
    found = [_json(text) for name, text in sorted(texts.items()) if name != FLAGS]
    if not found:
        return _unknown("osquery's configuration cannot be read (it may come from a server)")
    if any(item is None for item in found):
        return _unknown("osquery's configuration is no JSON that can be read")
    configs = [item for item in found if item is not None]
    problem = _flags(texts[FLAGS], configs) or _schedule(configs) or _paths(configs, home)
    if problem is not None:
        mend = f"add what {EXAMPLE} and osquery.flags beside it have, and restart osqueryd"
        return Setting(status=Status.FAIL, message=problem, mend=mend)
    message = "osquery is told to record processes, and files in ~/Downloads and ~/Library/Caches"
    return Setting(status=Status.PASS, message=message)


def _flags(text: str, configs: Sequence[Mapping[str, Any]]) -> str | None:
    said = dict(OFF)
    for config in configs:
        options = config.get("options")
        if isinstance(options, dict):
            said |= {key: str(value).lower() for key, value in options.items() if key in OFF}
    for line in text.splitlines():
        found = _FLAG.fullmatch(line.strip())
        if found is not None and found[2] in OFF:
            value = "true" if found[3] is None else found[3].lower()
            said[found[2]] = "false" if found[1] and value == "true" else value
    wrong = [name for name in OFF if said[name] not in ("false", "0")]
    return f"{' and '.join(wrong)} must be false" if wrong else None


def _schedule(configs: Iterable[Mapping[str, Any]]) -> str | None:
    queries = []
    for config in configs:
        for item in _dict(config.get("schedule")).values():
            queries.append(str(_dict(item).get("query", "")))
    for table in TABLES:
        if not any(re.search(rf"\b{table}\b", query) for query in queries):
            return f"no scheduled query asks {table}"
    return None


def _paths(configs: Iterable[Mapping[str, Any]], home: str) -> str | None:
    watched, left_out = [], []
    for config in configs:
        watched += _patterns(config.get("file_paths"))
        left_out += _patterns(config.get("exclude_paths"))
    for folder in FOLDERS:
        path = f"{home}/{folder}/payload"
        if not any(_covers(item, path) for item in watched):
            return f"file_paths does not reach files in ~/{folder}"
        if any(_covers(item, path) for item in left_out):
            return f"exclude_paths leaves out files in ~/{folder}"
    return None


def _patterns(categories: object) -> list[str]:
    return [
        pattern
        for items in _dict(categories).values()
        if isinstance(items, list)
        for pattern in items
        if isinstance(pattern, str)
    ]


def _covers(pattern: str, path: str) -> bool:
    """osquery's wildcards: ``%`` is one name, ``%%`` at the end all that is below."""
    if pattern.count("%") > _MOST_WILD or len(pattern) > 1_024:
        return False
    parts = re.split(r"(%%|%)", pattern)
    words = {"%%": ".*", "%": "[^/]*"}
    return (
        re.fullmatch("".join(words.get(part) or re.escape(part) for part in parts), path)
        is not None
    )


def _json(text: str) -> dict[str, Any] | None:
    """A configuration; osquery takes lines that begin with # or // for comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(("#", "//"))]
    try:
        found = json.loads("\n".join(lines))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _unknown(message: str) -> Setting:
    return Setting(status=Status.ERROR, message=message)
