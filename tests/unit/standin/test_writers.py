"""What happens when inotify can't help: always a gap, never a silent loss."""

from __future__ import annotations

import errno
import os
import struct
from typing import TYPE_CHECKING

import msgspec
import pytest

from witnessmark.standin.emit import Emitter, Store
from witnessmark.standin.faults.sensor import SensorFaults
from witnessmark.standin.files import stat_fd
from witnessmark.standin.inotify import CLOSED, MODIFIED, OVERFLOWED, Inotify, decode
from witnessmark.standin.paths import Translator
from witnessmark.standin.processes import Credentials, Process, Thread
from witnessmark.standin.shape import Shape
from witnessmark.standin.writers import Writers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Queue(Inotify):
    """An inotify whose events and limits the test decides."""

    def __init__(self) -> None:
        self.events: list[tuple[int, int]] = []
        self.masks: dict[int, int] = {}
        self.limit = 9

    def watch(self, path: bytes, mask: int) -> int:
        if len(self.masks) >= self.limit:
            raise OSError(errno.ENOSPC, "no inotify watch left")
        number = os.stat(path).st_ino  # noqa: PTH116
        self.masks[number] = mask
        return number

    def unwatch(self, watch: int) -> None:
        del self.masks[watch]

    def read(self) -> Iterator[tuple[int, int]]:
        events, self.events = self.events, []
        return iter(events)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        shape = Shape(Translator(folder, {}), host="mac", tokens="object")
        emitter = Emitter(
            Store(self.store),
            shape,
            tokens="object",
            faults=SensorFaults(),
            hidden_groups=frozenset(),
        )
        self.queue = Queue()
        self.writers = Writers(self.queue, emitter, shape)

    def open(self, name: str) -> int:
        """Opened for writing by this process and not closed: returns its watch."""
        who = Process(
            pid=os.getpid(),
            number=os.getpid(),
            version=1,
            parent=None,
            original_ppid=1,
            group=1,
            session=1,
            credentials=Credentials(0, 0, 0, 0),
            started=0,
        )
        held = os.open(self.folder / name, os.O_PATH | os.O_CREAT * 0)
        found = stat_fd(held)
        assert found is not None
        self.writers.opened(Thread.first_of(who), 3, held, found)
        return found.ino

    def closes(self) -> list[tuple[int, str, bool]]:
        lines = self.store.read_bytes().splitlines()
        return [
            (
                e["seq_num"],
                e["event"]["close"]["target"]["path"],
                e["event"]["close"]["modified"],
            )
            for e in map(msgspec.json.decode, lines)
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    for name in "abc":
        (tmp_path / name).write_text("")
    return Bench(tmp_path)


def test_a_watch_is_kept_just_as_long_as_its_file_is_open(bench: Bench) -> None:
    watch = bench.open("a")
    assert bench.queue.masks == {watch: CLOSED | MODIFIED}
    bench.queue.events = [(watch, MODIFIED)]
    bench.writers.drain()
    assert bench.queue.masks == {watch: CLOSED}  # further changes would tell nothing new
    bench.queue.events = [(watch, CLOSED)]
    bench.writers.drain()
    assert bench.queue.masks == {}
    assert bench.closes() == [(0, "/a", True)]


def test_no_watch_left_is_a_gap(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.queue.limit = 1
    watch = bench.open("a")
    bench.open("b")
    assert "1 close event(s) lost: no inotify watch left" in capsys.readouterr().err
    bench.queue.events = [(watch, CLOSED)]
    bench.writers.drain()
    assert bench.closes() == [(1, "/a", False)]


def test_an_overflow_counts_every_file_that_was_closed(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "ab":
        bench.open(name)
    kept = os.open(bench.folder / "c", os.O_WRONLY)
    still = bench.open("c")
    bench.queue.events = [(-1, OVERFLOWED)]
    bench.writers.drain()
    assert "2 close event(s) lost: the inotify queue overflowed" in capsys.readouterr().err
    os.close(kept)
    bench.queue.events = [(still, CLOSED)]
    bench.writers.drain()
    assert bench.closes() == [(2, "/c", False)]


def test_an_overflow_that_cost_nothing_is_a_gap_all_the_same(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = os.open(bench.folder / "a", os.O_WRONLY)
    watch = bench.open("a")
    bench.queue.events = [(-1, OVERFLOWED), (watch, CLOSED)]
    bench.writers.drain()
    os.close(kept)
    assert "1 close event(s) lost" in capsys.readouterr().err
    assert bench.closes() == [(1, "/a", False)]


def test_no_descriptor_is_kept_after_the_close(bench: Bench) -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    watch = bench.open("a")
    bench.queue.events = [(watch, CLOSED)]
    bench.writers.drain()
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208


def test_names_in_the_queue_are_skipped() -> None:
    named = struct.pack("=iIII", 4, CLOSED, 0, 16) + b"file".ljust(16, b"\0")
    assert list(decode(named + struct.pack("=iIII", -1, OVERFLOWED, 0, 0))) == [
        (4, CLOSED),
        (-1, OVERFLOWED),
    ]
