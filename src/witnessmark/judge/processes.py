"""Which executions are of one process: a pid alone says little, because every host uses it again.

A process image is known by its pid and pidversion (K1). The exec record itself, which names the
image before and after, leads from one image to the next, and so does the time at which a process
began. A source that gives neither leaves it open which process of a pid a record is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from witnessmark.model.detections import ExecRef
    from witnessmark.model.events import Event, Process

Key: TypeAlias = "tuple[int, str, int]"
"""A pid with its pidversion, or with the time at which its process began."""


class Tie(Enum):
    """How an execution and the processes of a receipt belong together."""

    OURS = "it is of one of these processes, or of the file that one of them ran"
    OPEN = "it has the pid of one, and nothing says whether it is the same process"
    NONE = "it is of another process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What one source told of a receipt's processes: their executions, and those of others."""

    ids: frozenset[str] = frozenset()
    keys: frozenset[Key] = frozenset()
    others: frozenset[str] = frozenset()
    """Executions that have the pid of one of these processes and are certainly of another."""

    def tie(self, run: ExecRef) -> Tie:
        """Whether an execution that has one of the pids is of one of the processes."""
        if run.event_id in self.ids:
            return Tie.OURS
        if run.event_id in self.others:
            return Tie.NONE
        version = set() if run.pidversion is None else {(run.pid, "version", run.pidversion)}
        if version & self.keys:
            return Tie.OURS
        return Tie.NONE if _differ(version, self.keys) else Tie.OPEN


def own(
    runs: Sequence[Event], proves: Callable[[Event], bool], marked: Callable[[Event], bool]
) -> Own:
    """The executions among ``runs`` that are of the same processes as those that ``proves`` names.

    Of records that prove something, those that carry the mark count alone if there is one: a path
    such as ``/bin/sh`` is everybody's.
    """
    proving = [item for item in runs if proves(item)]
    proving = [item for item in proving if marked(item)] or proving
    ours = {item.id for item in proving}
    keys = {key for item in proving for key in _keys(item)}
    grown = True
    while grown:
        more = [item for item in runs if item.id not in ours and _keys(item) & keys]
        ours.update(item.id for item in more)
        keys.update(key for item in more for key in _keys(item))
        grown = bool(more)
    return Own(
        ids=frozenset(ours),
        keys=frozenset(keys),
        others=frozenset(
            item.id for item in runs if item.id not in ours and _differ(_keys(item), keys)
        ),
    )


def _differ(these: set[Key], known: set[Key] | frozenset[Key]) -> bool:
    """Whether both say the same thing of the same pid, and each says another."""
    told = {(pid, what) for pid, what, _ in these}
    return not these & known and any((pid, what) in told for pid, what, _ in known)


def _keys(run: Event) -> set[Key]:
    images = (run.process, run.target) if run.target is not None else ()
    return {key for image in images if image is not None for key in _image(image)}


def _image(image: Process) -> set[Key]:
    pid, version, start = image.token.pid, image.token.pidversion, image.start_ns
    said = {(pid, "version", version)} if version is not None else set()
    return said | ({(pid, "start", start)} if start is not None else set())
