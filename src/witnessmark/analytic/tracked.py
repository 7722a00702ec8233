"""The table of files that a drop was seen of, by path and by inode (K2)."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.analytic.trace import Trace
    from witnessmark.model.events import FileRef, Process

MOST_OUTSIDE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file holds since when (B1), and who put it there."""

    time_ns: int
    seq: int | None
    event_id: str
    path: str
    writer: Process
    how: str
    possible: bool = False
    """Written through a writable mapping, perhaps."""
    outside: bool = False
    """Established outside the monitored directories: no drop while the file stays there."""


@dataclass(slots=True, eq=False)
class File:
    """One file (or directory) and every path that it is known by."""

    drop: Content | None
    """None: its content is older than anything that could fire."""
    ino: tuple[int, int] | None = None
    birth_ns: int | None = None
    quarantined: bool = False
    number: int = 0
    """Its name in a lake, once it has one."""
    keys: set[str] = field(default_factory=set)


class Table:
    """Files by canonical path and by (device, inode)."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.sees_quarantine = False
        """Whether the source records extended attributes at all: only then is none of them one."""
        self._by_key: dict[str, File] = {}
        self._by_ino: dict[tuple[int, int], File] = {}
        self._inside: Counter[str] = Counter()
        """How many paths lie right in a folder."""
        self._below: Counter[str] = Counter()
        """How many such folders lie at or below a folder."""
        self._ages: list[tuple[int, int, File]] = []
        self._aged = 0
        self._outside: deque[File] = deque()

    def __len__(self) -> int:
        return len(self._by_key)

    def at(self, key: str) -> File | None:
        """The file known by a path."""
        return self._by_key.get(key)

    def by_inode(self, ref: FileRef) -> File | None:
        """The file with a record's inode, unless its birth tells that the inode was reused."""
        ino = inode(ref)
        found = None if ino is None else self._by_ino.get(ino)
        if found is None or ino is None:
            return None
        if None not in (found.birth_ns, ref.birth_ns) and found.birth_ns != ref.birth_ns:
            del self._by_ino[ino]
            found.ino = None
            for key in tuple(found.keys):
                self.cut(key)
            return None
        return found

    def find(self, key: str, ref: FileRef) -> File | None:
        """The file of a record: by inode, else by path if no inode contradicts."""
        found = self.by_inode(ref)
        if found is None:
            found = self._by_key.get(key)
            if found is not None and contradicts(found, ref):
                return None
        return found

    def put(self, key: str, file: File) -> None:
        """Let a path lead to a file; what was there before is gone from it."""
        if self._by_key.get(key) is file:
            return
        self.cut(key)
        self._by_key[key] = file
        file.keys.add(key)
        folder = key.rpartition("/")[0]
        self._inside[folder] += 1
        if self._inside[folder] == 1:
            for each in _up(folder):
                self._below[each] += 1

    def know(self, file: File, ref: FileRef) -> None:
        """Note the inode that a record gives a file."""
        ino = inode(ref)
        if ino is None or file.ino == ino:
            return
        assert file.ino is None  # a file of another inode is never found for this record
        file.ino, file.birth_ns = ino, ref.birth_ns
        self._by_ino[ino] = file

    def hold(self, file: File, content: Content | None) -> None:
        """A file's content was established, copied, or emptied."""
        file.drop = content
        self._trace.holds(file)

    def cut(self, key: str) -> None:
        """A path leads nowhere any more; with its last path an inode's key ends too."""
        file = self._by_key.pop(key, None)
        if file is None:
            return
        file.keys.discard(key)
        folder = key.rpartition("/")[0]
        self._inside[folder] -= 1
        if not self._inside[folder]:
            del self._inside[folder]
            for each in _up(folder):
                self._below[each] -= 1
                if not self._below[each]:
                    del self._below[each]
        if not file.keys and file.ino is not None and self._by_ino.get(file.ino) is file:
            del self._by_ino[file.ino]

    def below(self, key: str) -> list[str]:
        """Known paths below a path, if it is a directory of any."""
        if key not in self._below:
            return []
        return [item for item in self._by_key if item.startswith(key + "/")]

    def above(self, key: str) -> Iterator[File]:
        """Files that are, or once were, directories above a path."""
        for folder in _folders(key):
            found = self._by_key.get(folder)
            if found is not None:
                yield found

    def ending(self, tail: str) -> Iterator[File]:
        """Files that have a path with this ending."""
        for key, file in self._by_key.items():
            if key.endswith(tail):
                yield file

    def drops(self) -> Iterator[tuple[str, File]]:
        """Every path with a live drop."""
        for key, file in self._by_key.items():
            if file.drop is not None and not file.drop.outside:
                yield key, file

    def aged(self, file: File) -> None:
        """Remember to forget a file once its content is too old to fire."""
        assert file.drop is not None
        self._aged += 1
        heappush(self._ages, (file.drop.time_ns, self._aged, file))

    def keep_outside(self, file: File) -> None:
        """Keep a file that left the monitored directories: it may come back by its inode (B2)."""
        self._outside.append(file)
        if len(self._outside) > MOST_OUTSIDE:
            self._forget(self._outside.popleft())

    def prune(self, before_ns: int) -> None:
        """Forget files whose content was established before, unless they moved out."""
        outside = None
        while self._ages and self._ages[0][0] < before_ns:
            file = heappop(self._ages)[-1]
            if file.drop is None or file.drop.time_ns >= before_ns:
                continue
            outside = outside if outside is not None else set(map(id, self._outside))
            if id(file) not in outside:
                self._forget(file)

    def _forget(self, file: File) -> None:
        for key in tuple(file.keys):
            self._trace.forgot(key, file.drop)
            self.cut(key)


def inode(ref: FileRef) -> tuple[int, int] | None:
    """(device, inode) where the source gives both."""
    return None if ref.dev is None or not ref.ino else (ref.dev, ref.ino)


def contradicts(file: File, ref: FileRef) -> bool:
    """Whether a record at a file's path is about another file."""
    ino = inode(ref)
    return ino is not None and file.ino is not None and ino != file.ino


def _folders(key: str) -> Iterator[str]:
    """The folders above a path, the nearest first."""
    return _up(key.rpartition("/")[0])


def _up(folder: str) -> Iterator[str]:
    """A folder and those above it, the root aside."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
