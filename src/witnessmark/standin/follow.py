"""Follows a file that grows, as a log shipper does: through rotation, truncation and a restart."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHUNK = 1 << 20
_MARK = 64


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file was read, and by what to know it again."""

    device: int
    inode: int
    offset: int
    mark: str
    """The last bytes before the offset, as hex: a file truncated and grown again has others."""

    def as_json(self) -> dict[str, object]:
        """As it is kept between two starts."""
        return asdict(self)


class Follower:
    """Gives the whole lines of a file once each, in order, however it is rotated."""

    def __init__(self, path: Path, since: Position | None, warn: Callable[[str], None]) -> None:
        self._path = path
        self._since = since
        self._warn = warn
        self._fd: int | None = None
        self._offset = 0
        self._mark = b""

    def lines(self) -> list[bytes]:
        """Every line that came since the last call; none while there is no such file."""
        found: list[bytes] = []
        while self._open():
            found += self._rest()
            if not self._rotated():
                break
            found += self._rest(torn=True)  # what was written before the writer let go of it
            self.close()
        return found

    def position(self) -> Position | None:
        """Behind the last line that was given; None before there was a file."""
        if self._fd is None:
            return self._since
        found = os.fstat(self._fd)
        return Position(found.st_dev, found.st_ino, self._offset, self._mark.hex())

    def close(self) -> None:
        """Let the file go."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd, self._offset, self._mark = None, 0, b""

    def _open(self) -> bool:
        if self._fd is not None:
            return True
        since, self._since = self._since, None
        path = (self._old(since) if since else None) or self._path
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._since = since
            return False
        if since is not None:
            self._resume(since)
        return True

    def _old(self, since: Position) -> Path | None:
        """Where the file lies now that was read last; it may have been rotated meanwhile."""
        for item in sorted(self._path.parent.glob(f"{self._path.name}*")):
            found = item.stat()
            if (found.st_dev, found.st_ino) == (since.device, since.inode):
                return item
        return None

    def _resume(self, since: Position) -> None:
        assert self._fd is not None
        found = os.fstat(self._fd)
        if (found.st_dev, found.st_ino) == (since.device, since.inode):
            self._offset, self._mark = since.offset, bytes.fromhex(since.mark)
        else:
            self._warn(f"{self._path}: the file read last is gone; beginning with this one")

    def _rest(self, *, torn: bool = False) -> list[bytes]:
        """Whole lines up to the end; with ``torn`` also a last one without its line end."""
        assert self._fd is not None
        self._notice_truncation(self._fd)
        found: list[bytes] = []
        size = CHUNK
        while data := os.pread(self._fd, size, self._offset):
            whole, newline, _rest = data.rpartition(b"\n")
            if not newline:
                if len(data) == size:
                    size *= 2
                    continue
                if torn:
                    found.append(data + b"\n")
                    self._advance(data)
                break
            found += (line + b"\n" for line in whole.split(b"\n"))
            self._advance(whole + newline)
        return found

    def _advance(self, data: bytes) -> None:
        self._offset += len(data)
        self._mark = (self._mark + data)[-_MARK:]

    def _notice_truncation(self, fd: int) -> None:
        start = self._offset - len(self._mark)
        if self._offset and os.pread(fd, len(self._mark), start) != self._mark:
            self._warn(f"{self._path}: truncated; reading it from its beginning")
            self._offset, self._mark = 0, b""

    def _rotated(self) -> bool:
        assert self._fd is not None
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False  # renamed, and not made anew yet
        ours = os.fstat(self._fd)
        return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)
