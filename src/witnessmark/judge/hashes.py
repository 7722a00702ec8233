"""Which content was executed: a hash taken after the attack, if nobody can have changed the file.

A documented workflow knows a script by its SHA-256 (analytic.md, Baseline). The run takes that hash
once, on the host, between attack and cleanup. It says what was executed only if the file cannot
have been another before: its source saw one write of it, and would have seen a second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.analytic.keys import Paths
from witnessmark.judge import clock, match, whole
from witnessmark.model.events import Kind
from witnessmark.model.scenario import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from witnessmark.bag.read import Bag
    from witnessmark.model.events import Event, FileRef, Stream
    from witnessmark.model.hosts import Host
    from witnessmark.model.run import Act, Collection, HostFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A file's hash, and the last moment on the host's clock at which its content was read."""

    path: str
    sha256: str
    by_ns: int


def taken(bag: Bag, host: Host) -> Iterator[Taken]:
    """Every hash that the run took on a host, of whose moment anything is known."""
    ours = {case.id for case in bag.record.plan.cases if case.host == host.name}
    facts = next(item for item in bag.record.facts if item.name == host.name)
    for act in bag.record.acts:
        by_ns = _read_by(act, facts) if act.case_id in ours else None
        if by_ns is None:
            continue
        for fact in act.files:
            if fact.sha256 is not None:
                yield Taken(path=fact.path, sha256=fact.sha256, by_ns=by_ns)


def certain(
    stream: Stream, collection: Collection | None, found: Iterable[Taken]
) -> dict[str, str]:
    """SHA-256 by path, of files whose content cannot have been another when they were executed."""
    if collection is None or collection.problem or any(hole.lost for hole in collection.holes):
        return {}
    paths = Paths(case_sensitive=stream.case_sensitive, symlinks=stream.symlinks)
    return {item.path: item.sha256 for item in found if _unchanged(stream, paths, item)}


def _read_by(act: Act, facts: HostFacts) -> int | None:
    cleanup = act.phase(Phase.CLEANUP)
    between = clock.bounds(clock.as_measured(facts, act))
    if cleanup is None or between is None:
        return None
    return cleanup.started_ns + int(between[1] * 1e9)


def _unchanged(stream: Stream, paths: Paths, item: Taken) -> bool:
    """Whether exactly one write of the file is seen, and no second one can have been missed."""
    key = paths.key(item.path)
    written = [event for event in _writes(stream) if event.time_ns <= item.by_ns]
    own = [event for event in written if event.file and _reaches(paths.key(event.file.path), key)]
    if len(own) != 1 or own[0].file is None or paths.key(own[0].file.path) != key:
        return False
    since = own[0].time_ns
    until = min([item.by_ns, *_removals(stream, paths, key, since)])
    same = _inode(own[0].file)
    elsewhere = any(
        event is not own[0] and since <= event.time_ns <= until and _inode(event.file) == same
        for event in written
        if same is not None and event.file is not None
    )
    return not elsewhere and _whole(stream, since, item.by_ns)


def _removals(stream: Stream, paths: Paths, key: str, since_ns: int) -> Iterator[int]:
    """When a file was removed: its inode is another file's from then on (K2)."""
    for event in stream.events:
        removed = event.file if event.kind is Kind.UNLINK else None
        if removed and event.time_ns >= since_ns and paths.key(removed.path) == key:
            yield event.time_ns


def _writes(stream: Stream) -> Iterator[Event]:
    for event in stream.events:
        closed_unchanged = event.kind is Kind.CLOSE and not (
            event.modified or event.mapped_writable
        )
        if event.kind in match.WRITES and not closed_unchanged:
            yield event


def _reaches(written: str, key: str) -> bool:
    """Whether a write is of a file, or of a folder above it (a folder renamed over another)."""
    return key == written or key.startswith(f"{written}/")


def _inode(file: FileRef) -> tuple[int | None, int] | None:
    return None if file.ino is None else (file.dev, file.ino)


def _whole(stream: Stream, since_ns: int, by_ns: int) -> bool:
    """Whether nothing can be missing of what a source saw between two moments of its host.

    A stream that ends too early has lost its tail without any gap, and records without numbers
    would show none. Where times run backwards, a write may lie at any moment.
    """
    if stream.coverage.backwards_ns:
        return False
    inside = [event for event in stream.events if since_ns <= event.time_ns <= by_ns]
    if any(event.global_seq is None for event in inside):
        return False
    if not any(event.time_ns > by_ns for event in stream.events):
        return False
    holes = [(gap.since_ns, gap.time_ns) for gap in stream.coverage.gaps]
    holes += [whole.bounds_of(stream, bad) for bad in stream.coverage.bad]
    return not any(
        (start is None or start <= by_ns) and (end is None or end >= since_ns)
        for start, end in holes
    )
