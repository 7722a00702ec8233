"""Where in an inventory's YAML a variable is written, and what is wrong with the YAML itself.

ansible-inventory only warns about a file that it cannot read, goes on with an empty inventory, and
tells no line numbers; so every YAML file is read here first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import yaml

from witnessmark import plainfile
from witnessmark.content.located import MAX_BYTES, Document, read
from witnessmark.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

YAML_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_PARTS = ("hosts", "vars", "children")
_KNOWN_PARTS = "write hosts, vars or children"
# Values that only ansible can read. They are never read here, so never printed either.
_ANSIBLE_TAGS = re.compile(r": the tag '!(vault|unsafe)' is not allowed$")
_INDENT = "indent with spaces, not tabs"

Variables: TypeAlias = tuple[Document, tuple[str | int, ...]]
"""A mapping of variables: the document that holds it, and the path to it in there."""


@dataclass(frozen=True, slots=True)
class Places:
    """All variables written in some inventory files, by owner; the last of a list wins."""

    hosts: dict[str, list[Variables]]
    """By host name or host pattern, such as ``mac[1:3]``."""
    groups: dict[str, list[Variables]]
    problems: tuple[str, ...]

    def where(
        self, host: str, groups: Sequence[str], name: str, path: Sequence[str | int] = ()
    ) -> str | None:
        """``file:line`` of a host's variable, or of what ``path`` leads to inside of it.

        ``groups`` are the host's groups, nearest first. None if it is not written in YAML.
        """
        own = [found for pattern, found in self.hosts.items() if _names(pattern, host)]
        for layer in (*own, *(self.groups.get(group, []) for group in groups)):
            for document, at in reversed(layer):
                if (*at, name) in document.marks:
                    return document.where((*at, name, *path))
        return None


def find(files: Sequence[Path]) -> Places:
    """Read inventory files and the ``group_vars`` and ``host_vars`` beside them."""
    places = Places({}, {}, ())
    problems: list[str] = []
    for file in files:
        if file.suffix in YAML_SUFFIXES and (document := _read(file, problems)):
            problems += _groups(document, (), places)
    for folder in dict.fromkeys(file.parent for file in files):
        for kind, owners in (("group_vars", places.groups), ("host_vars", places.hosts)):
            for file in sorted((folder / kind).rglob("*.*")):
                if file.suffix in YAML_SUFFIXES and (document := _read(file, problems)):
                    owner = file.relative_to(folder / kind).parts[0].removesuffix(file.suffix)
                    _note(owners, owner, (document, ()))
    return Places(places.hosts, places.groups, tuple(problems))


def _read(file: Path, problems: list[str]) -> Document | None:
    try:
        document = read(file)
    except ContentError as error:
        problems += _syntax(file) or error.problems
        return None
    problems += [text for text in document.problems if not _ANSIBLE_TAGS.search(text)]
    return document


def _syntax(file: Path) -> list[str]:
    """The YAML error once more, with its column and the mend."""
    try:
        yaml.compose(plainfile.read(file, MAX_BYTES), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        mend = _INDENT if "'\\t'" in str(error.problem) else "mend that line or the one above"
        return [f"{place}: not YAML: {error.problem or error.context}; {mend}"]
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        pass
    return []


def _groups(document: Document, path: tuple[str, ...], places: Places) -> Iterator[str]:
    """Note the variables of all groups below ``path``; yield what ansible would pass over."""
    if not path and "plugin" in _at(document, path):
        yield (
            f"{document.where(('plugin',))}: inventory plugins are not run; save what "
            "`ansible-inventory --list --yaml` prints and use that file"
        )
        return
    yield from _shape(document, path, "a mapping of groups")
    for name in _at(document, path):
        at = (*path, name)
        yield from _shape(document, at, "a group, so a mapping of hosts, vars and children")
        for part in _at(document, at):
            if part not in _PARTS:
                yield f"{document.where((*at, part))}: a group has no {part}; " + _KNOWN_PARTS
        for part in ("hosts", "vars"):
            yield from _shape(document, (*at, part), "a mapping, not a list")
        _note(places.groups, name, (document, (*at, "vars")))
        for host in _at(document, (*at, "hosts")):
            _note(places.hosts, host, (document, (*at, "hosts", host)))
        yield from _groups(document, (*at, "children"), places)


def _at(document: Document, path: Sequence[str]) -> dict[str, object]:
    found = _data(document, path)
    return found if isinstance(found, dict) else {}


def _data(document: Document, path: Sequence[str]) -> object:
    data = document.data
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _shape(document: Document, path: Sequence[str], what: str) -> Iterator[str]:
    if not isinstance(_data(document, path), dict | None):
        yield f"{document.where(tuple(path))}: {path[-1] if path else 'this'} must be {what}"


def _note(owners: dict[str, list[Variables]], owner: str, found: Variables) -> None:
    owners.setdefault(owner, []).append(found)


def _names(pattern: str, host: str) -> bool:
    """Whether a host key of an inventory, such as ``mac[1:3]``, stands for that host."""
    return re.fullmatch(re.sub(r"\\\[.*?\\\]", "[a-z0-9]+", re.escape(pattern)), host) is not None
