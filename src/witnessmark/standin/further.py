"""Sensors beside eslogger's, on the same host: each its own form, its own store, its own faults.

They are told of the same kernel stops, in the same order. None sees what another lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from witnessmark.errors import HostError

from . import osquery, santa
from .emit import Store
from .faults.sensor import KINDS, SensorFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from .faults import Fault
    from .told import Told


class Form(Protocol):
    """How a sensor writes events down."""

    def tells(self, told: Told) -> bool:
        """Whether it has a record for such an event at all."""

    def line(self, told: Told) -> bytes:
        """The event's record."""

    def lost(self, name: str, count: int) -> bytes:
        """So many events of a kind were lost; a line that says so, or nothing."""

    def instead(self, line: bytes) -> bytes:
        """This record was lost on its way; a line that says so, or nothing."""


FORMS: dict[str, Callable[[str], Form]] = {"santa": santa.Santa, "osquery": osquery.Osquery}
"""The kinds that ``--also`` may name."""
STORES = {"santa": santa.STORE, "osquery": osquery.STORE}
"""Where each kind's records lie, below the host's root."""


def check(
    kinds: Sequence[str], faults: Mapping[str, Sequence[Mapping[str, Any]]]
) -> tuple[str, ...]:
    """The kinds once each, in one order; HostError for one that is unknown, or that a fault wants
    and nobody asked for: what is broken must be there, or nothing would be."""
    unknown = [kind for kind in kinds if kind not in FORMS]
    if unknown:
        raise HostError(f"{unknown[0]} is no sensor of a stand-in; known are {', '.join(FORMS)}")
    for name, items in faults.items():
        wanted = {str(item["source"]) for item in items if "source" in item} - {*KINDS[:1], *kinds}
        if wanted:
            kind = min(wanted)
            raise HostError(f"a fault of {name} breaks {kind}: boot it with --also {kind}")
    return tuple(kind for kind in FORMS if kind in kinds)


class Sensor:
    """One further sensor of a host."""

    def __init__(self, form: Form, store: Store, faults: SensorFaults) -> None:
        self._form, self._store, self._faults = form, store, faults

    def event(self, told: Told, paths: tuple[str, ...], *, full: bool) -> None:
        """Write an event down; with ``full`` the disk keeps nothing more."""
        if not self._form.tells(told) or not self._faults.admits(told.name, paths):
            return
        for line in self._faults.lines(told.name, paths, self._form.line(told)):
            if line and not full:
                self._store.append(line)

    def lost(self, name: str, count: int) -> None:
        """Events of a kind were lost before any sensor could be told."""
        if line := self._form.lost(name, count):
            self._store.append(line)

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def sensors(
    kinds: Sequence[str],
    root: Path,
    host: str,
    items: Sequence[Fault],
    note: Callable[[Fault, str, Iterable[str]], None],
) -> list[Sensor]:
    """The further sensors of a host whose root lies at ``root``."""
    found = []
    for kind in kinds:
        form, path = FORMS[kind](host), root / STORES[kind]
        path.parent.mkdir(parents=True, exist_ok=True)
        faults = SensorFaults(items, note, kind=kind, instead=form.instead)
        found.append(Sensor(form, Store(path), faults))
    return found
