"""Unpacks gzip and zstd as they are read: never more in memory than a piece at a time."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final, Protocol

from witnessmark.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
PIECE: Final = 1 << 18
"""Bytes that come out at a time, at most: what is small packed may be large."""
CUT: Final = "the compressed data ends too early: what came before was read"
BROKEN: Final = "the compressed data is damaged: what came before was read"


class _Unpacker(Protocol):
    """One packed member of a file."""

    def more(self, data: bytes) -> Iterator[bytes]:
        """What comes out of packed bytes."""

    @property
    def rest(self) -> bytes | None:
        """The packed bytes behind the member's end; None before it."""


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    def more(self, data: bytes) -> Iterator[bytes]:
        more = True
        while (data or more) and not self._inner.eof:
            found = self._inner.decompress(data, PIECE)
            data, more = self._inner.unconsumed_tail, bool(found)
            yield found

    @property
    def rest(self) -> bytes | None:
        return self._inner.unused_data if self._inner.eof else None


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstd().ZstdDecompressor()

    def more(self, data: bytes) -> Iterator[bytes]:
        yield self._inner.decompress(data, PIECE)
        while not self._inner.eof and not self._inner.needs_input:
            yield self._inner.decompress(b"", PIECE)

    @property
    def rest(self) -> bytes | None:
        return self._inner.unused_data if self._inner.eof else None


def packing(head: bytes) -> str | None:
    """What a file that begins so is packed with, or None."""
    if head.startswith(GZIP):
        return "gzip"
    return "zstd" if head.startswith(ZSTD) else None


def zstd() -> Any:
    """The module that unpacks zstd: Python's own from 3.14 on, else the extra's.

    Raises:
        UsageError: there is none.
    """
    try:
        from compression import zstd as module  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            from backports import zstd as module
        except ImportError as error:
            mend = "pip install '.[zstd]' in the project's folder"
            mend += ", or zstd -dc FILE | witnessmark ... -"
            raise UsageError(f"zstd cannot be unpacked here: {mend}") from error
    return module


def unpacked(pieces: Iterator[bytes], broken: Callable[[str], None]) -> Iterator[bytes]:
    """Pieces, unpacked where their beginning says that they are packed.

    ``broken`` is told, after all that could be read, where the rest could not.
    """
    first = next(pieces, b"")
    kind = packing(first)
    if kind is None:
        if first:
            yield first
        yield from pieces
        return
    damaged: type[Exception] = zlib.error if kind == "gzip" else zstd().ZstdError
    try:
        yield from filter(None, _members(first, pieces, _Gzip if kind == "gzip" else _Zstd))
    except EOFError:
        broken(CUT)
    except damaged:
        broken(BROKEN)


def _members(
    data: bytes, pieces: Iterator[bytes], begin: Callable[[], _Unpacker]
) -> Iterator[bytes]:
    member = begin()
    while True:
        yield from member.more(data)
        rest = member.rest
        data = (rest or b"") or next(pieces, b"")
        if rest is not None:
            while data and not (data := data.lstrip(b"\0")):
                data = next(pieces, b"")  # what pads a tape, however much; more may lie behind it
            if not data:
                return
            member = begin()
        elif not data:
            raise EOFError
