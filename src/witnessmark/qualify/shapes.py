"""The shape of records: which keys they have, of which types, and which of them a decoder reads.

Which are read is found out by trying: a key is left out, and the decoder is asked again.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from witnessmark.qualify.literals import is_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from witnessmark.qualify.own import Record
    from witnessmark.telemetry.format import Format

_KEY: Final = re.compile(r"[A-Za-z_@][A-Za-z0-9_@.\-]{0,63}")
_TYPES: Final = {dict: "object", list: "list", str: "text", bool: "truth", int: "number",
                 float: "number", type(None): "null"}  # fmt: skip
Shape = dict[str, list[str]]
"""Path of a key -> types of its values, sorted; ``[]`` stands for the items of a list."""


def shape(line: str) -> Shape:
    """The keys of one line; of one that is no JSON, the names before each ``=``."""
    found: dict[str, set[str]] = {}
    if is_json(line):
        for path, value in _walk(json.loads(line), ""):
            found.setdefault(path, set()).add(_TYPES[type(value)])
    else:
        for part in line.rstrip("\n").split("|"):
            name, equals, _ = part.rpartition("action=")[2].partition("=")
            if equals:
                found.setdefault(_named(name), set()).add("text")
    return {path: sorted(found[path]) for path in sorted(found)}


def label(record: Record) -> str:
    """What a record is of, for those who look for its shape."""
    if record.bad is not None:
        return "unreadable"
    return "+".join(event.kind.value for event in record.events) or "notice"


def shapes(
    records: Iterable[Record], lines: Iterable[str], names: Collection[str] | None = None
) -> dict[str, Shape]:
    """One shape for each kind of event, over all its records.

    With ``names`` any other key is told as ``*``: it may be somebody's name.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for record, line in zip(records, lines, strict=True):
        paths = found.setdefault(label(record), {})
        for path, types in shape(line).items():
            parts = path.split("/")
            told = "/".join(part if names is None or part in names else "*" for part in parts)
            paths.setdefault(told, set()).update(types)
    return {
        name: {path: sorted(found[name][path]) for path in sorted(found[name])}
        for name in sorted(found)
    }


def unread(form: Format, line: str) -> list[str]:
    """Keys of a JSON record without which its decoder says just the same."""
    if not is_json(line):
        return []
    whole = _said(form, json.loads(line))
    return [
        path
        for path in shape(line)
        if (less := _without(json.loads(line), path)) is not None and _said(form, less) == whole
    ]


def _said(form: Format, record: Any) -> object:
    try:
        return form.reader().read(json.dumps(record).encode(), True)
    except ValueError as problem:
        return str(problem)


def _without(record: Any, path: str) -> Any | None:
    """The record without one key, wherever it stands; None if the path is none of a key."""
    *way, last = path.split("/")
    if last == "[]" or last == "*":
        return None
    for place in _places(record, way):
        place.pop(last, None)
    return record


def _places(value: Any, way: Sequence[str]) -> Iterator[Any]:
    """The objects at the end of a way; at a place there may be other things as well."""
    if isinstance(value, list):
        for item in value if way[:1] == ["[]"] else ():
            yield from _places(item, way[1:])
    elif isinstance(value, dict):
        if not way:
            yield value
        elif way[0] in value:
            yield from _places(value[way[0]], way[1:])


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, f"{path}/{_named(key)}" if path else _named(key))
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, f"{path}/[]")


def _named(key: str) -> str:
    """A key as it is, if it is a name: a path or an id may be a key as well."""
    return key if _KEY.fullmatch(key) else "*"
