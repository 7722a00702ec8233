"""Where a source's bytes come from: a file that grows, or a command that prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from witnessmark.errors import HostError

if TYPE_CHECKING:
    from witnessmark.hosts.transport import Stream, Transport
    from witnessmark.model.hosts import Source

POLL_S = 0.05


class Feed(Protocol):
    """What a collector pulls bytes from."""

    def begin(self) -> int: ...

    def pull(self, offset: int) -> bytes: ...

    def end(self) -> None: ...


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


def feed(transport: Transport, source: Source) -> Feed:
    """The feed that a source's place asks for; whatever its kind, it is lines of text."""
    if source.path:
        return _FileFeed(transport, source.path, source.name)
    return _CommandFeed(transport, source.command or ())
