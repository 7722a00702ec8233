"""Faults that a stand-in is given on purpose, as YAML under inventory/faults/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from witnessmark.content import root
from witnessmark.content.located import load as load_yaml
from witnessmark.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A way to break the chain, and the verdict that must name it."""

    id: str
    title: str
    expect: str
    faults: tuple[dict[str, object], ...]


def load(name: str) -> Fault:
    """A shipped fault by its name, or one from a YAML file.

    Raises:
        UsageError: if there is no such fault; ContentError for a file that is not one.
    """
    folder = root() / "inventory" / "faults"
    shipped = folder / f"{name}.yaml"
    path = shipped if "/" not in name and shipped.is_file() else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml")))
        raise UsageError(f"no fault is called {name!r} and no such file exists; there are: {known}")
    return load_yaml(path, Fault)
