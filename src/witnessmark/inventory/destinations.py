"""Where an organisation's pipeline delivers a source's records, as this machine can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from witnessmark.inventory import searches
from witnessmark.inventory.values import Wrong, duration, one_of, own_file, text
from witnessmark.model.hosts import Destination, Host

FILES = ("ndjson", "folder")
KINDS = (*FILES, *searches.KINDS)
HOST = searches.HOST
DEADLINE_S = 60.0
_KEYS = ("kind", "path", "deadline")


def destination(value: object, *path: str | int) -> Destination:
    """A destination, perhaps with ``{host}`` in its path; raises all that is wrong as a group."""
    if not isinstance(value, Mapping):
        raise Wrong("must be a mapping with kind and path", *path)
    if value.get("kind") in searches.KINDS:
        return _server(value, *path)
    wrongs = [
        Wrong(f"is unknown; known are {', '.join(_KEYS)}", *path, str(key))
        for key in value
        if key not in _KEYS
    ]
    wrongs += [Wrong(f"needs a {key}", *path) for key in ("kind", "path") if key not in value]
    found: dict[str, object] = {}
    for key, reader in (("kind", _kind), ("path", _place), ("deadline", _deadline)):
        if key in value:
            try:
                found[key] = reader(value[key], *path, key)
            except Wrong as wrong:
                wrongs.append(wrong)
    if wrongs:
        raise ExceptionGroup("destination", wrongs)
    return Destination(
        kind=str(found["kind"]),
        path=str(found["path"]),
        deadline_s=float(str(found.get("deadline", DEADLINE_S))),
    )


def _server(value: Mapping[object, object], *path: str | int) -> Destination:
    wrongs: list[Wrong] = []
    deadline_s, asked = DEADLINE_S, None
    try:
        if "deadline" in value:
            deadline_s = _deadline(value["deadline"], *path, "deadline")
    except Wrong as wrong:
        wrongs.append(wrong)
    try:
        rest = {key: item for key, item in value.items() if key != "deadline"}
        asked = searches.search(rest, *path)
    except* Wrong as group:
        wrongs += [wrong for wrong in group.exceptions if isinstance(wrong, Wrong)]
    if wrongs or asked is None:
        raise ExceptionGroup("destination", wrongs)
    return Destination(kind=asked.kind, search=asked, deadline_s=deadline_s)


def folder(value: object) -> str:
    """A folder on this machine, perhaps with ``{host}`` in it."""
    return str(own_file(_place(value)))


def pattern(value: object, *path: str | int) -> str:
    """A path on this machine, whole or below the root, perhaps with ``{host}`` in it."""
    return _place(value, *path)


def below_root(path: str, host: Host, *where: str | int) -> str:
    """Such a path as it is for this host; ``where`` leads to it in ``witnessmark_sources``."""
    try:
        return _resolved(path, host, 0)
    except Wrong as wrong:
        raise Wrong(wrong.what, *where) from None


def resolved(host: Host) -> Host:
    """The host with the path of each destination as it is for this host.

    Raises an ExceptionGroup of what is wrong; the paths lead into ``witnessmark_sources``.
    """
    wrongs: list[Wrong] = []
    sources = list(host.sources)
    for place, source in enumerate(sources):
        if source.search is not None:
            own = searches.of_host(source.search, host.name)
            sources[place] = source = replace(source, search=own)
        if source.destination is not None and source.destination.search is not None:
            there = searches.of_host(source.destination.search, host.name)
            sources[place] = replace(source, destination=replace(source.destination, search=there))
        elif source.destination is not None:
            try:
                path = _resolved(source.destination.path, host, place)
            except Wrong as wrong:
                wrongs.append(wrong)
            else:
                where = replace(source.destination, path=path)
                sources[place] = replace(source, destination=where)
    if wrongs:
        raise ExceptionGroup("destinations", wrongs)
    return replace(host, sources=tuple(sources))


def shared(hosts: Sequence[Host]) -> Iterator[tuple[Host, int, str]]:
    """Each (host, place of its source, sentence) whose destination another one writes into too.

    Records do not say which host they are from, so a file that two hosts share cannot be judged;
    nor can a search that finds the records of both.
    """
    taken: dict[str, str] = {}
    for host in hosts:
        for place, source in enumerate(host.sources):
            if source.destination is None:
                continue
            ours = f"source {source.name} of {host.name}"
            asked = source.destination.search
            other = taken.setdefault(
                searches.key(asked) if asked else source.destination.path, ours
            )
            if other != ours:
                mend = f"give each its own, perhaps with {HOST} in it"
                yield host, place, f"is where {other} is delivered too; {mend}"


def _kind(value: object, *path: str | int) -> str:
    return one_of(KINDS, value, *path)


def _deadline(value: object, *path: str | int) -> float:
    if not (found := duration(value, *path)):
        raise Wrong("must be longer than nothing: no record arrives at once", *path)
    return found


def _place(value: object, *path: str | int) -> str:
    found = text(value, *path)
    if re.search(r"[{}]", found.replace(HOST, "")):
        raise Wrong(f"holds braces; only {HOST} is replaced, by the host's name", *path)
    if ".." in PurePosixPath(found).parts:
        raise Wrong("must not hold '..'", *path)
    return found


def _resolved(path: str, host: Host, place: int) -> str:
    found = PurePosixPath(host.destination_root or "", path)
    if path.startswith("~/"):
        found = PurePosixPath(own_file(path))
    if not found.is_absolute():
        raise Wrong(
            "must be an absolute path on this machine, or lie below witnessmark_destination_root",
            *(place, "destination", "path"),
        )
    return str(found).replace(HOST, host.name)
