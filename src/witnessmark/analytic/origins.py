"""Where what is executed came from: the drop behind a path (B1), or a translocated one (B4)."""

from __future__ import annotations

import re
from posixpath import basename
from typing import TYPE_CHECKING

from witnessmark.analytic.misses import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.analytic.keys import Paths
    from witnessmark.analytic.kleene import Known
    from witnessmark.analytic.trace import Trace
    from witnessmark.analytic.tracked import Content, File, Table
    from witnessmark.model.events import FileRef

_TRANSLOCATED = re.compile(r"/var/folders/.*/apptranslocation/[^/]+/d(/[^/]+\.app)(/.*)", re.I)


class Origins:
    """Reads the table of files that ``Drops`` writes."""

    def __init__(self, table: Table, paths: Paths, trace: Trace) -> None:
        self.table = table
        self._paths = paths
        self._trace = trace

    def of(self, ref: FileRef) -> tuple[File, Content] | None:
        """The drop of a file that is executed: the latest one of it or a folder above it (B1)."""
        best: tuple[File, Content] | None = None
        for file in self.followed(ref):
            if file.drop is None or file.drop.outside:
                continue
            if best is None or file.drop.time_ns > best[1].time_ns:
                best = (file, file.drop)
        return best

    def translocated(self, ref: FileRef) -> tuple[File, Content, bool] | None:
        """B4: the drop behind an App Translocation path, and whether only its name says so."""
        found = _TRANSLOCATED.fullmatch(self._paths.key(ref.path))
        if found is None:
            return None
        bundle, inner = found.groups()
        for file in self.table.ending(bundle + inner):
            same = ref.ino is None or file.ino is None or file.ino[1] == ref.ino
            if same and file.drop is not None and not file.drop.outside:
                return file, file.drop, ref.ino is None or file.ino is None
            if not same:
                self._trace.say("B4", False, f"{bundle[1:]}{inner} was dropped with another inode")
        for file in self.table.ending(bundle):
            if file.drop is not None and not file.drop.outside:
                return file, file.drop, True
        return None

    def why_none(self, ref: FileRef, now_ns: int, window_ns: int) -> tuple[str, Known, str] | None:
        """What is known of a path that has no drop, for a trace: nothing here decides."""
        for file in self.followed(ref):
            if file.drop is None:
                return "B1", False, "its content is empty, or older than anything that was recorded"
            return "B1", False, f"its content was written outside, at {file.drop.path}"
        key = self._paths.key(ref.path)
        old = self._trace.gone(key)
        if old is not None:
            gap = f"{seconds(now_ns - old.time_ns)} > {seconds(window_ns)}"
            return "B5", False, f"{gap} since the drop of {old.path}"
        for other, file in self.table.drops():
            if basename(other) == basename(key) and file.drop is not None:
                return "K3", False, f"the drop of that name is another file, {file.drop.path}"
        return None

    def followed(self, ref: FileRef) -> Iterator[File]:
        """Files that a record may be about: at its path, of its inode, and the folders above."""
        key = self._paths.key(ref.path)
        for file in (self.table.at(key), self.table.by_inode(ref), *self.table.above(key)):
            if file is not None:
                yield file
