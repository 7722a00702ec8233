"""Where a source's bytes come from: a file that grows, a command that prints, a log server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from witnessmark.errors import HostError

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.hosts.transport import Stream, Transport
    from witnessmark.model.hosts import Source
    from witnessmark.model.run import StoreLook
    from witnessmark.model.unifiedlog import LogLook

POLL_S = 0.05
HEAD = 1 << 18
"""Bytes of a store's beginning that are kept to learn its oldest record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneOn:
    """How a feed goes on with what an earlier controller had collected into the same raw file."""

    had: int
    """Bytes of the raw file that are kept of it."""
    at: int
    """Up to here in the raw file, what is there or about to come has no known time."""
    lost: bool
    """Whether what came while no controller was there is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLook:
    """A source's store once more, at the end of a run."""

    look: StoreLook
    head: bytes = b""
    """Lines of its beginning."""
    log: LogLook | None = None
    """Of a unified log, what was learnt of it besides."""


class Feed(Protocol):
    """What a collector pulls bytes from."""

    patience_s: float
    """How long it may take to stop."""
    timed: bool
    """Whether the bytes that were pulled last came just then; else nobody knows when."""
    grain_ns: int
    """How long before they were pulled timed bytes may have been there."""

    def begin(self) -> int:
        """Begin; where in the store, for one that is a file."""
        ...

    def go_on(self, start: int, raw: Path) -> GoneOn:
        """Begin behind what an earlier controller kept in ``raw``."""
        ...

    def pull(self, *, last: bool) -> bytes:
        """What has come since; nothing if there is nothing. ``last``: there will be no other."""
        ...

    def look(self, raw: Path, start: int, end: int, now_ns: int) -> SecondLook | None:
        """Look whether what was collected is still there; None for what keeps nothing."""
        ...

    def end(self) -> None:
        """Let go; also of what never began."""
        ...


class CommandFeed:
    """A command on the host that prints records until its pipe is closed."""

    patience_s, timed, grain_ns = 30.0, True, 0

    def __init__(self, transport: Transport, argv: tuple[str, ...]) -> None:
        self._transport, self._argv = transport, argv
        self._stream: Stream | None = None

    def begin(self) -> int:
        self._stream = self._transport.stream(self._argv)
        return 0

    def go_on(self, start: int, raw: Path) -> GoneOn:
        had = at = raw.stat().st_size
        if had and not raw.read_bytes().endswith(b"\n"):
            with raw.open("ab") as out:
                out.write(b"\n")  # the line that was cut ends here, and spoils no line after it
            at += 1
        self.begin()
        return GoneOn(had=had, at=at, lost=True)

    def pull(self, *, last: bool) -> bytes:
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

    def look(self, raw: Path, start: int, end: int, now_ns: int) -> SecondLook | None:
        return None

    def end(self) -> None:
        if self._stream is not None:
            self._stream.close()


def feed(transport: Transport, source: Source, raw: Path) -> Feed:
    """The feed that a source's place asks for; whatever its kind, it is lines of text."""
    if source.search is not None:
        from witnessmark.collect.searching import SearchFeed, connect

        deadline = {"deadline_s": source.destination.deadline_s} if source.destination else {}
        return SearchFeed(connect, source.search, host=transport.host.name, raw=raw, **deadline)
    if source.unified_log is not None:
        from witnessmark.collect.logstream import LogStreamFeed
        from witnessmark.collect.unifiedlog import LogFeed

        read = LogStreamFeed if source.unified_log.read == "stream" else LogFeed
        events = source.kind == "eslogger-oslog"
        return read(transport, source.unified_log, raw, events=events)
    if source.path:
        from witnessmark.collect.files import FileFeed

        return FileFeed(transport, source.path)
    return CommandFeed(transport, source.command or ())
