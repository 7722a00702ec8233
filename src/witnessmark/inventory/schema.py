"""JSON Schema of one source of an inventory, for editors: made of the readers' own tables.

Draft 2020-12. The loader checks more than a schema can say, such as whether a search belongs to one
host only; `witnessmark lint -i` does all of it.
"""

from __future__ import annotations

from typing import Any

from witnessmark.content.durations import PATTERN
from witnessmark.content.schemas import DIALECT
from witnessmark.inventory import destinations, logs, searches
from witnessmark.inventory.sources import KINDS, PLACES, known_keys
from witnessmark.model.hosts import ALERTS_ONLY, Role

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_DURATION = {"type": "string", "pattern": PATTERN}
_ARGV = {"type": "array", "items": _TEXT, "minItems": 1}
_ABSOLUTE = {"type": "string", "pattern": "^/"}


def source() -> dict[str, Any]:
    """The schema of one entry of ``witnessmark_sources``."""
    own = {
        "kind": {"enum": [*KINDS, ALERTS_ONLY]},
        "role": {"enum": [role.value for role in Role]},
        "analytic": {"enum": ["embedded"]},
        "path": _ABSOLUTE,
        "rule_file": _ABSOLUTE,
        "command": _ARGV,
        "version_command": _ARGV,
        "policy_command": _ARGV,
        "alert_deadline": _DURATION,
        "rule_secret": {"type": "boolean"},
        "search": _search(),
        "unified_log": _log(),
        "alerts": {"type": "object", "required": ["kind", "rules"]},
        "destination": {"oneOf": [_files(), _search(deadline=_DURATION)]},
    }
    made = _object({key: own.get(key, _TEXT) for key in known_keys()}, ("name", "kind", "role"))
    only = {"properties": {"kind": {"const": ALERTS_ONLY}}, "required": ["alerts"]}
    made["oneOf"] = [
        *({"required": [key], "properties": {"kind": {"enum": list(KINDS)}}} for key in PLACES),
        only,
    ]
    about = "One entry of witnessmark_sources: where a host's evidence lies."
    return {"$schema": DIALECT, **made, "title": "witnessmark source", "description": about}


def _files() -> dict[str, Any]:
    kinds = {"enum": list(destinations.FILES)}
    keys = {"kind": kinds, "path": _TEXT, "deadline": _DURATION}
    return _object(keys, ("kind", "path"))


def _search(**more: Any) -> dict[str, Any]:
    own = {
        "kind": {"enum": list(searches.KINDS)},
        "url": {"type": "string", "pattern": "^https?://[^@]+$"},
        "credentials": _credentials(),
        "poll": _DURATION,
        "timeout": _DURATION,
        "most_records": {"type": "integer", "minimum": 1},
        "most_bytes": {"type": "integer", "minimum": 1 << 16},
    }
    keys = {key: own.get(key, _TEXT) for key in searches.READERS}
    return _object({**keys, **more}, ("kind", "url", "index"))


def _log() -> dict[str, Any]:
    own = {
        "read": {"enum": list(logs.READS)},
        "sudo": {"type": "boolean"},
        "most_bytes": {"type": "integer", "minimum": logs.LEAST_BYTES},
    }
    return _object({key: own.get(key, _DURATION) for key in logs.READERS}, ())


def _credentials() -> dict[str, Any]:
    keys = {"scheme": {"enum": list(searches.SCHEMES)}, "env": _TEXT, "file": _TEXT}
    made = _object({**keys, "command": _ARGV}, ("scheme",))
    made["oneOf"] = [{"required": [key]} for key in ("env", "file", "command")]
    return made


def _object(keys: dict[str, Any], needed: tuple[str, ...]) -> dict[str, Any]:
    made = {"type": "object", "properties": keys, "required": list(needed)}
    return {**made, "additionalProperties": False}
