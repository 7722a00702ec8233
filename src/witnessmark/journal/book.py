"""Notes what happens on hosts as it happens; what is played knows nothing of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from witnessmark.model.journal import Acted, Finished, Kept, PhaseBegan, PhaseEnded, Reached
from witnessmark.model.run import Collection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from witnessmark.collect.collector import Collected
    from witnessmark.hosts.transport import Result, Scratch, Stream, Transport
    from witnessmark.journal.file import Journal
    from witnessmark.model.hosts import Host
    from witnessmark.model.run import Act, Case, HostFacts

EVERY_S = 0.5
"""Least seconds between two notes of what was collected of a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The journal as hosts' threads use it. Without a journal nothing is noted."""

    journal: Journal | None = None
    part: int = 0
    earlier: Mapping[tuple[str, str], Collected] = field(default_factory=dict)
    """Per host and source, what a controller that died had collected."""
    arrived: Mapping[tuple[str, str], Collected] = field(default_factory=dict)
    """The same of what had arrived at the source's destination."""
    under_way: Mapping[str, Sequence[tuple[Case, str]]] = field(default_factory=dict)
    """Per host, the cases that were under way then, and why they prove nothing."""

    def noting(self, transport: Transport) -> Transport:
        """The same transport; a case's script is noted before it is started and after it ended."""
        return _Noting(transport, self.journal) if self.journal else transport

    def reached(self, facts: HostFacts) -> None:
        """A host told about itself."""
        if self.journal:
            self.journal.add(Reached(at_ns=time.time_ns(), facts=facts))

    def acted(self, act: Act) -> None:
        """A case is over."""
        if self.journal:
            self.journal.add(Acted(at_ns=time.time_ns(), act=act))

    def finished(
        self,
        facts: HostFacts,
        acts: Sequence[Act],
        collected: Sequence[Collected],
        delivered: Sequence[Collected] = (),
    ) -> None:
        """A host has nothing left to play or to collect."""
        if self.journal:
            self.journal.add(
                Finished(
                    at_ns=time.time_ns(),
                    facts=facts,
                    acts=tuple(acts),
                    collections=tuple(map(collection, collected)),
                    deliveries=tuple(map(collection, delivered)),
                )
            )

    def keeping(self, delivered: str | None = None) -> Callable[[Collected], None]:
        """For one collector: notes from time to time what is new since the last note.

        ``delivered`` names the source of which it collects what arrived at its destination.
        """
        if self.journal is None:
            return lambda _so_far: None
        return _Keeping(self.journal, delivered)


def collection(item: Collected) -> Collection:
    """What was collected, as the bag holds it."""
    return Collection(
        host=item.host,
        source=item.source,
        chunks=tuple(item.chunks),
        start=item.start,
        look=item.look,
        problem=item.problem,
        holes=tuple(item.holes),
        grain_ns=item.grain_ns,
        log=item.log,
    )


class _Keeping:
    def __init__(self, journal: Journal, delivered: str | None) -> None:
        self._journal, self._delivered = journal, delivered
        self._noted: int | None = None
        self._last = 0.0

    def __call__(self, so_far: Collected) -> None:
        now = time.monotonic()
        first = self._noted is None
        if not first and (len(so_far.chunks) == self._noted or now - self._last < EVERY_S):
            return
        self._journal.add(
            Kept(
                at_ns=time.time_ns(),
                host=so_far.host,
                source=self._delivered or so_far.source,
                delivered=self._delivered is not None,
                start=so_far.start,
                chunks=tuple(so_far.chunks[self._noted or 0 :]),
                whole=first,
                holes=tuple(so_far.holes) if first else (),
                grain_ns=so_far.grain_ns,
            ),
            sync=first,
        )
        self._noted, self._last = len(so_far.chunks), now


class _Noting:
    """A transport that notes every phase: the environment of its script names it."""

    def __init__(self, inner: Transport, journal: Journal) -> None:
        self.host: Host = inner.host
        self._inner, self._journal = inner, journal

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        mark = env.get("WM_MARK")
        if mark is not None:
            self._journal.add(PhaseBegan(at_ns=time.time_ns(), mark=mark))
        result = self._inner.run(argv, env=env, timeout_s=timeout_s, cancelled=cancelled)
        if mark is not None:
            self._journal.add(PhaseEnded(at_ns=time.time_ns(), mark=mark, status=result.status))
        return result

    def read(self, path: str, offset: int = 0, limit: int | None = None) -> bytes:
        return self._inner.read(path, offset, limit)

    def size(self, path: str) -> int:
        return self._inner.size(path)

    def stream(self, argv: Sequence[str]) -> Stream:
        return self._inner.stream(argv)

    def scratch(self, path: str) -> Scratch:
        return self._inner.scratch(path)

    def close(self) -> None:
        self._inner.close()
