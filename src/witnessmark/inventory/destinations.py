"""Where an organisation's pipeline delivers a source's records, as this machine can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from witnessmark.inventory.values import Wrong, duration, one_of, own_file, text
from witnessmark.model.hosts import Destination, Host

KINDS = ("ndjson", "opensearch", "splunk", "syslog", "s3")
READ = "ndjson"  # what collect/ can read; the others are refused before a run
HOST = "{host}"
_KEYS = ("kind", "path", "deadline")


def destination(value: object, *path: str | int) -> Destination:
    """A destination, perhaps with ``{host}`` in its path; raises all that is wrong as a group."""
    if not isinstance(value, Mapping):
        raise Wrong("must be a mapping with kind and path", *path)
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
        **({"deadline_s": float(str(found["deadline"]))} if "deadline" in found else {}),
    )


def folder(value: object) -> str:
    """A folder on this machine, perhaps with ``{host}`` in it."""
    return str(own_file(_place(value)))


def resolved(host: Host) -> Host:
    """The host with the path of each destination as it is for this host.

    Raises an ExceptionGroup of what is wrong; the paths lead into ``witnessmark_sources``.
    """
    wrongs: list[Wrong] = []
    sources = list(host.sources)
    for place, source in enumerate(sources):
        if source.destination is not None:
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

    Records do not say which host they are from, so a file that two hosts share cannot be judged.
    """
    taken: dict[str, str] = {}
    for host in hosts:
        for place, source in enumerate(host.sources):
            if source.destination is None:
                continue
            ours = f"source {source.name} of {host.name}"
            other = taken.setdefault(source.destination.path, ours)
            if other != ours:
                mend = f"give each its own, perhaps with {HOST} in it"
                yield host, place, f"is where {other} is delivered too; {mend}"


def _kind(value: object, *path: str | int) -> str:
    if (kind := one_of(KINDS, value, *path)) != READ:
        raise Wrong(f"{kind} cannot be read yet; this version reads {READ}, a file", *path)
    return kind


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
