"""What a log server gives, page by page: each hit as it came, and the sensor's record in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One record of a log server."""

    key: str
    """What tells it from every other record there."""
    time_ns: int | None
    """When it happened, as the server understood it; None: it does not say."""
    raw: bytes
    """The hit as it came, on one line."""
    record: bytes
    """The sensor's own record in it, on one line; the whole hit where it holds none."""
    digest: bytes
    """Of what is stored, by which a record that was changed is told; a hit itself changes with
    each answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The hits of one answer, in the server's order, and what is noted about that answer."""

    hits: tuple[Hit, ...]
    receipt: Mapping[str, object] = field(default_factory=dict)


class Server(Protocol):
    """A log server that holds a host's records."""

    def look(self, since_ns: int, until_ns: int) -> Iterator[Page]:
        """All records of the host whose times lie between two moments of its clock, in ns UTC.

        Raises:
            ServerError: the pages before may be all that there is, or may not: nobody knows.
        """
        ...

    def hit(self, raw: bytes) -> Hit:
        """A hit that was kept, read again.

        Raises:
            ServerError: it cannot be read.
        """
        ...

    def oldest(self, count: int) -> tuple[Hit, ...]:
        """The host's oldest records, the oldest first; no more than so many.

        Raises:
            ServerError: it could not be asked, or the answer cannot be relied on.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


def one_line(json: bytes) -> bytes:
    """JSON on one line; line ends inside of it are only between its parts."""
    return msgspec.json.format(json, indent=-1) if b"\n" in json or b"\r" in json else json


def record(hit: bytes, document: bytes, name: str | None) -> bytes:
    """The sensor's record in a document, on one line.

    ``name`` is the field that holds it, dots leading into objects; None: the document is it. A hit
    without that field is given whole, so that it is counted as a line that nobody can read.
    """
    if name is None:
        return one_line(document)
    try:
        found = _walk(msgspec.json.decode(document), name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return hit
    if isinstance(found, str) and found.strip():
        return b" ".join(found.encode().splitlines())
    return msgspec.json.encode(found) if isinstance(found, dict) and found else hit


def _walk(data: object, name: str) -> object:
    """A field by its name, whether its dots are objects or part of a key."""
    if not isinstance(data, dict):
        return None
    if name in data:
        return data[name]
    head, dot, rest = name.partition(".")
    return _walk(data.get(head), rest) if dot else None
