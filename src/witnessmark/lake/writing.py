"""Turns telemetry files into one new segment of a lake, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from witnessmark.errors import UsageError
from witnessmark.lake.inputs import Input
from witnessmark.lake.keys import Keys
from witnessmark.lake.manifest import Taken
from witnessmark.lake.segments import NewSegment
from witnessmark.lake.state import DamagedError, restore, saved
from witnessmark.telemetry.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from witnessmark.analytic import Parameters
    from witnessmark.lake.manifest import Head
    from witnessmark.lake.segments import Lake, Segment
    from witnessmark.model.events import BadLine, Coverage, Event, SnapshotRow
    from witnessmark.telemetry.format import Format

MOST_HOSTS = 10_000


@dataclass(slots=True, kw_only=True)
class Written:
    """What a run added."""

    segment: Segment | None = None
    """None: everything was there already."""
    passed: int = 0
    """Bytes that the lake held before."""
    unfinished: list[str] = field(default_factory=list)
    """Files whose last line has no end yet; it is read next time."""
    hosts: list[str] = field(default_factory=list)
    coverages: list[tuple[list[str], Coverage, int]] = field(default_factory=list)
    strange: list[tuple[str, ...]] = field(default_factory=list)
    """Groups of files of which no line is a record."""
    blank: list[str] = field(default_factory=list)
    """Files without a line that holds anything."""
    late: int = 0
    unresolved: int = 0
    misdated: int = 0


class Writer:
    """Writes one segment; a group of files is one decoder's stream."""

    def __init__(
        self,
        lake: Lake,
        head: Head,
        params: Parameters,
        form: Format,
        opened: Callable[[str], AbstractContextManager[BinaryIO]],
        *,
        snapshot: Sequence[SnapshotRow] = (),
    ) -> None:
        self._lake, self._head, self._params, self._form = lake, head, params, form
        self._opened, self._snapshot = opened, snapshot
        segments = lake.segments()
        self._latest = {host: item for item in segments for host in item.manifest.hosts}
        self._taken = [item for each in segments for item in each.manifest.inputs]
        self._new: list[Taken] = []
        self._keys: dict[str, Keys] = {}
        self._done = Written()
        self._segment = NewSegment(lake)

    def write(self, groups: Sequence[tuple[str, Sequence[str]]], *, by_record: bool) -> Written:
        """Add what is new of these files, each group under the name of its host.

        Raises:
            UsageError: no line of a group is a record; nothing has been added then.
        """
        try:
            for host, members in groups:
                self._group(host, members, by_record)
            if self._done.strange or self._done.blank:
                return self._done
            return self._commit()
        finally:
            if self._done.segment is None:
                self._segment.drop()

    def _group(self, host: str, members: Sequence[str], by_record: bool) -> None:
        decoder: Decoder | None = None
        bad: list[BadLine] = []
        begin, seen, held = (0, 0), set[str](), False
        for name in members:
            with self._opened(name) as file:
                given = Input(file, self._known(host, by_record))
                self._done.passed += given.passed
                held |= given.passed > 0
                before = given.bytes
                if decoder is None:
                    begin = (begin[0] + given.lines, begin[1] + given.bytes)
                    decoder = Decoder(
                        self._form,
                        host=host,
                        source=self._form.KIND,
                        by_record=by_record,
                        trouble=lambda item: bad.append(item) if not bad else None,
                        begin=begin,
                    )
                for event in decoder.events(given.rest()):
                    seen.add(event.host)
                    self._of(event).feed(event)
            if given.bytes > before:
                self._new.append(self._take(host, name, given))
            self._done.unfinished += [name] if given.unfinished else []
            held |= given.unfinished
        assert decoder is not None
        coverage = decoder.coverage()
        self._done.coverages.append((sorted(seen) or [host], coverage, decoder.bad_lines))
        if decoder.bad_lines and not coverage.read:
            self._done.strange.append(tuple(members))
        elif not coverage.read and not held:
            self._done.blank += members

    def _known(self, host: str, by_record: bool) -> list[Taken]:
        """What the lake holds; of a host that is named, only its own: others' is another's."""
        same = (item for item in (*self._taken, *self._new) if item.kind == self._form.KIND)
        return [item for item in same if by_record or item.host == host]

    def _take(self, host: str, name: str, given: Input) -> Taken:
        return Taken(
            host=host,
            kind=self._form.KIND,
            name=name,
            bytes=given.bytes,
            lines=given.lines,
            sha256=given.sha256(),
        )

    def _of(self, event: Event) -> Keys:
        found = self._keys.get(event.host)
        if found is not None:
            return found
        if len(self._keys) >= MOST_HOSTS:
            raise UsageError(
                f"the records name more than {MOST_HOSTS} hosts: split them, or name one --host"
            )
        before = self._latest.get(event.host)
        made = Keys(
            self._params,
            event.host,
            partial(self._segment.put, "ev"),
            partial(self._segment.put, "xp"),
            resolution_ns=self._form.TIME_RESOLUTION,
            snapshot=() if before else self._snapshot,
        )
        if before is not None:
            try:
                restore(made, before.state(event.host))
            except DamagedError as error:
                file = before.path / "states"
                raise UsageError(f"{file}: {error}; write the lake anew") from error
        self._keys[event.host] = made
        return made

    def _commit(self) -> Written:
        done = self._done
        for host, keys in sorted(self._keys.items()):
            keys.finish()
            self._segment.keep(host, saved(keys))
            done.late += keys.late
            done.unresolved += keys.unresolved
            done.misdated += keys.misdated
        done.hosts = sorted(self._keys)
        if self._new:
            done.segment = self._segment.commit(self._head, tuple(self._new))
        return done
