"""A folder that a pipeline fills: each file once, however it is called later."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from witnessmark.collect import folders
from witnessmark.collect.delivery import Arrivals
from witnessmark.collect.folders import FolderFeed
from witnessmark.errors import HostError
from witnessmark.inventory.destinations import resolved
from witnessmark.inventory.sources import sources
from witnessmark.model.hosts import Host, Origin

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folders, "PAUSE_S", 0.0)
    found = tmp_path / "logs"
    (found / "2026-11-24").mkdir(parents=True)
    (found / "a.ndjson").write_bytes(b"old\n")
    (found / "old.ndjson.gz").write_bytes(gzip.compress(b"older\n"))
    return found


def feed(folder: Path) -> FolderFeed:
    found = FolderFeed("me", folder)
    found.begin()
    return found


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as out:
        out.write(data)


def intact(found: FolderFeed, folder: Path) -> bool | None:
    looked = found.look(folder, 0, 0, 1)
    assert looked is not None
    return looked.look.intact


def test_what_comes_after_the_start_is_read_by_whole_lines(folder: Path) -> None:
    found = feed(folder)
    assert found.pull(last=False) == b""
    append(folder / "a.ndjson", b"1\nhalf")
    append(folder / "2026-11-24/b.ndjson", b"2\n")
    append(folder / ".hidden", b"no\n")
    (folder / "link").symlink_to(folder / "a.ndjson")
    assert sorted(found.pull(last=False).splitlines()) == [b"1", b"2"]
    append(folder / "a.ndjson", b" a line\n")
    assert found.pull(last=False) == b"half a line\n"
    append(folder / "a.ndjson", b"cut")
    assert found.pull(last=False) == b""
    assert found.pull(last=True) == b"cut\n"
    assert intact(found, folder)


def test_a_renamed_or_compressed_file_is_not_read_twice(folder: Path) -> None:
    found = feed(folder)
    append(folder / "a.ndjson", b"1\n")
    assert found.pull(last=False) == b"1\n"
    moved = (folder / "a.ndjson").rename(folder / "b.ndjson")
    append(moved, b"2\n")
    append(folder / "a.ndjson", b"3\n")
    assert found.pull(last=False) == b"3\n2\n"
    append(moved, b"4\n")
    (folder / "b.ndjson.gz").write_bytes(gzip.compress(moved.read_bytes()))
    moved.unlink()
    assert found.pull(last=False) == b"4\n"
    assert found.pull(last=True) == b""
    assert intact(found, folder)


def test_a_gzip_file_is_read_once_it_is_whole(folder: Path) -> None:
    found = feed(folder)
    packed, whole = folder / "n.ndjson.gz", gzip.compress(b"1\n2\n")
    packed.write_bytes(whole[:-5])
    assert found.pull(last=False) == b""
    with pytest.raises(HostError, match=r"n\.ndjson\.gz is no whole gzip file"):
        found.pull(last=True)
    packed.write_bytes(whole)
    assert found.pull(last=False) == b"1\n2\n"
    assert found.pull(last=False) == b""


@pytest.mark.parametrize("how", ["shrank", "gone", "another", "no folder"])
def test_what_may_have_lost_records_is_told(folder: Path, how: str) -> None:
    found = feed(folder)
    append(folder / "a.ndjson", b"1\n")
    assert found.pull(last=False) == b"1\n"
    if how == "shrank":
        (folder / "a.ndjson").write_bytes(b"")
    elif how == "gone":
        (folder / "a.ndjson").unlink()
    elif how == "another":
        (folder / "a.ndjson").unlink()
        (folder / "a.ndjson.gz").write_bytes(gzip.compress(b"old\nX\n"))
    else:
        folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(HostError, match=r"may be lost|could not look at"):
        found.pull(last=False)


def test_an_inode_that_was_freed_and_used_again_is_another_file(folder: Path) -> None:
    found = feed(folder)
    was = (folder / "a.ndjson").stat().st_ino
    (folder / "a.ndjson").unlink()
    append(folder / "z.ndjson", b"longer than the old one was\n")
    assert found.pull(last=False) == b"longer than the old one was\n", was


def test_old_files_may_be_cleaned_away_and_changed_ones_are_not_intact(folder: Path) -> None:
    found = feed(folder)
    (folder / "old.ndjson.gz").unlink()
    append(folder / "a.ndjson", b"1\n")
    assert found.pull(last=False) == b"1\n"
    with (folder / "a.ndjson").open("r+b") as there:
        there.write(b"old\n2\n")
    assert intact(found, folder) is False


def test_a_run_whose_controller_died_does_not_guess(folder: Path) -> None:
    with pytest.raises(HostError, match="nobody knows how far"):
        FolderFeed("me", folder).go_on(0, folder)


def test_a_destination_may_be_a_folder(folder: Path, tmp_path: Path) -> None:
    there = {"kind": "folder", "path": str(folder.parent / "{host}")}
    item = {"name": "es", "kind": "eslogger", "role": "organisation", "path": "/store"}
    host = resolved(
        Host(
            name=folder.name,
            origin=Origin.MAC,
            connection="ssh",
            sources=sources([{**item, "destination": there}]),
        )
    )
    (tmp_path / "store.raw").write_bytes(b"1\n2\n")
    found = Arrivals(host, host.sources[0], tmp_path / "store.raw", tmp_path / "es.ndjson")
    found.collector.start()
    append(folder / "x.ndjson", b"2\n")
    append(folder / "y.ndjson", b"1\n")
    assert found.wait(lambda: False)
    done = found.collector.finish()
    assert (done.problem, (tmp_path / "es.ndjson").stat().st_size) == (None, 4)
    assert done.look is not None
    assert done.look.intact
