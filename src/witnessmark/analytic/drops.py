"""What was dropped, when and by whom: B1 and B2 over file events."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.analytic.tracked import Content, File, Table, contradicts, inode
from witnessmark.model.events import Event, FileRef, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from witnessmark.analytic.keys import Paths
    from witnessmark.analytic.parameters import Parameters
    from witnessmark.analytic.trace import Trace

QUARANTINE = "com.apple.quarantine"


class Drops:
    """Follows files from the event that established their content to where they are now."""

    def __init__(self, params: Parameters, paths: Paths, trace: Trace) -> None:
        self.table = Table(trace)
        self._trace = trace
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
        else:
            self._trace.say("B2", False, f"{event.kind.value} moves no drop's time")

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
        drop = Content(
            time_ns=event.time_ns,
            seq=event.global_seq,
            event_id=event.id,
            path=event.file.path,
            writer=event.process,
            how=event.kind.value,
            possible=event.kind is Kind.CLOSE and not event.modified,
            outside=not self._inside(key),
        )
        self.table.hold(file, drop)
        self.table.put(key, file)
        self.table.know(file, ref)
        self.table.aged(file)
        self._trace.touched(file)
        if drop.outside:
            self._trace.say("B1", False, "content, but outside the monitored directories")
        else:
            self._trace.say("B1", True, f"the {event.kind.value} establishes content: a drop")
        return file

    def _close(self, event: Event, ref: FileRef) -> None:
        say = self._trace.say
        if event.modified is False and not event.mapped_writable:
            say("B1", False, "closed without modification")
            return
        key = self._paths.key(ref.path)
        file = self.table.find(key, ref)
        if file is None and not self._inside(key):
            say("B1", False, "not in a monitored directory")
            return
        if file is not None and file.drop is not None and file.drop.time_ns > event.time_ns:
            say("B1", False, "it came long after its turn, and newer content is known")
            return  # moves no time back
        if ref.size == 0:
            say("B1", False, "zero bytes are no drop")
            if event.modified and file is not None:
                self.table.hold(file, None)  # emptied
            return
        self._establish(key, file, event, ref)

    def _create(self, event: Event, ref: FileRef) -> None:
        self._trace.say("B1", False, "a create is no drop: its content comes later")
        key = self._paths.key(ref.path)
        self.table.by_inode(ref)
        file = self.table.at(key)
        if file is not None and contradicts(file, ref):
            self.table.cut(key)

    def _unlink(self, event: Event, ref: FileRef) -> None:
        key = self._paths.key(ref.path)
        file = self.table.at(key)
        if file is not None and not contradicts(file, ref):
            self._trace.touched(file)
            self._trace.say("K2", True, "this path leads to the file no more")
            self.table.cut(key)

    def _xattr(self, event: Event, ref: FileRef) -> None:
        self.table.sees_quarantine = True
        file = self.table.find(self._paths.key(ref.path), ref)
        if file is not None and event.xattr == QUARANTINE:
            file.quarantined = True
            self._trace.touched(file)
            self._trace.say("B5", True, "it is quarantined now")

    def _rename(self, event: Event, ref: FileRef) -> None:
        source = event.source_file
        if source is None:
            return
        old, new = self._paths.key(source.path), self._paths.key(ref.path)
        file = self.table.find(old, source)
        inherited = self._inherited(old) if file is None else None
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
        self._trace.touched(file)
        self._trace.say("B2", True, "the time of its content rules, not of this")
        self.table.put(key, file)
        if not self._inside(key):
            self.table.keep_outside(file)
        elif file.drop is not None and file.drop.outside:
            self.table.hold(file, replace(file.drop, outside=False))

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
            self._trace.say("B2", False, "content older than anything that was recorded: no drop")
            return
        # Content of a dropped folder's member keeps its drop; any other is too old, but is
        # remembered by inode, so that its coming back is no new drop.
        file = File(None)
        if inherited is not None:
            self.table.hold(file, replace(inherited, outside=False))
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
        pairs = [(file, new, content)]
        for key in self.table.below(old):
            member = self.table.at(key)
            pairs.append((member, new + key[len(old) :], member.drop if member else None))
        for member, target, drop in pairs:
            if drop is not None and not drop.outside:
                copy = File(None, quarantined=bool(file and file.quarantined))
                self.table.hold(copy, drop)
                self._trace.copied(member, copy)
                self._trace.say("B2", True, "the copy keeps the drop's time and origin")
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
