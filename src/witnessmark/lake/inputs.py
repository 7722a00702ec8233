"""Reads telemetry files on from where a lake left off: by their bytes, whatever they are called."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from witnessmark.lake.manifest import Taken

CHUNK: Final = 1 << 20


class Input:
    """One file: its bytes that a lake holds are passed over, the rest comes line by line."""

    def __init__(self, file: BinaryIO, taken: Iterable[Taken]) -> None:
        self._file = file
        self._hash: Any = hashlib.sha256()
        self.lines = self.bytes = self.passed = 0
        self.unfinished = False
        """Whether the last line was left for the next run: its end is still to be written."""
        if file.seekable():
            self._pass(list(taken))

    def sha256(self) -> str:
        """Of every byte up to here, those that were passed over too."""
        digest: str = self._hash.hexdigest()
        return digest

    def rest(self) -> Iterator[bytes]:
        """Lines that are new and complete."""
        for line in self._file:
            if not line.endswith(b"\n") and not _complete(line):
                self.unfinished = True
                return
            self._hash.update(line)
            self.lines += 1
            self.bytes += len(line)
            yield line

    def _pass(self, taken: list[Taken]) -> None:
        begin = self._file.tell()
        running: Any = hashlib.sha256()
        read = 0
        for size in sorted({item.bytes for item in taken}):
            if not _advance(self._file, running, size - read):
                break
            read = size
            digest = running.hexdigest()
            same = [item for item in taken if item.bytes == size and item.sha256 == digest]
            if same:
                self._hash = running.copy()
                self.lines, self.bytes, self.passed = same[0].lines, size, size
        self._file.seek(begin + self.bytes)


def _advance(file: BinaryIO, running: Any, wanted: int) -> bool:
    """Whether there were as many bytes."""
    while wanted:
        chunk = file.read(min(CHUNK, wanted))
        if not chunk:
            return False
        running.update(chunk)
        wanted -= len(chunk)
    return True


def _complete(line: bytes) -> bool:
    """Whether a line without an end is a whole record all the same."""
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
