"""What a line of the event store tells, as far as faults must know it: its event and its paths."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def described(line: bytes) -> tuple[str, tuple[str, ...]]:
    """The event's name and the paths that faults match; both empty for what is no record."""
    try:
        body = json.loads(line)["event"]
        (name,) = body
        return str(name), tuple(_paths(name, body[name]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ()


def _paths(name: str, body: dict[str, Any]) -> Iterator[str]:
    if name == "exec":
        yield str(body["target"]["executable"]["path"])
        if body.get("script"):
            yield str(body["script"]["path"])
        return
    for part in body.values():
        yield from _files(part)


def _files(part: object) -> Iterator[str]:
    """Paths of the files in a part of a file event, such as ``{"dir": {...}, "filename": "x"}``."""
    if not isinstance(part, dict):
        return
    if isinstance(part.get("path"), str):
        yield part["path"]
    if isinstance(part.get("dir"), dict) and isinstance(part.get("filename"), str):
        yield f"{part['dir'].get('path')}/{part['filename']}"
    for key, inner in part.items():
        if key not in ("dir", "stat"):
            yield from _files(inner)
