"""What a host's keys must remember from one segment to the next, as compressed JSON.

The records of the next segment may rename a file or fork from a process that this one saw. Only
classes of the analytic's own are written and read, by name; nothing else can be made of the text.
"""

from __future__ import annotations

import zlib
from collections import Counter, deque
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from witnessmark.analytic.pace import Ages, Pace
from witnessmark.analytic.provenance import Volume
from witnessmark.analytic.tasks import Candidate, Image, Task
from witnessmark.analytic.tracked import Content, File
from witnessmark.model.events import FileRef, Process, SnapshotRow, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from witnessmark.lake.keys import Keys

_SHARED: Final = {item.__name__: item for item in (Candidate, File, Image, Task)}
"""What is known by several names and stays one object."""
_PLAIN: Final = {
    item.__name__: item
    for item in (Ages, Content, FileRef, Pace, Process, SnapshotRow, Token, Volume)
}
_LISTS: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "tuple": tuple,
    "list": list,
    "set": set,
    "frozenset": frozenset,
    "deque": deque,
}
_MAPS: Final[dict[str, Callable[[dict[Any, Any]], Any]]] = {"dict": dict, "Counter": Counter}
_INT64: Final = 1 << 63
_OWN: Final = ("_clock_ns", "_ages", "n", "files", "candidates", "moves", "peaks")


_MISREAD: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class DamagedError(ValueError):
    """A state that no run of this version wrote."""


def saved(keys: Keys) -> bytes:
    """The state of a host's keys after their last event (``finish``)."""
    writer = _Writer()
    root = [[writer.value(getattr(part, name)) for name in names] for part, names in _kept(keys)]
    return zlib.compress(msgspec.json.encode({"root": root, "nodes": writer.rest()}))


def restore(keys: Keys, text: bytes) -> None:
    """Let new keys go on where saved ones ended.

    Raises:
        DamagedError: the text is not such a state.
    """
    try:
        data = msgspec.json.decode(zlib.decompress(text))
        reader = _Reader(data["nodes"])
        for (part, names), values in zip(_kept(keys), data["root"], strict=True):
            for name, value in zip(names, values, strict=True):
                setattr(part, name, reader.value(value))
    except (zlib.error, *_MISREAD) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from error


def _kept(keys: Keys) -> Iterator[tuple[Any, list[str]]]:
    """Each part of the keys with the attributes that its past has made."""
    yield keys, list(_OWN)
    for part, made_new in keys.parts():
        yield part, sorted(name for name in vars(part) if name not in made_new)


class _Writer:
    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._found: list[Any] = []

    def value(self, item: Any) -> Any:
        kind = type(item).__name__
        if item is None or isinstance(item, (bool, str)):
            return item
        if isinstance(item, int):
            return item if -_INT64 <= item < _INT64 else {"int": str(item)}
        if kind in _LISTS:
            members = sorted(item, key=repr) if kind in ("set", "frozenset") else item
            return {kind: [self.value(member) for member in members]}
        if kind in _MAPS:
            return {kind: [[self.value(key), self.value(item[key])] for key in item]}
        if kind in _SHARED:
            return {"ref": self._number(item)}
        if kind in _PLAIN:
            return {kind: self._attributes(item)}
        raise TypeError(f"a lake's state cannot keep {kind}")

    def rest(self) -> list[Any]:
        """What was referred to, and what that refers to in turn."""
        nodes: list[Any] = []
        while len(nodes) < len(self._found):
            item = self._found[len(nodes)]
            nodes.append([type(item).__name__, self._attributes(item)])
        return nodes

    def _number(self, item: Any) -> int:
        if id(item) not in self._numbers:
            self._numbers[id(item)] = len(self._found)
            self._found.append(item)
        return self._numbers[id(item)]

    def _attributes(self, item: Any) -> dict[str, Any]:
        return {name: self.value(getattr(item, name)) for name in _names(item)}


class _Reader:
    def __init__(self, nodes: list[Any]) -> None:
        self._nodes = [_SHARED[kind].__new__(_SHARED[kind]) for kind, _ in nodes]
        for made, (_, attributes) in zip(self._nodes, nodes, strict=True):
            self._fill(made, attributes)

    def value(self, item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        ((kind, inner),) = item.items()
        if kind == "ref":
            return self._nodes[inner]
        if kind == "int":
            return int(inner)
        if kind in _LISTS:
            return _LISTS[kind]([self.value(member) for member in inner])
        if kind in _MAPS:
            return _MAPS[kind]({self.value(key): self.value(value) for key, value in inner})
        made = _PLAIN[kind].__new__(_PLAIN[kind])
        self._fill(made, inner)
        return made

    def _fill(self, made: Any, attributes: dict[str, Any]) -> None:
        if is_dataclass(made) and set(attributes) != set(_names(made)):
            raise DamagedError(f"a {type(made).__name__} of another version")
        for name, value in attributes.items():
            object.__setattr__(made, name, self.value(value))


def _names(item: Any) -> list[str]:
    return [field.name for field in fields(item)] if is_dataclass(item) else list(vars(item))
