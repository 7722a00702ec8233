"""Ansible inventories -> hosts and sources, with every problem at once."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from witnessmark import plainfile
from witnessmark.ansible import list_inventory
from witnessmark.content import located
from witnessmark.errors import ContentError, UsageError
from witnessmark.inventory import alerting
from witnessmark.inventory.destinations import resolved, shared
from witnessmark.inventory.groups import Listing
from witnessmark.inventory.places import Places, find
from witnessmark.inventory.values import Wrong
from witnessmark.inventory.variables import NO_TEXT, READERS, REFUSED
from witnessmark.model.hosts import Host, Inventory, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*")


def load(files: Sequence[Path], *, limit: Sequence[str] = ()) -> Inventory:
    """The hosts of some inventory files together, in inventory order.

    ``limit`` keeps the hosts of those names and of the groups of those names. Raises ContentError
    with all problems, each one sentence with file:line (or host and variable where the inventory
    is no YAML), and UsageError for a ``limit`` that names nothing.
    """
    absent = [what for file in files if (what := _unusable(file))]
    if absent or not files:
        raise ContentError(absent or ["no inventory file was given; use -i FILE"])
    places = find(files)
    if places.problems:
        raise ContentError(places.problems)
    try:
        listing = Listing(list_inventory(files))
    except UsageError as error:
        raise ContentError([f"{_join(files)}: {error}"]) from error
    problems: list[str] = []
    book = _Book(listing=listing, places=places, files=_join(files), problems=problems)
    hosts = [_host(book, name) for name in listing.hosts]
    if not hosts:
        problems.append(f"{_join(files)}: no host in it; add one below hosts:")
    for host, place, what in shared(hosts) if not problems else ():
        book.tell(
            host.name, "witnessmark_sources", what, (place, "destination", *_key(host, place))
        )
    if problems:
        raise ContentError(sorted(dict.fromkeys(problems), key=_by_line))
    hosts, kept = alerting.owned(hosts), listing.limited(limit)
    return Inventory(files=tuple(files), hosts=tuple(host for host in hosts if host.name in kept))


def _unusable(file: Path) -> str | None:
    """Why a file cannot be an inventory: it would be read more than once, so a pipe is none."""
    try:
        kind = plainfile.other(file)
    except FileNotFoundError:
        return f"{file}: no such inventory file"
    except OSError as problem:
        return f"{file}: the inventory cannot be read ({problem.strerror})"
    return kind and f"{file}: is {kind}, and an inventory is a file; name the file itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """What was listed, where it was written, and what is wrong with it so far."""

    listing: Listing
    places: Places
    files: str
    problems: list[str]

    def where(self, host: str, variable: str, path: Sequence[str | int] = ()) -> str | None:
        return self.places.where(host, self.listing.groups(host), variable, path)

    def tell(self, host: str, variable: str, what: str, path: Sequence[str | int] = ()) -> None:
        inside = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        place = self.where(host, variable, path) or f"{self.files}: host {host}"
        self.problems.append(f"{place}: {variable}{inside} {what}")


def _host(book: _Book, name: str) -> Host:
    """The host, or a mere stand-in for it if ``problems`` grew: then nobody gets to see it."""
    variables = book.listing.variables(name)
    fields: dict[str, Any] = {}

    def tell(variable: str, what: str, path: Sequence[str | int] = ()) -> None:
        book.tell(name, variable, what, path)

    if not _HOST.fullmatch(name):
        book.problems.append(
            f"{book.files}: host {name}: a host's name is made of a-z, 0-9, . and -; it becomes "
            "part of every case's id, so use ansible_host for an address of another form"
        )
    for variable, value in variables.items():
        if variable in READERS:
            field, reader = READERS[variable]
            if variable in NO_TEXT and isinstance(value, str):
                value = _from_ini(value) if not book.where(name, variable) else value
            try:
                fields[field] = reader(value)
            except* Wrong as group:
                for wrong in group.exceptions:
                    assert isinstance(wrong, Wrong)
                    tell(variable, wrong.what, wrong.path)
        elif variable in REFUSED:
            tell(variable, REFUSED[variable])
        elif variable.startswith("witnessmark_"):
            tell(variable, _unknown(variable))
    defaults = {"origin": Origin.MAC, "connection": "ssh", "address": name}
    host = Host(name=name, **{**defaults, **fields})
    for variable, what in _contradictions(host, variables):
        tell(variable, what)
    try:
        return alerting.resolved(resolved(host))
    except* Wrong as group:
        for wrong in group.exceptions:
            assert isinstance(wrong, Wrong)
            tell("witnessmark_sources", wrong.what, wrong.path)
    return host


def _key(host: Host, place: int) -> tuple[str, ...]:
    there = host.sources[place].destination
    return () if there is None or there.search else ("path",)


def _unknown(variable: str) -> str:
    near = difflib.get_close_matches(variable, READERS, n=1)
    return "is unknown; " + (f"did you mean {near[0]}?" if near else "remove it")


def _contradictions(host: Host, variables: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    own_root = host.standin is not None and host.standin.mode == "namespace"
    if (
        "witnessmark_origin" in variables
        and host.origin is Origin.STAND_IN
        and not host.path_prefix
        and not own_root
    ):
        yield "witnessmark_origin", "is stand-in, so witnessmark_path_prefix must say where it lies"
    if own_root and host.path_prefix:
        yield "witnessmark_path_prefix", "is for mode prefix only; this host has its own /"
    if host.origin is Origin.MAC and host.standin:
        yield "witnessmark_standin", "is for a stand-in only; remove it from a Mac"
    if host.origin is Origin.MAC and host.path_prefix:
        yield "witnessmark_path_prefix", "is for a stand-in only; remove it from a Mac"
    if host.origin is Origin.MAC and host.faults:
        yield "witnessmark_faults", "are for a stand-in only; nothing is broken on a real Mac"
    if host.connection == "local" and host.key_file:
        yield "ansible_ssh_private_key_file", "is not used with ansible_connection local; remove it"


def _from_ini(value: str) -> object:
    """What ``true``, ``22`` or ``[{name: a}]`` in an INI file means, read as YAML."""
    try:
        document = located.parse(value, "")
    except ContentError:
        return value
    return value if document.problems else document.data


def _by_line(problem: str) -> tuple[str, int]:
    found = re.match(r"(.*?):(\d+): ", problem)
    return (found[1], int(found[2])) if found else (problem, 0)


def _join(files: Sequence[Path]) -> str:
    return ", ".join(map(str, files))
