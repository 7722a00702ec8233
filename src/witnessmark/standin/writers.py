"""Who has which file open for writing, so that each close can be laid to its process.

inotify tells that some writer closed an inode, not which. A file is held by a descriptor (O_PATH,
no access) from its open to its close: its name stays right through renames of it or its folders.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .files import FileStat, read_link, stat, stat_fd
from .inotify import CLOSED, GONE, MODIFIED, OVERFLOWED, Inotify
from .processes import Process, Thread
from .procfs import proc_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .emit import Emitter
    from .shape import Shape

_DELETED = b" (deleted)"


@dataclass(slots=True, eq=False)
class Opening:
    """One open-for-write that was not closed yet."""

    thread: Thread
    process: Process
    number: int
    watch: int
    held: int
    identity: tuple[int, int, int]
    modified: bool = False
    mapped: bool = False

    def look(self) -> tuple[bytes, FileStat | None]:
        """The file's present path and metadata; the last path it had if it was deleted."""
        path, found = read_link(b"/proc/self/fd/%d" % self.held), stat_fd(self.held)
        if found is not None and found.nlink == 0:
            path = path.removesuffix(_DELETED)
        return path, found


class Writers:
    """Watches files while they are open for writing and emits their closes."""

    def __init__(self, inotify: Inotify, emitter: Emitter, shape: Shape) -> None:
        self._inotify = inotify
        self._emitter = emitter
        self._shape = shape
        self._by_watch: dict[int, list[Opening]] = {}

    def opened(self, thread: Thread, number: int, held: int, found: FileStat) -> None:
        """Watch a file that `thread`, still stopped, opened as its descriptor `number`."""
        try:
            watch = self._inotify.watch(b"/proc/self/fd/%d" % held, CLOSED | MODIFIED)
        except OSError as error:
            os.close(held)
            self._emitter.lost("close", 1, error.strerror or str(error))
            return
        opening = Opening(thread, thread.process, number, watch, held, found.identity)
        self._by_watch.setdefault(watch, []).append(opening)

    def is_open(self, identity: tuple[int, int, int]) -> bool:
        """Whether some process has this file open for writing."""
        return bool(self._by_watch) and any(
            opening.identity == identity for opening in self._openings()
        )

    def mapped(self, thread: Thread, number: int) -> None:
        """A file was mapped shared and writable: it may change without being written."""
        found = stat(b"/proc/%d/fd/%d" % (thread.tid, number))
        for opening in self._openings():
            if found is not None and opening.identity == found.identity:
                opening.mapped = True

    def drain(self) -> None:
        """Emit every close that has happened so far."""
        if not self._by_watch:
            return
        touched = set()
        for watch, mask in self._inotify.read():
            if mask & OVERFLOWED:
                self._overflowed()
            openings = self._by_watch.get(watch)
            if openings is None or mask & GONE:
                continue
            if mask & MODIFIED:
                touched.add(watch)
                for opening in openings:
                    opening.modified = True
            if mask & CLOSED:
                self._closed(self._closer(openings))
        for watch in touched & self._by_watch.keys():
            # One change is enough to know; the next ones would only fill the queue.
            self._inotify.watch(b"/proc/self/fd/%d" % self._by_watch[watch][0].held, CLOSED)

    def left_behind(self, process: Process) -> None:
        """An exited process's files that live on do so in a descendant that inherited them."""
        for opening in self._openings():
            if opening.process is process:
                heirs = (heir for heir in process.descendants() if _holds(heir, opening))
                if (heir := next(heirs, None)) is not None:
                    opening.process, opening.thread = heir, Thread.first_of(heir)

    def _closer(self, openings: list[Opening]) -> Opening:
        if len(openings) > 1:
            for opening in openings:
                if not _holds(opening.process, opening):
                    return opening
        return openings[0]

    def _closed(self, opening: Opening) -> None:
        target = self._shape.file(*opening.look())
        self._forget(opening)
        body: dict[str, object] = {
            "modified": opening.modified,
            "target": target,
            "was_mapped_writable": opening.mapped,
        }
        self._emitter.event("close", opening.thread, opening.process, body, (target.path,))

    def _forget(self, opening: Opening) -> None:
        openings = self._by_watch[opening.watch]
        openings.remove(opening)
        os.close(opening.held)
        if not openings:
            del self._by_watch[opening.watch]
            self._inotify.unwatch(opening.watch)

    def _overflowed(self) -> None:
        gone = [o for o in self._openings() if not _holds(o.process, o)]
        self._emitter.lost("close", max(len(gone), 1), "the inotify queue overflowed")
        for opening in gone:
            self._forget(opening)

    def _openings(self) -> Iterable[Opening]:
        for openings in self._by_watch.values():
            yield from openings


def _holds(process: Process, opening: Opening) -> bool:
    """Whether a process still has the file open for writing, under any number."""
    for tid in {process.pid, opening.thread.tid}:  # the first thread may have ended alone
        folder = b"/proc/%d/fd/" % tid
        try:
            numbers = os.listdir(folder)  # noqa: PTH208 - bytes
        except OSError:
            continue
        for number in numbers:
            found = stat(folder + number)
            if found is not None and found.identity == opening.identity and _writes(tid, number):
                return True
    return False


def _writes(tid: int, number: bytes) -> bool:
    try:
        lines = proc_file(b"/proc/%d/fdinfo/%s" % (tid, number)).split(b"\n")
    except OSError:
        return False
    flags = next((line[6:] for line in lines if line.startswith(b"flags:")), b"0")
    return bool(int(flags, 8) & os.O_ACCMODE)
