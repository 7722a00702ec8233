"""Faults of a host's unified log: messages never kept, old ones purged, words hidden."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .known import TEXT, WHOLE, Action, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ACTIONS: Mapping[str, Action] = {
    "drop": Action(
        what="what processes of this name say is never kept",
        needs={"process": TEXT},
        selects=False,
    ),
    "purge": Action(
        what="with the n-th message (at) of processes of this name, all that is as old as the one "
        "before it is gone, as in a log that reached its size",
        needs={"process": TEXT},
        may={"at": WHOLE},
        selects=False,
    ),
    "redact": Action(
        what="what processes of this name say is kept, and shown as `<private>` or as a hash",
        needs={"process": TEXT, "form": one_of("private", "hash")},
        selects=False,
    ),
}
_SHOWN = {"private": "<private>", "hash": "<mask.hash: 'Jg3OWLn0Y2bBHbxA0uNqxw=='>"}


class LogFaults:
    """What the faults of the layer ``log`` make of what a host's processes say."""

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        self._items = [item for item in items if item.get("layer") == "log"]
        self._seen: Counter[str] = Counter()

    def kept(self, process: str, message: str) -> str | None:
        """The message as the log shows it later; None if it never gets there."""
        if self._of("drop", process):
            return None
        for item in self._of("redact", process):
            message = _SHOWN[item["form"]]
        return message

    def purges(self, process: str) -> bool:
        """Whether what is older goes with this message; counts it."""
        self._seen[process] += 1
        return any(self._seen[process] == item.get("at", 1) for item in self._of("purge", process))

    def _of(self, action: str, process: str) -> list[Mapping[str, Any]]:
        wanted = (action, process)
        return [item for item in self._items if (item["action"], item["process"]) == wanted]
