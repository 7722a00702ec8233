"""Collects one source of one host while the scenarios run: a growing file or a live command."""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from witnessmark.collect.feeds import POLL_S, feed
from witnessmark.collect.receipts import Receipts
from witnessmark.errors import HostError
from witnessmark.model.parts import Hole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from witnessmark.collect.feeds import Feed
    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Source
    from witnessmark.model.run import StoreLook
    from witnessmark.model.unifiedlog import LogLook


@dataclass(slots=True, kw_only=True)
class Collected:
    """What a collector brought home. ``problem`` means: could not look, so silence says nothing."""

    host: str
    source: str
    chunks: list[tuple[int, int | None]] = field(default_factory=list)
    """(end byte offset in the raw file, received_at in nanoseconds UTC) per chunk; None where
    nobody was there to see when it came."""
    start: int = 0
    """Byte offset in the source's store at which collection began."""
    head: bytes = b""
    look: StoreLook | None = None
    problem: str | None = None
    holes: list[Hole] = field(default_factory=list)
    log: LogLook | None = None
    grain_ns: int = 0
    """How long before a chunk's time its records may have been there, between two looks."""


class Collector:
    """A thread that appends a source's bytes to ``raw`` until it is told to stop."""

    def __init__(
        self,
        transport: Transport,
        source: Source,
        raw: Path,
        clock: Callable[[], int] = time.time_ns,
        *,
        earlier: Collected | None = None,
        part: int = 0,
        kept: Callable[[Collected], None] = lambda _so_far: None,
        place: Feed | None = None,
    ) -> None:
        """``earlier`` is what a controller that died had collected into the same raw file.

        ``kept`` is told what has been collected so far: at the start and at every look after it.
        ``place`` is where the bytes come from, if the source itself does not say it.
        """
        self.result = earlier or Collected(host=transport.host.name, source=source.name)
        self._earlier, self._part, self._kept = earlier is not None, part, kept
        self._feed = place or feed(transport, source, raw)
        self._raw = raw
        asked = source.command is not None or source.unified_log is not None
        self._receipts = Receipts(raw) if asked else None
        self._clock = clock
        self._stop = threading.Event()
        self._seen = threading.Condition()
        self._needles: dict[bytes, bool] = {}
        self._thread = threading.Thread(
            target=self._run, name=f"collect-{transport.host.name}-{source.name}", daemon=True
        )

    def start(self) -> None:
        """Begin at the end of what the source holds now; returns once collection really runs.

        After an earlier controller: go on behind the last byte that it kept.
        """
        try:
            self._raw.touch()
            if self._earlier:
                self._go_on()
            else:
                self.result.start = self._feed.begin()
            self._kept(self.result)
        except HostError as problem:
            self.result.problem = str(problem)
            self._feed.end()
        except OSError as problem:
            self.result.problem = self._unkept(problem)
            self._feed.end()
        else:
            self._thread.start()

    def wait_for(self, needle: bytes, timeout_s: float) -> bool:
        """Wait until a complete line that holds ``needle`` is in; False after the timeout."""
        with self._seen:
            self._needles.setdefault(needle, self._already(needle))
            return (
                self._seen.wait_for(
                    lambda: self._needles[needle] or self.result.problem is not None, timeout_s
                )
                and self._needles[needle]
            )

    def finish(self) -> Collected:
        """Stop, read what came in last, and take the second look into the store."""
        self._stop.set()
        if self._thread.ident is None and self.result.problem is None:
            self.result.problem = f"{self.result.host}: {self.result.source} was never collected"
        if self._thread.is_alive():
            self._thread.join(self._feed.patience_s)
            if self._thread.is_alive():
                self.result.problem = f"{self.result.host}: {self.result.source} did not stop"
        if self.result.problem is None:
            self._look()
        return self.result

    def _go_on(self) -> None:
        """Mark where the earlier controller stopped; what came since then has no known time."""
        done = self.result
        found = self._feed.go_on(done.start, self._raw)
        if self._receipts is not None:
            self._receipts.catch_up(self._raw)
        done.chunks = [chunk for chunk in done.chunks if chunk[0] <= found.had]
        if found.at > (done.chunks[-1][0] if done.chunks else 0):
            done.chunks.append((found.at, None))
        done.holes.append(Hole(part=self._part, offset=found.had, lost=found.lost))

    def _already(self, needle: bytes) -> bool:
        return self._raw.exists() and any(
            needle in line for line in self._raw.read_bytes().split(b"\n")[:-1]
        )

    def _run(self) -> None:
        try:
            try:
                self._collect()
            finally:
                self._feed.end()
        except HostError as problem:
            self._broke(str(problem))
        except OSError as problem:
            self._broke(self._unkept(problem))
        except Exception as problem:  # noqa: BLE001 - a thread that dies silently looks like silence
            trace = "".join(traceback.format_exception(problem))
            self._broke(f"{self.result.host}: collecting {self.result.source} failed\n{trace}")

    def _collect(self) -> None:
        size = self._raw.stat().st_size
        known = self.result.chunks[-1][0] if self.result.chunks else 0
        tail = b""
        with self._raw.open("ab") as out:
            while True:
                last = self._stop.is_set()
                data = self._feed.pull(last=last)
                if data:
                    out.write(data)
                    out.flush()
                    self._receive(size, data, known)
                    size += len(data)
                    tail = self._notice(tail + data)
                elif last:
                    return
                else:
                    self._stop.wait(POLL_S)
                self._kept(self.result)

    def _receive(self, at: int, data: bytes, known: int) -> None:
        """Note when a chunk came; up to ``known`` nobody saw when."""
        received = self._clock() if self._feed.timed and at + len(data) > known else None
        if self._receipts is not None:
            self._receipts.note(at, data, received)
        if at + len(data) > known:
            self.result.chunks.append((at + len(data), received))
            self.result.grain_ns = max(self.result.grain_ns, self._feed.grain_ns)

    def _broke(self, why: str) -> None:
        """Whoever waits is told that nothing more will come."""
        with self._seen:
            self.result.problem = self.result.problem or why
            self._seen.notify_all()

    def _unkept(self, problem: OSError) -> str:
        where = f"{self.result.host}: {self.result.source}"
        return f"{where}: what was collected could not be kept ({problem.strerror or problem})"

    def _notice(self, data: bytes) -> bytes:
        complete, newline, rest = data.rpartition(b"\n")
        if not newline:
            return rest
        with self._seen:
            for needle in self._needles:
                if needle in complete:
                    self._needles[needle] = True
            self._seen.notify_all()
        return rest

    def _look(self) -> None:
        start = self.result.start
        end = start + (self.result.chunks[-1][0] if self.result.chunks else 0)
        try:
            found = self._feed.look(self._raw, start, end, self._clock())
        except HostError as problem:
            self.result.problem = str(problem)
        except OSError as problem:
            self.result.problem = self._unkept(problem)
        else:
            if found is not None:
                self.result.look, self.result.head = found.look, found.head
                self.result.log = found.log
