"""A hash says what was executed only where nobody can have changed the file unseen."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from witnessmark.judge import examples
from witnessmark.judge.hashes import Taken, certain
from witnessmark.model.events import BadLine, Event, FileRef, Gap, Kind, Stream
from witnessmark.model.parts import Hole
from witnessmark.model.run import Collection

CASE = examples.drop_exec()
T0, SECOND = examples.T0, examples.SECOND
WRITTEN, RUN, READ, AFTER = (T0 + second * SECOND for second in (4, 6, 8, 9))
HASH = "ab" * 32
FOUND = Taken(path=examples.PATH, sha256=HASH, by_ns=READ)
COLLECTED = Collection(host=examples.HOST, source=examples.SOURCE)


def event(kind: Kind, time_ns: int, path: str = examples.PATH, **changes: object) -> Event:
    assert CASE.stream is not None
    ino = changes.pop("ino", 99)
    return replace(
        CASE.stream.events[0],
        id=f"{kind}/{time_ns}",
        kind=kind,
        time_ns=time_ns,
        file=FileRef(path=path, dev=1, ino=ino),  # type: ignore[arg-type]
        modified=True if kind is Kind.CLOSE else None,
        **changes,
    )


def stream(*more: Event, tail: bool = True, **coverage: object) -> Stream:
    """The example's drop and exec, more events, and one that came after the hash was taken."""
    assert CASE.stream is not None
    last = (event(Kind.UNLINK, AFTER),) if tail else ()
    events = sorted((*CASE.stream.events, *more, *last), key=lambda item: item.time_ns)
    return replace(
        CASE.stream,
        events=tuple(events),
        coverage=replace(CASE.stream.coverage, **coverage),
    )


def hashes(found: Stream, collected: Collection | None = COLLECTED) -> dict[str, str]:
    return certain(found, collected, [FOUND])


def test_one_write_in_a_whole_stream_is_certain() -> None:
    assert hashes(stream()) == {examples.PATH: HASH}


@pytest.mark.parametrize(
    "more",
    [
        event(Kind.CLOSE, RUN - SECOND),
        event(Kind.RENAME, RUN - SECOND),
        event(Kind.CLOSE, RUN + SECOND),
        event(Kind.RENAME, RUN, examples.PATH.rpartition("/")[0]),
        event(Kind.CLOSE, RUN, "/tmp/a-link-to-it", ino=7),
        event(Kind.CLOSE, RUN, examples.PATH.upper()),
        event(Kind.CLOSE, RUN, f"/System/Volumes/Data{examples.PATH}"),
    ],
    ids=["again", "renamed-over", "after-the-run", "folder", "link", "spelling", "firmlink"],
)
def test_a_second_write_makes_it_unknown(more: Event) -> None:
    assert hashes(stream(more)) == {}


@pytest.mark.parametrize(
    "more",
    [
        event(Kind.CLOSE, RUN, "/tmp/other"),
        event(Kind.CLOSE, WRITTEN - SECOND, "/tmp/a-name-before", ino=7),
        event(Kind.CLOSE, AFTER, ino=7),
        event(Kind.SETMODE, RUN),
        event(Kind.RENAME, RUN, examples.PATH + ".d"),
    ],
    ids=["other-file", "before-it-came", "after-it-was-read", "chmod", "longer-name"],
)
def test_what_cannot_have_changed_it_changes_nothing(more: Event) -> None:
    assert hashes(stream(more)) == {examples.PATH: HASH}


def test_an_inode_that_is_used_again_after_the_file_was_removed_is_another_file() -> None:
    gone = event(Kind.UNLINK, READ - 2)
    again = event(Kind.CLOSE, READ - 1, "/tmp/receipt", ino=7)
    assert hashes(stream(gone, again)) == {examples.PATH: HASH}
    assert hashes(stream(again)) == {}
    assert hashes(stream(event(Kind.CLOSE, READ - 3, "/tmp/receipt", ino=7), gone)) == {}
    assert hashes(stream(gone, event(Kind.CLOSE, READ - 1))) == {}, "it came back: a second write"


def gap(since_ns: int | None, time_ns: int | None) -> dict[str, object]:
    return {"gaps": (Gap(line=2, time_ns=time_ns, missing=1, counter="global", since_ns=since_ns),)}


@pytest.mark.parametrize(
    ("coverage", "known"),
    [
        (gap(WRITTEN, RUN), False),
        (gap(RUN, AFTER), False),
        (gap(T0, AFTER), False),
        (gap(None, None), False),
        (gap(T0, WRITTEN - 1), True),
        (gap(READ + 1, AFTER), True),
        ({"bad": (BadLine(line=1, reason="cut", time_ns=WRITTEN),)}, False),
        ({"bad": (BadLine(line=9, reason="cut", time_ns=AFTER),)}, True),
        ({"bad": (BadLine(line=9, reason="cut", time_ns=AFTER),), "out_of_order": 1}, False),
        ({"backwards_ns": 2 * 10**9}, False),
    ],
)
def test_a_lost_rewrite_is_never_taken_for_none(coverage: dict[str, object], known: bool) -> None:
    assert bool(hashes(stream(**coverage))) is known


def test_a_stream_that_ends_before_the_hash_was_taken_has_no_gap_and_proves_nothing() -> None:
    assert hashes(stream(tail=False)) == {}


def test_records_without_numbers_could_hide_a_hole() -> None:
    assert hashes(stream(event(Kind.SETMODE, RUN, global_seq=None))) == {}


@pytest.mark.parametrize(
    "broken",
    [
        lambda: None,
        lambda: replace(COLLECTED, problem="it shrank"),
        lambda: replace(COLLECTED, holes=(Hole(part=1, offset=0, lost=True),)),
    ],
)
def test_what_was_not_collected_whole_proves_nothing(
    broken: Callable[[], Collection | None],
) -> None:
    assert hashes(stream(), broken()) == {}


def test_a_file_that_nobody_saw_written_is_unknown() -> None:
    found = stream()
    events = tuple(item for item in found.events if item.kind is not Kind.CLOSE)
    assert hashes(replace(found, events=events)) == {}
