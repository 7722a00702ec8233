"""Makes the rows of one host: keys that survive renames and pid reuse (K1-K3), and what each record
says on its own. Nothing is judged here; the SQL does that.

It is the embedded engine up to where that judges, so both know files and processes by one code.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING

from witnessmark.analytic import Engine
from witnessmark.analytic.identity import developer_id, untrusted
from witnessmark.analytic.lineage import XPCPROXY
from witnessmark.analytic.trace import Trace
from witnessmark.lake.cells import (
    ancestry_cell,
    inode_cell,
    known_cell,
    process_cells,
    words_cell,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from witnessmark.analytic.executions import Found
    from witnessmark.analytic.parameters import Parameters
    from witnessmark.analytic.tasks import Candidate, Image
    from witnessmark.analytic.tracked import Content, File
    from witnessmark.lake.columns import Row
    from witnessmark.model.detections import Detection
    from witnessmark.model.events import Event

FARTHEST_NS = 1 << 62
"""In 2116. Differences of times beyond it do not fit into what every engine counts with."""
MOST_PEAKS = 4_096
DIRECT, ELSEWHERE, CONTAINED = 1, 2, 3


class _Listener(Trace):
    """Told of every change of what a file holds."""

    def __init__(self) -> None:
        self.tell: Callable[[File], None] | None = None

    def holds(self, file: File) -> None:
        """A file holds other content than before, or none that counts."""
        if self.tell is not None:
            self.tell(file)


class Keys(Engine):
    """Feed it a host's events; rows go to ``ev`` and ``xp`` as soon as their turn has come."""

    def __init__(
        self,
        params: Parameters,
        host: str,
        ev: Callable[[Row], None],
        xp: Callable[[Row], None],
        *,
        resolution_ns: int = 1,
        **facts: Any,
    ) -> None:
        listener = _Listener()
        super().__init__(params, trace=listener, resolution_ns=resolution_ns, **facts)
        listener.tell = self._held
        self._host, self._ev, self._xp = host, ev, xp
        self._grain_ns = resolution_ns if resolution_ns > 1 else 0
        self.n = self.files = self.candidates = self.moves = 0
        self.peaks: list[tuple[int, int]] = []
        """Of each stretch of time up to now the latest moment: when, in moves of the clock."""
        self.misdated = 0
        """Records left out, because no clock says such a time."""

    def feed(self, event: Event) -> list[Detection]:
        """Take one event; its rows are written once its turn has come."""
        if not 0 <= event.time_ns < FARTHEST_NS:
            self.misdated += 1
            return []
        return super().feed(event)

    def parts(self) -> tuple[tuple[object, frozenset[str]], ...]:
        """What remembers events, each with the attributes that are no memory."""
        given = frozenset(vars(self._provenance)) - {"_volumes", "_under_way"}
        return (
            (self._order, frozenset(("_late_ns",))),
            (self._lineage, frozenset(("_trace", "_identity", "_keep_ns"))),
            (self._drops.table, frozenset(("_trace",))),
            (self._provenance, given),
        )

    def _settle(self) -> list[Detection]:
        now_ns = min(self._clock_ns, self._order.settled_ns())
        self.moves += 1
        while self.peaks and self.peaks[-1][1] <= now_ns:
            self.peaks.pop()
        self.peaks.append((self.moves, now_ns))
        if len(self.peaks) > MOST_PEAKS:
            del self.peaks[0]  # times have run backwards for as long
        return []

    def _latest_since(self, moves: int) -> int:
        """The latest moment since the clock had moved so often."""
        place = bisect_right(self.peaks, moves, key=itemgetter(0))
        return self.peaks[place][1] if place < len(self.peaks) else 0

    def _held(self, file: File) -> None:
        content = file.drop
        if content is None:
            row = self._row("void")
            self._ev(row | {"file": self._name(file)})
        else:
            self._hold(self._name(file), content)

    def _hold(self, name: int, content: Content) -> None:
        row = self._row("drop")
        row |= process_cells(content.writer)
        row |= {
            "file": name,
            "time_ns": content.time_ns,
            "seq": content.seq,
            "event_id": content.event_id,
            "path": content.path,
            "how": content.how,
            "possible": int(content.possible),
            "outside": int(content.outside),
            "fetched": int(self._identity.fetcher(content.writer)),
        }
        self._ev(row)

    def _row(self, kind: str) -> Row:
        self.n += 1
        return {"host": self._host, "n": self.n, "kind": kind}

    def _name(self, file: File) -> int:
        if not file.number:
            self.files += 1
            file.number = self.files
        return file.number

    def _exec(self, event: Event) -> list[Detection]:
        image = self._lineage.exec(event)
        if image is None:
            return []
        runs = self._executions.invocation(event, image.process)
        script = self._executions.script(event, runs)
        self._provenance.on_exec(event, image)
        candidate = None
        if image.process.path != XPCPROXY:
            candidate = self._a.candidate(event, image)
        executed = list(self._executed(event, image, script))
        row = self._row("exec") | process_cells(image.process)
        row |= {
            "time_ns": event.time_ns,
            "seq": event.global_seq,
            "event_id": event.id,
            "received_ns": event.received_ns,
            "script": script,
            "es_script": int(event.script is not None),
            "interpreter": int(self._identity.interpreter(image.process) is not None),
            "writable": int(self._identity.writable(image.process)),
            "untrusted": known_cell(untrusted(image.process)),
            "developer_id": int(developer_id(image.process)),
            "xpcproxy": int(image.process.path == XPCPROXY),
            "ancestry": ancestry_cell(image.task.ancestry),
            "sees_quarantine": int(self._executions.sees_quarantine),
            "grain_ns": self._grain_ns,
        }
        if candidate is not None:
            row |= self._spawned(image, candidate)
        if not any(item["live"] for item in executed):
            row |= self._open(event, image, runs, script)
        self._ev(row)
        for rank, item in enumerate(executed):
            del item["live"]
            self._xp(item | {"host": self._host, "n": self.n, "rank": rank})
        return []

    def _spawned(self, image: Image, found: Candidate) -> Row:
        if not found.number:
            self.candidates += 1
            found.number = self.candidates
        browser, since = found.browser, found.heard
        found.heard = self.moves
        return {
            "settled_ns": self._latest_since(since),
            "spawned": found.number,
            "edge": found.edge,
            "unknown": found.unknown,
            "spawn_ns": found.spawn_ns,
            "exact": int(found.exact),
            "depth": image.task.depth,
            "nth": image.task.execs,
            "excluded": known_cell(self._identity.excluded(image.process, browser)),
            "browser": None if browser is None else browser.path,
            "browser_pid": None if browser is None else browser.token.pid,
            "browser_simulated": None if browser is None else words_cell(browser.simulated),
        }

    def _open(self, event: Event, image: Image, runs: Any, script: str | None) -> Row:
        """What is missing, if it could change the answer of branch B."""
        missing = self._executions.missing(event, image.process, runs)
        if missing is not None:
            unknown = words_cell(missing.unknown)
            return {"open_rule": "B3", "open": missing.reason, "open_simulated": unknown}
        volume = self._provenance.missing(event, image, script)
        return {} if volume is None else {"open_rule": "B7", "open": volume}

    def _executed(self, event: Event, image: Image, script: str | None) -> Iterator[dict[str, Any]]:
        """Every file that an exec may have executed, the likeliest tier first."""
        live = False
        for ref, how in self._executions.refs(event, image.process, script):
            key = self._paths.key(ref.path)
            for file in self._origins.followed(ref):
                live = live or (file.drop is not None and not file.drop.outside)
                yield self._candidate(file, key, how) | {"tier": DIRECT, "live": live}
        if live:
            return
        found = self._executions.elsewhere(event, image.process)
        tier = ELSEWHERE if found is not None else CONTAINED
        found = found or self._provenance.find(event, image, script)
        if found is not None:
            yield self._guess(found) | {"tier": tier, "live": True}

    def _guess(self, found: Found) -> Row:
        """A drop that only a name, a wrapper's words or a mount lead to."""
        row = self._candidate(found.file, found.key, found.how)
        row |= {"inferred": int(found.inferred), "unwrapped": int(found.unwrapped)}
        if found.drop is not found.file.drop:
            # What a volume was mounted from counts as it was then.
            pinned = replace(found.file, drop=found.drop, number=0, keys=set())
            row["file"] = self._name(pinned)
            self._hold(pinned.number, found.drop)
        return row

    def _candidate(self, file: File, key: str, how: str) -> Row:
        return {
            "file": self._name(file),
            "key": key,
            "how": how,
            "inferred": 0,
            "unwrapped": 0,
            "quarantined": int(file.quarantined),
            "inode": inode_cell(file) if key in file.keys else None,
        }
