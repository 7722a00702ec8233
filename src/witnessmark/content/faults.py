"""Faults that a stand-in is given on purpose, as YAML under inventory/faults/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.content import root
from witnessmark.content.located import load as load_yaml
from witnessmark.errors import ContentError, UsageError
from witnessmark.standin.faults import problems

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml")))
        raise UsageError(f"no fault is called {name!r} and no such file exists; there are: {known}")
    fault = load_yaml(path, Fault)
    if found := problems(fault.faults):
        raise ContentError([f"{path}: faults: {problem}" for problem in found])
    return fault
