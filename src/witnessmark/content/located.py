"""YAML to dataclasses with every problem at once, each as ``file:line: where: what``.

YAML is composed to nodes first, so that each value knows its line; then plain data is made of
the nodes, and pydantic checks that against the frozen dataclass. Refused on the way: duplicate
and unknown keys, merge keys, tags, endless or exploding aliases. No object is ever constructed
from a tag.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from witnessmark import plainfile
from witnessmark.content.near import meant
from witnessmark.content.quoting import cut, quoted
from witnessmark.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")
Place: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 4 << 20
MAX_NODES = 100_000
MAX_DEPTH = 60
_SCALARS = ("null", "bool", "int", "float", "str", "timestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Plain data of a YAML text, with ``file:line`` of every key and item."""

    name: str
    data: object
    marks: Mapping[Place, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """What is wrong already, such as a duplicate key; ``validate`` reports it with the rest."""

    def where(self, path: Place) -> str:
        """``file:line`` of a value, or of the nearest thing around it that has a line."""
        known: Place = ()
        for part in path:
            if (*known, part) in self.marks:
                known = (*known, part)
        return self.marks.get(known, f"{self.name}:1")

    def sub(self, *path: str | int) -> Document:
        """The part of the document below ``path``; empty where there is none."""
        data = self.data
        for part in path:
            data = data.get(part) if isinstance(data, dict) else None
        size = len(path)
        marks = {key[size:]: mark for key, mark in self.marks.items() if key[:size] == path}
        marks.setdefault((), self.where(path))
        return Document(name=self.name, data={} if data is None else data, marks=marks)

    def overlaid(self, other: Document) -> Document:
        """This mapping with ``other``'s keys in place of its own, whole values each (no merge)."""
        if not isinstance(self.data, dict) or not isinstance(other.data, dict):
            return other
        taken = set(other.data)
        marks = {key: mark for key, mark in self.marks.items() if not key or key[0] not in taken}
        marks |= {key: mark for key, mark in other.marks.items() if key}
        return Document(
            name=self.name,
            data={**self.data, **other.data},
            marks=marks,
            problems=self.problems + other.problems,
        )


def load(path: Path, type_: type[T]) -> T:
    """Read a YAML file into a dataclass.

    Raises:
        ContentError: with every problem of the file, each as ``file:line: where: what``.
    """
    return validate(read(path), type_)


def read(path: Path) -> Document:
    """Read a YAML file without checking its shape.

    Raises:
        ContentError: the file is missing, too big, or not YAML.
    """
    try:
        raw = plainfile.read(path, MAX_BYTES + 1)
    except OSError as error:
        raise ContentError([f"{path}:1: cannot be read: {error.strerror}"]) from error
    return parse(raw, str(path))


def parse(raw: bytes | str, name: str) -> Document:
    """As ``read``, from text at hand; ``name`` stands where the file's name would."""
    if len(raw) > MAX_BYTES:
        raise ContentError([f"{name}:1: larger than {MAX_BYTES >> 20} MiB"])
    try:
        node = yaml.compose(raw, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        said = ", ".join(text for text in (error.context, error.problem) if text)
        raise ContentError([f"{name}:{line}: {said}"]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        raise ContentError([f"{name}:1: not YAML text: {text}"]) from error
    except RecursionError as error:
        raise ContentError([f"{name}:1: nested too deeply"]) from error
    builder = _Builder(name)
    data = builder.build(node, ()) if node is not None else None
    return Document(name=name, data=data, marks=builder.marks, problems=tuple(builder.problems))


def from_mapping(data: Mapping[str, object], name: str) -> Document:
    """A document of data that came from elsewhere; every line is ``name`` itself."""
    marks: dict[Place, str] = {(): name, **{(key,): name for key in data}}
    return Document(name=name, data=dict(data), marks=marks)


def validate(document: Document, type_: type[T]) -> T:
    """Check a document against a dataclass and return it, or raise all problems at once."""
    model = create_model(
        "Content", __config__=ConfigDict(extra="forbid", strict=True), root=(type_, ...)
    )
    problems = list(document.problems)
    try:
        checked = model.model_validate_json(json.dumps({"root": document.data}))
    except ValidationError as error:
        problems += [_sentence(document, item["loc"][1:], item, model) for item in error.errors()]
    if problems:
        raise ContentError(sorted(dict.fromkeys(problems), key=_by_line))
    result: T = getattr(checked, "root")  # noqa: B009 - a dynamic model has no static attribute
    return result


def _sentence(
    document: Document, path: Place, item: Mapping[str, Any], model: type[BaseModel]
) -> str:
    where = ".".join(cut(str(part)) for part in path)
    what = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        what = f"unknown key{meant(str(path[-1]), _keys(model, path[:-1]))}"
    elif item["type"] in ("missing_argument", "missing_keyword_only_argument", "missing"):
        what = "this key is missing"
    return f"{document.where(path)}: {where + ': ' if where else ''}{what}"


def _keys(model: type[BaseModel], path: Place) -> frozenset[str]:
    """The keys that are known at a place, as far as the type's own schema tells."""
    whole = model.model_json_schema()
    found = [whole["properties"]["root"]]
    for part in path:
        found = [
            step
            for item in _resolved(found, whole)
            for step in (
                item.get("properties", {}).get(part),
                item.get("additionalProperties") if isinstance(part, str) else item.get("items"),
            )
            if isinstance(step, dict)
        ]
    return frozenset(key for item in _resolved(found, whole) for key in item.get("properties", ()))


def _resolved(schemas: list[dict[str, Any]], whole: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every schema behind references and alternatives."""
    for item in schemas:
        if "$ref" in item:
            yield whole["$defs"][item["$ref"].rpartition("/")[2]]
        yield item
        yield from _resolved(item.get("anyOf", []), whole)


def _by_line(problem: str) -> tuple[str, int, str]:
    name, _, rest = problem.partition(": ")
    file, _, line = name.rpartition(":")
    return (file, int(line) if line.isdecimal() else 0, rest)


class _Builder:
    """Makes plain data of nodes, counting what aliases expand to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.marks: dict[Place, str] = {}
        self.problems: list[str] = []
        self._count = 0
        self._scalars = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: Place) -> object:
        self._count += 1
        if self._count > MAX_NODES:
            raise ContentError([f"{self._at(node)}: aliases expand to more than {MAX_NODES} items"])
        if len(path) > MAX_DEPTH:
            raise ContentError([f"{self._at(node)}: nested too deeply, or an alias of itself"])
        self.marks.setdefault(path, self._at(node))
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return [self.build(item, (*path, place)) for place, item in enumerate(node.value)]
        return self._scalar(node)

    def _at(self, node: yaml.Node) -> str:
        return f"{self.name}:{node.start_mark.line + 1}"

    def _mapping(self, node: yaml.MappingNode, path: Place) -> dict[str, object]:
        data: dict[str, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag.endswith(":merge"):
                self.problems.append(f"{self._at(key)}: keys must be plain words, without merging")
                continue
            word = str(key.value)
            if word in data:
                first = self.marks[(*path, word)].rpartition(":")[2]
                self.problems.append(
                    f"{self._at(key)}: duplicate key {quoted(word)}, first on line {first}"
                )
                continue
            self.marks[(*path, word)] = self._at(key)
            data[word] = self.build(value, (*path, word))
        return data

    def _scalar(self, node: yaml.Node) -> object:
        kind = node.tag.rpartition(":")[2]
        if node.tag != f"tag:yaml.org,2002:{kind}" or kind not in _SCALARS:
            self.problems.append(f"{self._at(node)}: the tag {quoted(node.tag)} is not allowed")
            return None
        if kind in ("str", "timestamp"):
            return str(node.value)
        what = quoted(node.value)
        try:
            made: object = self._scalars.construct_object(node)
        except (ValueError, yaml.YAMLError):
            self.problems.append(f"{self._at(node)}: {what} is not a usable {kind}")
            return None
        if ":" in node.value:
            self.problems.append(
                f"{self._at(node)}: {what} is a number to base sixty here ({made}); "
                "put text in quotes, write a number plainly"
            )
        return made
