"""Runs the analytic over each host's files: here one after another, or in processes of their own.

What is printed does not depend on which: hosts come in the order in which they were named.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, NamedTuple

from witnessmark.cli.engines import Engines, stream
from witnessmark.errors import UsageError
from witnessmark.telemetry.decoder import Decoder
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.analytic import Parameters
    from witnessmark.cli.printing import Outlet, Printer
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Coverage, SnapshotRow
    from witnessmark.model.workflows import Workflow


class Group(NamedTuple):
    """One host's files."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with each group."""

    kind: str
    parameters: Parameters
    baseline: tuple[Workflow, ...]
    snapshot: Sequence[SnapshotRow]
    by_record: bool
    follow: bool

    def run(self, group: Group, outlet: Outlet) -> bool:
        """Whether these are of the kind: false if there are lines, but not one of it."""
        source = decoder_of(self.kind)
        # Of a bad line only the number is told; kept, they could fill the memory.
        decoder = Decoder(
            source, host=group.name, source=self.kind, by_record=self.by_record, trouble=_uncounted
        )
        engines = Engines(self.parameters, source, baseline=self.baseline, snapshot=self.snapshot)
        return stream(group.members, decoder, engines, outlet, self.follow)


def _uncounted(_: object) -> None:
    """The decoder counts them."""


class _Kept:
    """What a printer is to be told, in a process that prints nothing."""

    def __init__(self) -> None:
        self.found: list[Detection] = []
        self.sums = _Looks()
        self.host_said: dict[str, Any] = {}

    def detection(self, found: Detection) -> None:
        self.found.append(found)

    def host(self, names: Sequence[str], coverage: Coverage, **said: int) -> None:
        self.host_said = {"names": names, "coverage": coverage, **said}

    def tell(self, printer: Printer) -> None:
        """Tell it."""
        for item in self.found:
            printer.detection(item)
        for path, filled in self.sums.kept:
            printer.sums.looked(path, filled=filled)
        printer.host(**self.host_said)


class _Looks:
    def __init__(self) -> None:
        self.kept: list[tuple[str, bool]] = []

    def looked(self, path: str, *, filled: bool) -> None:
        self.kept.append((path, filled))


def outcomes(
    task: Task, groups: Sequence[Group], printer: Printer, jobs: int
) -> Iterator[tuple[Group, bool]]:
    """Each group and whether its lines are of the kind, after the printer was told of it.

    Raises:
        UsageError: a process of its own ended before its file did.
    """
    if jobs == 1 or len(groups) == 1:
        yield from ((group, task.run(group, printer)) for group in groups)
        return
    # A fork of a process with threads is asking for trouble, and Python says so.
    with ProcessPoolExecutor(min(jobs, len(groups)), get_context("spawn")) as pool:
        try:
            answers = pool.map(partial(_apart, task), groups)
            for group, (kept, known) in zip(groups, answers, strict=True):
                kept.tell(printer)
                yield group, known
        except BrokenProcessPool as error:
            raise UsageError("a process that read a file was ended: use fewer --jobs") from error


def _apart(task: Task, group: Group) -> tuple[_Kept, bool]:
    kept = _Kept()
    return kept, task.run(group, kept)
