"""What was dropped, when and by whom: B1 and B2 over file events."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.analytic.tracked import Content, File, Table, contradicts, inode
from witnessmark.model.events import Event, FileRef, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from witnessmark.analytic.keys import Paths
    from witnessmark.analytic.parameters import Parameters

QUARANTINE = "com.apple.quarantine"
_TRANSLOCATED = re.compile(r"/var/folders/.*/apptranslocation/[^/]+/d(/[^/]+\.app)(/.*)", re.I)


class Drops:
    """Follows files from the event that established their content to where they are now."""

    def __init__(self, params: Parameters, paths: Paths) -> None:
        self.table = Table()
        self._paths = paths
        self._monitored = paths.inside(params.monitored_directories)
        self._temporary = paths.names(params.temporary_names)
        self._take: dict[Kind, Callable[[Event, FileRef], None]] = {
            Kind.CLOSE: self._close,
            Kind.CREATE: self._create,
            Kind.RENAME: self._rename,
            Kind.LINK: self._link,
            Kind.CLONE: self._copy,
            Kind.COPYFILE: self._copy,
            Kind.UNLINK: self._unlink,
            Kind.SETEXTATTR: self._xattr,
        }

    def on_file(self, event: Event) -> None:
        """Take in a file event; kinds that establish or move no content say nothing."""
        take = self._take.get(event.kind)
        if take is not None and event.file is not None:
            take(event, event.file)

    def of(self, ref: FileRef) -> tuple[File, Content] | None:
        """The drop of a file that is executed: the latest one of it or a folder above it (B1)."""
        key = self._paths.key(ref.path)
        best: tuple[File, Content] | None = None
        for file in (self.table.at(key), self.table.by_inode(ref), *self.table.above(key)):
            if file is None or file.drop is None or file.drop.outside:
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
        for file in self.table.ending(bundle):
            if file.drop is not None and not file.drop.outside:
                return file, file.drop, True
        return None

    def _inside(self, key: str) -> bool:
        return self._monitored.match(key) is not None

    def _is_temporary(self, key: str) -> bool:
        found = self._monitored.match(key)
        if found is None:
            return False
        return any(self._temporary.match(part) for part in key[found.end() - 1 :].split("/"))

    def _inherited(self, key: str) -> Content | None:
        """The content that a path has through a dropped folder above it."""
        drops = [file.drop for file in self.table.above(key) if file.drop is not None]
        return max(drops, key=lambda drop: drop.time_ns, default=None)

    def _establish(self, key: str, file: File | None, event: Event, ref: FileRef) -> File:
        assert event.file is not None
        file = file or File(None)
        file.drop = Content(
            time_ns=event.time_ns,
            seq=event.global_seq,
            event_id=event.id,
            path=event.file.path,
            writer=event.process,
            how=event.kind.value,
            possible=event.kind is Kind.CLOSE and not event.modified,
            outside=not self._inside(key),
        )
        self.table.put(key, file)
        self.table.know(file, ref)
        self.table.aged(file)
        return file

    def _close(self, event: Event, ref: FileRef) -> None:
        if event.modified is False and not event.mapped_writable:
            return
        key = self._paths.key(ref.path)
        file = self.table.find(key, ref)
        if file is None and not self._inside(key):
            return
        if file is not None and file.drop is not None and file.drop.time_ns > event.time_ns:
            return  # a record that came long after its turn moves no time back
        if ref.size == 0:
            if event.modified and file is not None:
                file.drop = None  # emptied: a zero-byte file is not a drop (B1)
            return
        self._establish(key, file, event, ref)

    def _create(self, event: Event, ref: FileRef) -> None:
        key = self._paths.key(ref.path)
        self.table.by_inode(ref)
        file = self.table.at(key)
        if file is not None and contradicts(file, ref):
            self.table.cut(key)

    def _unlink(self, event: Event, ref: FileRef) -> None:
        key = self._paths.key(ref.path)
        file = self.table.at(key)
        if file is not None and not contradicts(file, ref):
            self.table.cut(key)

    def _xattr(self, event: Event, ref: FileRef) -> None:
        file = self.table.find(self._paths.key(ref.path), ref)
        if file is not None and event.xattr == QUARANTINE:
            file.quarantined = True

    def _rename(self, event: Event, ref: FileRef) -> None:
        source = event.source_file
        if source is None:
            return
        old, new = self._paths.key(source.path), self._paths.key(ref.path)
        file = self.table.find(old, source)
        inherited = self._inherited(old)
        self.table.cut(new) if old != new else None
        for key in self.table.below(new) if old != new else []:
            self.table.cut(key)
        self._move_below(old, new)
        self.table.cut(old) if file is None else None
        if self._inside(new) and self._is_temporary(old):
            self._establish(new, file, event, source)
        elif file is not None:
            self._arrive(file, new)
        else:
            self._strange(event, source, (old, new), inherited)
        if file is not None and old != new:
            self.table.cut(old)

    def _link(self, event: Event, ref: FileRef) -> None:
        source = event.source_file
        if source is None:
            return
        old, new = self._paths.key(source.path), self._paths.key(ref.path)
        file = self.table.find(old, source)
        if file is not None:
            self._arrive(file, new)
        else:
            self._strange(event, source, (old, new), self._inherited(old))

    def _arrive(self, file: File, key: str) -> None:
        """A known file gets a path: the time of its content rules, wherever it was (B2)."""
        self.table.put(key, file)
        if not self._inside(key):
            self.table.keep_outside(file)
        elif file.drop is not None and file.drop.outside:
            file.drop = replace(file.drop, outside=False)

    def _strange(
        self, event: Event, source: FileRef, way: tuple[str, str], inherited: Content | None
    ) -> None:
        """A file that was never seen is renamed or linked."""
        old, new = way
        was_inside, inside = self._inside(old), self._inside(new)
        if inside and inherited is None and not was_inside:
            self._establish(new, None, event, source)
            return
        if inherited is None and (inside or not was_inside):
            return
        # Content of a dropped folder's member keeps its drop; any other is too old, but is
        # remembered by inode, so that its coming back is no new drop.
        file = File(replace(inherited, outside=False) if inherited else None)
        self.table.put(new, file)
        self.table.know(file, source)
        if inside:
            self.table.aged(file)
        else:
            self.table.keep_outside(file)

    def _copy(self, event: Event, ref: FileRef) -> None:
        source = event.source_file
        if source is None:
            return
        old, new = self._paths.key(source.path), self._paths.key(ref.path)
        if self._inside(new):
            self.table.cut(new)
            self._establish(new, None, event, ref if inode(ref) else FileRef(path=ref.path))
            return
        file = self.table.find(old, source)
        content = file.drop if file is not None else self._inherited(old)
        self.table.cut(new)
        pairs = [(old, new, content)]
        for key in self.table.below(old):
            member = self.table.at(key)
            pairs.append((key, new + key[len(old) :], member.drop if member else None))
        for _, target, drop in pairs:
            if drop is not None and not drop.outside:
                copy = File(drop, quarantined=bool(file and file.quarantined))
                self.table.put(target, copy)
                self.table.keep_outside(copy)

    def _move_below(self, old: str, new: str) -> None:
        if old == new:
            return
        for key in self.table.below(old):
            file = self.table.at(key)
            if file is not None:
                self._arrive(file, new + key[len(old) :])
                self.table.cut(key)
