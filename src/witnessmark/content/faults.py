"""Faults that a stand-in is given on purpose, as YAML under inventory/faults/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.content import root
from witnessmark.content.located import read, validate
from witnessmark.content.near import no_such
from witnessmark.content.quoting import quoted
from witnessmark.errors import ContentError, UsageError
from witnessmark.standin.faults import problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.content.located import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A way to break the chain, and the verdict that must name it."""

    id: str
    title: str
    expect: str
    faults: tuple[dict[str, object], ...]
    hosts: tuple[str, ...] = ()
    """The stand-ins that are broken; none named means all."""

    def on(self, names: Sequence[str]) -> dict[str, list[dict[str, object]]]:
        """The faults of each of these hosts.

        Raises:
            UsageError: if the fault names a host that is not among them.
        """
        strangers = sorted(set(self.hosts) - set(names))
        if strangers:
            raise UsageError(f"fault {self.id}: {strangers[0]} is none of {', '.join(names)}")
        return {name: [dict(item) for item in self.faults] for name in self.hosts or names}


def load(name: str) -> Fault:
    """A shipped fault by its name, or one from a YAML file.

    Raises:
        UsageError: if there is no such fault.
        ContentError: for a file that is not one, with all that is wrong with it.
    """
    folder = root() / "inventory" / "faults"
    shipped = folder / f"{name}.yaml"
    path = shipped if "/" not in name and shipped.is_file() else Path(name)
    if not path.is_file():
        known = [item.stem for item in folder.glob("*.yaml")]
        what = f"no fault is called {quoted(name)} and no such file exists"
        raise UsageError(no_such(what, name, known))
    document = read(path)
    said = list(_items(document))
    try:
        fault = validate(document, Fault)
    except ContentError as error:
        raise ContentError([*error.problems, *said]) from error
    if said:
        raise ContentError(said)
    return fault


def _items(document: Document) -> Iterator[str]:
    """What is wrong with each item, at the line of the key that is meant."""
    data = document.data.get("faults") if isinstance(document.data, dict) else None
    for number, item in enumerate(data if isinstance(data, list) else ()):
        if not isinstance(item, dict):
            continue  # the shape of the file is checked as that of any other
        for problem in problems([item]):
            text = problem.removeprefix("item 0: ")
            key = next((key for key in item if _is_about(text, key)), None)
            place = ("faults", number) if key is None else ("faults", number, key)
            yield f"{document.where(place)}: faults.{number}: {text}"


def _is_about(text: str, key: str) -> bool:
    return text.startswith((f"unknown key {key!r}", f"unknown {key} ", f"{key} must be "))
