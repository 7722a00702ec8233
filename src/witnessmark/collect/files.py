"""A file of lines on a host that grows, followed through its rotation, also into gzip.

A rotated file is known by its first bytes and by those that were read last, whatever it is called
by then: ``name.0``, ``name.1`` (newsyslog, logrotate), each perhaps with ``.gz``. What was added to
it is read there until the new file has a line: then whoever writes has let go of the old one. Where
the old file is not found, or one between is missing, records may be lost, and that is said.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.collect.feeds import HEAD, GoneOn, SecondLook
from witnessmark.errors import HostError
from witnessmark.model.run import StoreLook

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.hosts.transport import Transport

MARK = 256
"""Bytes of a file's beginning, and of what was read last, by which it is known again."""
GENERATIONS = 10
GRACE_S = 30.0
"""How long it may take to compress a file that was put aside."""
PAUSE_S = 1.0
"""Between two looks into it."""
MOST = 1 << 30
"""Bytes that one rotated file may have."""


@dataclass(frozen=True, slots=True)
class _Old:
    """A rotated file: its number, its name, and all of it."""

    number: int
    name: str
    data: bytes


class FileFeed:
    """A file on the host that a sensor appends to."""

    patience_s, timed, grain_ns = 30.0, True, 0

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport, self._path = transport, path
        self._at = 0
        self._head = self._tail = b""
        self._rotated = self._compressing = False
        self._since: float | None = None
        """Since when a rotation is under way, and when to look into the old file again."""
        self._next = 0.0

    def begin(self) -> int:
        """Where the file ends now."""
        self._know(self._transport.size(self._path))
        return self._at

    def go_on(self, start: int, raw: Path) -> GoneOn:
        """Behind what an earlier controller kept, if it is the same file still."""
        size, had = self._transport.size(self._path), raw.stat().st_size
        if size < start + had or self._read(start, had) != raw.read_bytes():
            raise HostError(
                f"{self._where} is not the file any more that was read before the controller died "
                "(rotated or truncated); records may be lost"
            )
        self._know(start + had)
        return GoneOn(had=had, at=size - start, lost=False)

    def pull(self, *, last: bool) -> bytes:
        """What was appended since, in this file or in what it became."""
        try:
            size = self._transport.size(self._path)
        except HostError as problem:
            return self._turned(0, last, problem)
        if size < self._at:
            return self._turned(size, last, self._shrank(size))
        if size == self._at:
            return b""
        data = self._read(self._at, size - self._at)
        if self._head and self._read(0, len(self._head)) != self._head:
            return self._turned(size, last, self._shrank(size))
        self._took(data)
        self._since = None
        return data

    def look(self, raw: Path, start: int, end: int, now_ns: int) -> SecondLook | None:
        """Whether what was collected is still in the file and in those that it was rotated into."""
        try:
            size = self._transport.size(self._path)
            head = self._read(0, HEAD)
            again = self._again(raw.read_bytes()[: end - start], start, end)
        except HostError as problem:
            lost = StoreLook(taken_ns=now_ns, start=start, end=end, problem=str(problem))
            return SecondLook(look=lost)
        look = StoreLook(taken_ns=now_ns, start=start, end=end, size=size, intact=again)
        return SecondLook(look=look, head=head)

    def end(self) -> None:
        """Nothing is held open."""

    @property
    def _where(self) -> str:
        return f"{self._transport.host.name}: {self._path}"

    def _read(self, offset: int, count: int) -> bytes:
        return self._transport.read(self._path, offset, count) if count else b""

    def _know(self, size: int) -> None:
        self._at = size
        self._head = self._read(0, min(MARK, size))
        begin = max(0, size - MARK)
        self._tail = self._read(begin, size - begin)

    def _took(self, data: bytes) -> None:
        self._at += len(data)
        if len(self._head) < MARK:
            self._head += data[: MARK - len(self._head)]
        self._tail = (self._tail + data)[-MARK:]

    def _shrank(self, size: int) -> HostError:
        what = f"shrank from {self._at} to {size} bytes" if size < self._at else "became another"
        return HostError(
            f"{self._where} {what} while it was read (rotated or truncated); records may be lost"
        )

    def _turned(self, size: int, last: bool, problem: HostError) -> bytes:
        """What the old file got since, and once there is a new one, all of the files between.

        Raises:
            HostError: the old file is not found, or cannot be read for longer than it may take.
        """
        now = time.monotonic()
        if not self._head:
            if self._rotated:
                return b""  # the new file is not there yet
            raise problem
        if now < self._next and not last:
            return b""
        self._since = now if self._since is None else self._since
        self._next = now + PAUSE_S
        found = self._old()
        if found is None:
            if self._compressing and not last and now - self._since < GRACE_S:
                return b""
            raise problem
        rest, later = found
        if size or later or last:
            self._at, self._head, self._tail = 0, b"", b""
            self._rotated, self._since = True, None
            return rest + later
        self._took(rest)
        return rest

    def _old(self) -> tuple[bytes, bytes] | None:
        """The rest of the old file, and what came after it; None where it is not found whole."""
        self._compressing = False
        later: list[bytes] = []
        for number in range(GENERATIONS):
            found = self._generation(number)
            if self._compressing or (found is None and later):
                return None
            if found is None:
                continue
            if self._is_ours(found.data):
                whole = self._again_there(found)
                return (found.data[self._at :], b"".join(reversed(later))) if whole else None
            later.append(found.data)
        return None

    def _is_ours(self, data: bytes) -> bool:
        tail = data[max(0, self._at - len(self._tail)) : self._at]
        return data.startswith(self._head) and tail == self._tail

    def _again_there(self, found: _Old) -> bool:
        """Whether it is still called that, so that nothing moved on while it was read."""
        again = self._generation(found.number)
        moved = again is None or not again.data.startswith(found.data)
        self._compressing = moved  # so that it is looked for again
        return not moved

    def _generation(self, number: int) -> _Old | None:
        plain = f"{self._path}.{number}"
        for name in (plain, f"{plain}.gz"):
            try:
                size = self._transport.size(name)
            except HostError:
                continue
            if size > MOST:
                raise HostError(f"{self._transport.host.name}: {name} is too large to be read")
            data = self._transport.read(name, 0, size)
            if name != plain:
                try:
                    data = unpacked(data)
                except ValueError:
                    self._compressing = True
                    continue
            return _Old(number, name, data)
        return None

    def _again(self, kept: bytes, start: int, end: int) -> bool:
        """Whether the bytes that were collected can still be read there, one after the other."""
        if not self._rotated:
            return self._read(start, end - start) == kept
        found = [self._generation(number) for number in range(GENERATIONS)]
        older = b"".join(item.data for item in reversed(found) if item is not None)
        return kept in older + self._read(0, self._at)


def unpacked(data: bytes) -> bytes:
    """The content of a gzip file (RFC 1952). Raises ValueError if it is not whole."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(data, MOST)
    except zlib.error as problem:
        raise ValueError(str(problem)) from problem
    if not unpacking.eof:
        raise ValueError("not whole")
    return found
