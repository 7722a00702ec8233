"""Collects one source of one host while the scenarios run: a growing file or a live command."""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from witnessmark.errors import HostError, Unsupported
from witnessmark.model.run import StoreLook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from witnessmark.hosts.transport import Stream, Transport
    from witnessmark.model.hosts import Source

POLL_S = 0.05
HEAD = 1 << 18
"""Bytes of a store's beginning that are kept to learn its oldest record."""


@dataclass(slots=True, kw_only=True)
class Collected:
    """What a collector brought home. ``problem`` means: could not look, so silence says nothing."""

    host: str
    source: str
    chunks: list[tuple[int, int]] = field(default_factory=list)
    """(end byte offset in the raw file, received_at in nanoseconds UTC) per chunk."""
    start: int = 0
    """Byte offset in the source's store at which collection began."""
    head: bytes = b""
    look: StoreLook | None = None
    problem: str | None = None


class _Feed(Protocol):
    def begin(self) -> int: ...

    def pull(self, offset: int) -> bytes: ...

    def end(self) -> None: ...


class Collector:
    """A thread that appends a source's bytes to ``raw`` until it is told to stop."""

    def __init__(
        self,
        transport: Transport,
        source: Source,
        raw: Path,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.result = Collected(host=transport.host.name, source=source.name)
        self._feed = _feed(transport, source)
        self._raw = raw
        self._clock = clock
        self._stop = threading.Event()
        self._seen = threading.Condition()
        self._needles: dict[bytes, bool] = {}
        self._transport, self._source = transport, source
        self._thread = threading.Thread(
            target=self._run, name=f"collect-{transport.host.name}-{source.name}", daemon=True
        )

    def start(self) -> None:
        """Begin at the end of what the source holds now; returns once collection really runs."""
        try:
            self.result.start = self._feed.begin()
            self._raw.touch()
        except HostError as problem:
            self.result.problem = str(problem)
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
            self._thread.join(30.0)
            if self._thread.is_alive():
                self.result.problem = f"{self.result.host}: {self.result.source} did not stop"
        if self._source.path and self.result.problem is None:
            self._look()
        return self.result

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
        offset = self.result.start
        tail = b""
        with self._raw.open("ab") as out:
            while True:
                last = self._stop.is_set()
                data = self._feed.pull(offset)
                if data:
                    offset += len(data)
                    out.write(data)
                    out.flush()
                    self.result.chunks.append((offset - self.result.start, self._clock()))
                    tail = self._notice(tail + data)
                elif last:
                    return
                else:
                    self._stop.wait(POLL_S)

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
        path, start = self._source.path or "", self.result.start
        end = start + (self.result.chunks[-1][0] if self.result.chunks else 0)
        now = self._clock()
        try:
            size = self._transport.size(path)
            self.result.head = self._transport.read(path, 0, HEAD)
            again = self._transport.read(path, start, end - start) if end > start else b""
            intact = again == self._raw.read_bytes()[: end - start]
        except HostError as problem:
            self.result.look = StoreLook(taken_ns=now, start=start, end=end, problem=str(problem))
            return
        except OSError as problem:
            self.result.problem = self._unkept(problem)
            return
        self.result.look = StoreLook(taken_ns=now, start=start, end=end, size=size, intact=intact)


class _FileFeed:
    """A file on the host that a sensor appends to."""

    def __init__(self, transport: Transport, path: str, name: str) -> None:
        self._transport, self._path, self._name = transport, path, name

    def begin(self) -> int:
        return self._transport.size(self._path)

    def pull(self, offset: int) -> bytes:
        size = self._transport.size(self._path)
        if size < offset:
            raise HostError(
                f"{self._transport.host.name}: {self._path} shrank from {offset} to {size} bytes "
                "while it was read (rotated or truncated); records may be lost"
            )
        return self._transport.read(self._path, offset, size - offset) if size > offset else b""

    def end(self) -> None:
        return None


class _CommandFeed:
    """A command on the host that prints records until its pipe is closed."""

    def __init__(self, transport: Transport, argv: tuple[str, ...]) -> None:
        self._transport, self._argv = transport, argv
        self._stream: Stream | None = None

    def begin(self) -> int:
        self._stream = self._transport.stream(self._argv)
        return 0

    def pull(self, offset: int) -> bytes:
        if self._stream is None:
            raise HostError(f"{self._transport.host.name}: the sensor command never started")
        data = self._stream.read(POLL_S)
        if data is None:
            said = self._stream.stderr().decode(errors="replace").strip()[:300]
            raise HostError(
                f"{self._transport.host.name}: {self._argv[0]} ended by itself"
                f"{': ' + said if said else ''}; does it have the rights it needs?"
            )
        return data

    def end(self) -> None:
        if self._stream is not None:
            self._stream.close()


def _feed(transport: Transport, source: Source) -> _Feed:
    if source.kind != "eslogger":
        raise Unsupported(
            f"{transport.host.name}: source {source.name} has kind {source.kind}, "
            "which this version cannot collect; it collects eslogger"
        )
    if source.path:
        return _FileFeed(transport, source.path, source.name)
    return _CommandFeed(transport, source.command or ())
