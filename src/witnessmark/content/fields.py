"""Which fields of a record a scenario may demand, by the names of the event model."""

from __future__ import annotations

import typing
from dataclasses import is_dataclass
from functools import cache

from witnessmark.model.events import Event, FileRef


def known(name: str) -> bool:
    """Whether a dotted name such as ``target.parent`` leads to a field of an event.

    ``path`` of an event itself is short for ``file.path``.
    """
    kind: object = Event
    for part in name.split("."):
        if kind is Event and part == "path":
            kind = FileRef
        kind = _fields(kind).get(part)
        if kind is None:
            return False
    return True


@cache
def _fields(kind: object) -> dict[str, object]:
    """The fields of a dataclass, each with its type but for ``| None``; none of anything else."""
    if not is_dataclass(kind) or not isinstance(kind, type):
        return {}
    return {name: _plain(hint) for name, hint in typing.get_type_hints(kind).items()}


def _plain(hint: object) -> object:
    kinds = [each for each in typing.get_args(hint) if each is not type(None)]
    return kinds[0] if len(kinds) == 1 and type(None) in typing.get_args(hint) else hint
