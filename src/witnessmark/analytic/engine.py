"""The embedded engine: one pass over one source's events of one host, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from witnessmark.analytic.baseline import Baseline
from witnessmark.analytic.branch_a import BranchA
from witnessmark.analytic.branch_b import BranchB
from witnessmark.analytic.drops import Drops
from witnessmark.analytic.executions import Executions
from witnessmark.analytic.identity import Identity
from witnessmark.analytic.keys import Paths
from witnessmark.analytic.lineage import Lineage
from witnessmark.analytic.misses import Miss, Misses
from witnessmark.analytic.order import Order
from witnessmark.analytic.origins import Origins
from witnessmark.analytic.pace import Ages
from witnessmark.analytic.provenance import Provenance
from witnessmark.analytic.sameness import key, tells_nothing
from witnessmark.analytic.trace import Trace
from witnessmark.model.events import Event, Kind, Process, SnapshotRow, Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from witnessmark.analytic.parameters import Parameters
    from witnessmark.model.detections import Detection
    from witnessmark.model.workflows import Workflow


def detect(
    stream: Stream,
    params: Parameters,
    *,
    baseline: Sequence[Workflow] = (),
    hashes: Mapping[str, str] | None = None,
) -> list[Detection]:
    """Every candidate of a stream that fired, was suppressed or could not be decided."""
    engine = Engine.of(stream, params, baseline=baseline, hashes=hashes)
    found = [item for event in stream.events for item in engine.feed(event)]
    return found + engine.finish()


class Ready(NamedTuple):
    """How much may be taken in at once."""

    room: int
    """So many records: the next one's time makes the old be forgotten."""
    newest_ns: int
    """None that is dated more than a second before the newest."""


class Engine:
    """The incremental form. Detections come out once nothing that is still waited for could
    change them; ``misses`` says which executions came close and which rule kept them silent, and a
    ``trace`` is told of every rule as it is applied.
    """

    def __init__(
        self,
        params: Parameters,
        *,
        snapshot: Iterable[SnapshotRow] = (),
        home_dirs: Iterable[str] = (),
        symlinks: Iterable[tuple[str, str]] = (),
        case_sensitive: bool = False,
        resolution_ns: int = 1,
        unwraps: bool = False,
        baseline: Sequence[Workflow] = (),
        hashes: Mapping[str, str] | None = None,
        trace: Trace | None = None,
    ) -> None:
        self._trace = trace = trace or Trace()
        self._paths = paths = Paths(
            home_dirs=home_dirs, symlinks=symlinks, case_sensitive=case_sensitive
        )
        self._identity = identity = Identity(params, paths)
        entries = Baseline(baseline, paths, hashes)
        late_ns = int(params.late_arrival * 1e9)
        reach = max(params.spawn_load_window, params.high_severity_within)
        self._misses = Misses(trace)
        self._order = Order(late_ns, grain_ns=resolution_ns)
        self._lineage = Lineage(identity, snapshot, int(reach * 1e9) + late_ns, trace)
        self._drops = Drops(params, paths, trace)
        self._a = BranchA(params, identity, self._lineage, entries, self._misses, trace)
        window_ns = int(params.drop_exec_window * 1e9)
        self._origins = origins = Origins(self._drops.table, paths, trace)
        self._executions = Executions(
            identity, paths, origins, window_ns, unwraps=unwraps or params.unwrap_wrappers
        )
        self._provenance = Provenance(params, paths, origins, trace)
        self._b = BranchB(
            params,
            identity,
            self._executions,
            self._provenance,
            entries,
            self._misses,
            trace,
            resolution_ns=resolution_ns,
        )
        self._keep_ns = window_ns + late_ns
        self._clock_ns = 0
        self._ages = Ages()

    @classmethod
    def of(
        cls,
        stream: Stream,
        params: Parameters,
        *,
        baseline: Sequence[Workflow] = (),
        hashes: Mapping[str, str] | None = None,
        trace: Trace | None = None,
    ) -> Engine:
        """An engine for a stream, told all that the stream knows of its host."""
        return cls(
            params,
            snapshot=stream.snapshot,
            home_dirs=stream.home_dirs,
            symlinks=stream.symlinks,
            case_sensitive=stream.case_sensitive,
            resolution_ns=stream.resolution_ns,
            unwraps=stream.lacks_wrapped_execs,
            baseline=baseline,
            hashes=hashes,
            trace=trace,
        )

    @property
    def misses(self) -> list[Miss]:
        """Near misses so far, such as ``B5: 612 s > 600 s``; the latest 10,000."""
        return list(self._misses.kept)

    @property
    def late(self) -> int:
        """Events that came later than ``late_arrival`` allows and were judged as they came."""
        return self._order.late

    @property
    def unresolved(self) -> int:
        """Processes of which nobody saw the parent: whether a browser began them is open (A7)."""
        return self._lineage.unresolved

    @property
    def began_idle_ns(self) -> int:
        """What time it was at the last event, as far as no single record is trusted."""
        return self._order.pace.now_ns

    def feed(self, event: Event) -> list[Detection]:
        """Take one event; what can be answered now."""
        if self._order.straight(event):
            found = self._step(event)
        else:
            found = [item for ready in self._order.feed(event) for item in self._step(ready)]
        return found + self._settle()

    def ready(self, first: int) -> Ready | None:
        """How many records from this number on may be taken in at once; None if not even one may.

        Only where nothing is waited for and nobody listens. Then ``passed`` notes their times, and
        ``step`` takes those that matter, each before the ``due`` of its moment.
        """
        if self._trace.on or not self._order.follows(first):
            return None
        return Ready(self._ages.room, self._order.newest_ns)

    def passed(self, first: int, times: list[int]) -> None:
        """Note records, numbered from ``first``, whose turn has come."""
        self._clock_ns = max(self._clock_ns, *times)
        self._ages.passed(times)
        self._order.passed(first, times)

    def says_nothing_new(self, seen: Process) -> bool:
        """Whether a record tells nothing of the process that acted, which is well known."""
        image = self._lineage.images.get(key(seen.token))
        return image is not None and tells_nothing(image.process, seen)

    @property
    def recent(self) -> tuple[int, ...]:
        """The times of the last records, one less than tell that time has gone on."""
        return self._order.pace.recent

    @property
    def waits(self) -> bool:
        """Whether an alert waits for its window to close."""
        return self._a.waits

    def due(self, now_ns: int) -> Iterator[Detection]:
        """Alerts whose window has closed by a moment that no single record decides."""
        return self._a.due(now_ns)

    def advance(self, now_ns: int) -> list[Detection]:
        """Let time pass without an event, as on a quiet live stream."""
        found = [item for ready in self._order.advance(now_ns) for item in self._step(ready)]
        return found + list(self._a.due(self._order.settled_ns()))

    def finish(self) -> list[Detection]:
        """The stream has ended: everything that still waits."""
        found = [item for ready in self._order.finish() for item in self._step(ready)]
        return found + list(self._a.due(None))

    def _step(self, event: Event) -> list[Detection]:
        self._clock_ns = max(self._clock_ns, event.time_ns)
        self._trace.begin(event)
        now_ns = self._ages.move(event.time_ns)
        if now_ns is not None:
            self._lineage.prune(now_ns)
            self._drops.table.prune(now_ns - self._keep_ns)
            self._b.prune(now_ns)
        return self.step(event)

    def step(self, event: Event) -> list[Detection]:
        """What an event means, its turn having come."""
        if event.kind is Kind.FORK:
            self._lineage.fork(event)
        elif event.kind is Kind.EXEC:
            return self._exec(event)
        elif event.kind is Kind.EXIT:
            self._lineage.exit(event)
            self._provenance.on_exit(event)
        elif event.kind in (Kind.MOUNT, Kind.UNMOUNT):
            self._provenance.on_mount(event)
        else:
            self._lineage.learn(event.process, event.time_ns)
            self._drops.on_file(event)
        return []

    def _exec(self, event: Event) -> list[Detection]:
        image = self._lineage.exec(event)
        if image is None:
            return []
        runs = self._executions.invocation(event, image.process)
        script = self._executions.script(event, runs)
        self._trace.ran(image, script)
        self._provenance.on_exec(event, image)
        holds = self._a.on_exec(event, image, script)
        found = self._b.on_exec(event, image, runs, script, holds)
        return [] if found is None else [found]

    def _settle(self) -> list[Detection]:
        if not self._a.waits:
            return []
        return list(self._a.due(min(self._clock_ns, self._order.settled_ns())))
