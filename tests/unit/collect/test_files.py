"""A file that is rotated while it is read: nothing is lost, or it is said."""

from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING

import pytest

from witnessmark.collect import files
from witnessmark.collect.collector import Collector
from witnessmark.collect.files import FileFeed
from witnessmark.errors import HostError
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.hosts import Host, Origin, Role, Source

if TYPE_CHECKING:
    from pathlib import Path

STORE = Source(name="s", kind="santa", role=Role.ORGANISATION, path="/santa.log")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PAUSE_S", 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "santa.log"
    path.write_bytes(b"old 1\nold 2\n")
    return path


def feed(store: Path) -> FileFeed:
    host = Host(
        name="me", origin=Origin.STAND_IN, connection="local", path_prefix=str(store.parent)
    )
    found = FileFeed(LocalTransport(host), "/santa.log")
    found.begin()
    return found


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as out:
        out.write(data)


def rotate(store: Path, first: int = 0, *, pack: bool = False) -> Path:
    """As newsyslog (from 0) and logrotate (from 1) do it: each number moves on by one."""
    for number in range(8, first - 1, -1):
        for end in ("", ".gz"):
            old = store.with_name(f"{store.name}.{number}{end}")
            if old.exists():
                old.rename(store.with_name(f"{store.name}.{number + 1}{end}"))
    new = store.with_name(f"{store.name}.{first}")
    store.rename(new)
    if not pack:
        return new
    packed = new.with_name(f"{new.name}.gz")
    packed.write_bytes(gzip.compress(new.read_bytes()))
    new.unlink()
    return packed


def all_of(found: FileFeed) -> bytes:
    data = b""
    while piece := found.pull(last=True):
        data += piece
    return data


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("first", [0, 1])
def test_what_was_added_before_and_after_a_rotation_is_read_once(
    store: Path, first: int, pack: bool
) -> None:
    found = feed(store)
    append(store, b"1\n")
    assert found.pull(last=False) == b"1\n"
    append(store, b"2\n")
    rotate(store, first, pack=pack)
    append(store, b"3\n")
    assert found.pull(last=False) == b"2\n"
    assert found.pull(last=False) == b"3\n"
    append(store, b"4\n")
    assert all_of(found) == b"4\n"


def test_a_new_file_that_has_outgrown_the_old_one_is_no_continuation(store: Path) -> None:
    found = feed(store)
    append(store, b"1\n")
    rotate(store)
    append(store, b"another beginning, and longer than all that the old file had\n")
    assert found.pull(last=False) == b"1\n"
    assert found.pull(last=False).startswith(b"another beginning")


def test_files_between_are_read_in_their_order(store: Path) -> None:
    found = feed(store)
    for number in range(4):
        append(store, b"file %d\n" % number)
        rotate(store, pack=number % 2 == 0)
    append(store, b"file 4\n")
    assert all_of(found) == b"file 0\nfile 1\nfile 2\nfile 3\nfile 4\n"


def test_the_old_file_is_read_until_the_new_one_has_a_line(store: Path) -> None:
    found = feed(store)
    append(store, b"1\n")
    old = rotate(store)
    assert found.pull(last=False) == b"1\n", "there is no new file yet"
    append(old, b"2\n")  # its writer has not opened the new one
    store.touch()
    assert found.pull(last=False) == b"2\n"
    append(old, b"3\n")
    append(store, b"4\n")
    assert found.pull(last=False) + found.pull(last=False) == b"3\n4\n"


def test_at_the_end_the_old_file_is_read_though_there_is_no_new_one(store: Path) -> None:
    found = feed(store)
    append(store, b"1\n")
    rotate(store)
    assert all_of(found) == b"1\n"


def test_a_file_that_is_being_compressed_is_waited_for(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = feed(store)
    append(store, b"1\n")
    old = rotate(store, pack=True)
    whole = old.read_bytes()
    old.write_bytes(whole[:-9])
    append(store, b"2\n")
    assert found.pull(last=False) == b""
    old.write_bytes(whole)
    assert found.pull(last=False) == b"1\n"
    old = rotate(store, pack=True)
    old.write_bytes(b"")
    monkeypatch.setattr(files, "GRACE_S", 0.0)
    store.write_bytes(b"")
    assert found.pull(last=False) == b""  # nothing was read of it, so it is the new file
    append(store, b"3\n")
    assert found.pull(last=False) == b"3\n"
    whole = rotate(store, pack=True).read_bytes()
    store.with_name("santa.log.0.gz").write_bytes(whole[:-9])
    store.touch()
    with pytest.raises(HostError, match="records may be lost"):
        found.pull(last=False)


@pytest.mark.parametrize("how", ["gone", "truncated", "another", "between"])
def test_an_old_file_that_is_not_found_may_have_held_records(store: Path, how: str) -> None:
    found = feed(store)
    append(store, b"1\n")
    if how == "truncated":
        store.write_bytes(b"")
    else:
        old = rotate(store)
        append(store, b"2\n")
        if how == "gone":
            old.unlink()
        elif how == "another":
            old.write_bytes(b"old 1\nOLD 2\n1\n")
        else:
            rotate(store)
            append(store, b"3\n")
            rotate(store)
            append(store, b"4\n")
            store.with_name("santa.log.1").unlink()
    with pytest.raises(HostError, match="records may be lost"):
        found.pull(last=False)


def test_a_rotated_store_is_intact_as_long_as_its_files_are(store: Path, tmp_path: Path) -> None:
    host = Host(name="me", origin=Origin.STAND_IN, connection="local", path_prefix=str(tmp_path))
    for lost in (False, True):
        collector = Collector(LocalTransport(host), STORE, tmp_path / f"raw {lost}")
        collector.start()
        append(store, b"before %d\n" % lost)
        assert collector.wait_for(b"before %d" % lost, 5)
        old = rotate(store, pack=True)
        append(store, b"after\n")
        assert collector.wait_for(b"after", 5)
        if lost:
            old.unlink()
        done = collector.finish()
        assert (tmp_path / f"raw {lost}").read_bytes() == b"before %d\nafter\n" % lost
        assert done.problem is None
        assert done.look is not None
        assert done.look.intact is not lost


def test_a_rotation_costs_no_time_of_what_was_read_before(store: Path, tmp_path: Path) -> None:
    host = Host(name="me", origin=Origin.STAND_IN, connection="local", path_prefix=str(tmp_path))
    collector = Collector(LocalTransport(host), STORE, tmp_path / "raw")
    collector.start()
    begun = time.time_ns()
    append(store, b"1\n")
    rotate(store)
    assert collector.wait_for(b"1", 5)  # though there is no new file yet
    done = collector.finish()
    assert [end for end, _ in done.chunks] == [2]
    assert begun < (done.chunks[0][1] or 0)


def test_a_file_between_that_is_still_being_compressed_is_not_passed_over(store: Path) -> None:
    found = feed(store)
    append(store, b"1\n")
    rotate(store)
    append(store, b"2\n")
    between = rotate(store, pack=True)
    append(store, b"3\n")
    whole = between.read_bytes()
    between.write_bytes(whole[:-9])
    assert found.pull(last=False) == b""
    between.write_bytes(whole)
    assert found.pull(last=False) + found.pull(last=False) == b"1\n2\n3\n"
