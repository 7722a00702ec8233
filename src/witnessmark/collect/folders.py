"""A folder on the controller into which a pipeline puts files of lines, plain or gzip.

A file is known by its inode, so it may be renamed; one that was compressed is known by its content.
What lay there before collection began is left alone.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.collect.feeds import GoneOn, SecondLook
from witnessmark.collect.files import MARK, MOST, unpacked
from witnessmark.errors import HostError
from witnessmark.model.run import StoreLook

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FILES = 10_000
PAUSE_S = 0.5
"""Between two looks into all of the folder."""


@dataclass(slots=True, kw_only=True)
class _Known:
    """A file and how far it was read."""

    path: Path
    start: int
    at: int
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    """Of what was collected: from ``start`` to ``at``."""
    packed: bool = False
    head: bytes = b""
    """Its first bytes: an inode that was freed may be another file's by now."""
    done: bool = False
    """Nothing more can come: a gzip file is read when it is whole."""


class FolderFeed:
    """Every file of a folder and of the folders in it, but none whose name begins with a dot."""

    patience_s, timed, grain_ns = 30.0, True, 0

    def __init__(self, host: str, folder: Path) -> None:
        self._host, self._folder = host, folder
        self._known: dict[tuple[int, int], _Known] = {}
        self._next = 0.0

    def begin(self) -> int:
        """Behind all that is there."""
        for key, path, size in self._files():
            packed = path.suffix == ".gz"
            at = len(_whole(path) or b"") if packed else size
            self._known[key] = _Known(
                path=path,
                start=at,
                at=at,
                packed=packed,
                done=packed,
                head=self._read(path, 0, MARK),
            )
        return 0

    def go_on(self, start: int, raw: Path) -> GoneOn:
        """Where each file stood is not known any more."""
        raise HostError(
            f"{self._host}: nobody knows how far the files in {self._folder} were read before the "
            "controller died; records may be lost"
        )

    def pull(self, *, last: bool) -> bytes:
        """The whole lines that came since, file by file in the order of their names."""
        if time.monotonic() < self._next and not last:
            return b""
        self._next = time.monotonic() + PAUSE_S
        there = {key: (path, size) for key, path, size in self._files()}
        found = b""
        for key, (path, size) in sorted(there.items(), key=lambda item: item[1]):
            known = self._same_file(key, path) or self._new(key, path, there)
            if known is None:
                if last:
                    raise self._wrong(path, "is no whole gzip file")
                continue
            known.path = path
            if not known.packed and size < known.at:
                raise self._wrong(path, f"shrank from {known.at} to {size} bytes")
            found += self._more(known, last=last)
        for key, known in self._known.items():
            if key not in there and known.at > known.start:
                raise self._wrong(known.path, "was taken away")
        return found

    def look(self, raw: Path, start: int, end: int, now_ns: int) -> SecondLook | None:
        """Whether what was collected is still in its files."""
        there = {key: path for key, path, _ in self._files()}
        intact = all(
            key in there and self._same(known)
            for key, known in self._known.items()
            if known.at > known.start
        )
        return SecondLook(look=StoreLook(taken_ns=now_ns, start=start, end=end, intact=intact))

    def end(self) -> None:
        """Nothing is held open."""

    def _same_file(self, key: tuple[int, int], path: Path) -> _Known | None:
        """What is known of a file, if it is still that file."""
        known = self._known.get(key)
        if known is None:
            return None
        head = self._read(path, 0, MARK)
        if head.startswith(known.head):
            known.head = head
            return known
        if known.at > known.start:
            raise self._wrong(known.path, "became another")
        del self._known[key]
        return None

    def _new(
        self, key: tuple[int, int], path: Path, there: dict[tuple[int, int], tuple[Path, int]]
    ) -> _Known | None:
        """A file that was not there before: all of it, or what its plain form did not have."""
        if path.suffix != ".gz":
            self._known[key] = _Known(path=path, start=0, at=0)
            return self._known[key]
        if _whole(path) is None:
            return None
        for old, known in list(self._known.items()):
            if old not in there and not known.packed and known.path == path.with_suffix(""):
                self._known[key] = self._known.pop(old)
                known.packed, known.path, known.head = True, path, b""
                if not self._same(self._known[key]):
                    raise self._wrong(path, "is not the file of that name that was read")
                return self._known[key]
        self._known[key] = _Known(path=path, start=0, at=0, packed=True)
        return self._known[key]

    def _more(self, known: _Known, *, last: bool) -> bytes:
        if known.done:
            return b""
        data = self._content(known, known.at)
        last, known.done = last or known.packed, known.packed
        whole = data if last else data[: data.rfind(b"\n") + 1]
        if not whole:
            return b""
        known.at += len(whole)
        known.digest.update(whole)
        return whole if whole.endswith(b"\n") else whole + b"\n"

    def _content(self, known: _Known, begin: int) -> bytes:
        """What a file holds from there on."""
        if known.packed:
            return (_whole(known.path) or b"")[begin:]
        return self._read(known.path, begin)

    def _read(self, path: Path, begin: int, count: int = -1) -> bytes:
        try:
            with path.open("rb") as handle:
                handle.seek(begin)
                return handle.read(count)
        except OSError as problem:
            raise self._wrong(path, f"cannot be read ({problem.strerror})") from problem

    def _same(self, known: _Known) -> bool:
        data = self._content(known, known.start)[: known.at - known.start]
        return hashlib.sha256(data).digest() == known.digest.digest()

    def _files(self) -> Iterator[tuple[tuple[int, int], Path, int]]:
        def refuse(problem: OSError) -> None:
            raise HostError(
                f"{self._host}: could not look at {problem.filename} ({problem.strerror})"
            ) from problem

        count = 0
        for folder, inside, names in os.walk(self._folder, onerror=refuse):
            inside[:] = [name for name in inside if not name.startswith(".")]
            for name in names:
                try:
                    found = Path(folder, name).lstat()
                except FileNotFoundError:
                    continue
                if name.startswith(".") or not stat.S_ISREG(found.st_mode):
                    continue
                count += 1
                if count > MOST_FILES or found.st_size > MOST:
                    raise self._wrong(Path(folder, name), "is one file too many, or too large")
                yield (found.st_dev, found.st_ino), Path(folder, name), found.st_size

    def _wrong(self, path: Path, what: str) -> HostError:
        return HostError(f"{self._host}: {path} {what} while it was read; records may be lost")


def _whole(path: Path) -> bytes | None:
    """The content of a gzip file; None while it is not whole."""
    try:
        return unpacked(path.read_bytes())
    except (OSError, ValueError):
        return None
