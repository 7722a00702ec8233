"""Collection: nothing lost, every chunk stamped, and whatever goes wrong is said."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from witnessmark.collect.collector import Collector
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.hosts import Host, Origin, Role, Source

STORE = Source(name="es", kind="eslogger", role=Role.ORGANISATION, path="/store")


@pytest.fixture
def mac(tmp_path: Path) -> LocalTransport:
    root = tmp_path / "root"
    root.mkdir()
    return LocalTransport(
        Host(name="me", origin=Origin.STAND_IN, connection="local", path_prefix=str(root))
    )


@pytest.fixture
def store(tmp_path: Path, mac: LocalTransport) -> Path:
    path = tmp_path / "root" / "store"
    path.write_bytes(b"old 1\nold 2\n")
    return path


def append(store: Path, data: bytes) -> None:
    with store.open("ab") as out:
        out.write(data)


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_only_what_came_after_the_start_is_collected(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    ticks = iter(range(1, 100))
    collector = Collector(mac, STORE, raw, clock=lambda: next(ticks))
    collector.start()
    append(store, b"new 1\nnew")
    until(lambda: raw.stat().st_size == 9)
    append(store, b" 2\n")
    done = collector.finish()
    assert raw.read_bytes() == b"new 1\nnew 2\n"
    assert done.problem is None
    assert done.start == 12
    assert [end for end, _ in done.chunks] == [9, 12]
    assert done.look is not None
    assert (done.look.intact, done.look.start, done.look.end, done.look.size) == (True, 12, 24, 24)
    assert done.head == b"old 1\nold 2\nnew 1\nnew 2\n"


def test_the_last_bytes_written_before_finish_are_in(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    collector = Collector(mac, STORE, tmp_path / "raw")
    collector.start()
    append(store, b"last\n")
    collector.finish()
    assert (tmp_path / "raw").read_bytes() == b"last\n"


def test_waiting_sees_only_whole_lines(mac: LocalTransport, store: Path, tmp_path: Path) -> None:
    collector = Collector(mac, STORE, tmp_path / "raw")
    collector.start()
    append(store, b"the end")
    assert not collector.wait_for(b"the end", 0.3)
    append(store, b"\n")
    assert collector.wait_for(b"the end", 5)
    assert collector.wait_for(b"the end", 0)
    collector.finish()


def test_a_store_that_shrinks_is_a_problem_not_silence(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    collector = Collector(mac, STORE, tmp_path / "raw")
    collector.start()
    store.write_bytes(b"")
    assert not collector.wait_for(b"never", 5)
    assert "shrank from 12 to 0" in (collector.finish().problem or "")


def test_a_store_that_was_rewritten_is_not_intact(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    collector = Collector(mac, STORE, tmp_path / "raw")
    collector.start()
    append(store, b"evidence\n")
    assert collector.wait_for(b"evidence", 5)
    with store.open("r+b") as there:  # in place: a store that is empty for a moment has shrunk
        there.write(b"old 1\nold 2\nEVIDENCE\n")
    done = collector.finish()
    assert done.look is not None
    assert done.look.intact is False


def test_a_store_that_is_not_there_is_a_problem(mac: LocalTransport, tmp_path: Path) -> None:
    collector = Collector(mac, STORE, tmp_path / "raw")
    collector.start()
    assert "could not look at /store" in (collector.finish().problem or "")


def no_space() -> int:
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_a_problem_and_wakes_who_waits(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    collector = Collector(mac, STORE, tmp_path / "raw", clock=no_space)
    collector.start()
    waiting = time.monotonic()
    append(store, b"new\n")
    assert not collector.wait_for(b"never", 20)
    assert time.monotonic() - waiting < 10
    said = collector.finish().problem or ""
    assert said == "me: es: what was collected could not be kept (No space left on device)"


class Bug(LocalTransport):
    """A transport with a bug of its own: what comes out of it is no HostError."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.broken = False

    def size(self, path: str) -> int:
        if self.broken:
            raise KeyError("a bug")
        return super().size(path)


def test_a_bug_in_the_thread_is_a_problem_and_wakes_who_waits(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    transport = Bug(mac.host)
    collector = Collector(transport, STORE, tmp_path / "raw")
    collector.start()
    transport.broken = True
    waiting = time.monotonic()
    assert not collector.wait_for(b"never", 20)
    assert time.monotonic() - waiting < 10
    transport.broken = False
    said = collector.finish().problem or ""
    assert said.startswith("me: collecting es failed\nTraceback")
    assert "KeyError: 'a bug'" in said


def test_evidence_that_cannot_be_kept_at_all_is_a_problem(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    collector = Collector(mac, STORE, tmp_path / "no folder" / "raw")
    collector.start()
    assert not collector.wait_for(b"x", 5)
    assert "could not be kept (No such file or directory)" in (collector.finish().problem or "")


def test_evidence_that_was_taken_away_is_a_problem(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    collector = Collector(mac, STORE, tmp_path / "raw")
    collector.start()
    append(store, b"new\n")
    assert collector.wait_for(b"new", 5)
    (tmp_path / "raw").unlink()
    done = collector.finish()
    assert "could not be kept" in (done.problem or "")
    assert done.look is None


def test_a_command_is_read_until_its_pipe_is_closed(mac: LocalTransport, tmp_path: Path) -> None:
    source = Source(
        name="es",
        kind="eslogger",
        role=Role.REFERENCE,
        command=("/bin/sh", "-c", "echo one; exec sleep 60"),
    )
    collector = Collector(mac, source, tmp_path / "raw")
    collector.start()
    assert collector.wait_for(b"one", 5)
    done = collector.finish()
    assert (done.problem, done.look) == (None, None)


def test_a_sensor_that_ends_by_itself_is_a_problem_with_its_words(
    mac: LocalTransport, tmp_path: Path
) -> None:
    source = Source(
        name="es",
        kind="eslogger",
        role=Role.REFERENCE,
        command=("/bin/sh", "-c", "echo ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED >&2"),
    )
    collector = Collector(mac, source, tmp_path / "raw")
    collector.start()
    assert not collector.wait_for(b"x", 5)
    assert "NOT_PERMITTED; does it have the rights" in (collector.finish().problem or "")


def test_a_file_is_collected_whatever_its_kind(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    source = Source(name="s", kind="santa", role=Role.ORGANISATION, path="/store")
    collector = Collector(mac, source, tmp_path / "raw")
    collector.start()
    append(store, b"new\n")
    assert collector.wait_for(b"new", 5)
    assert collector.finish().problem is None


def test_a_collector_that_never_started_is_a_problem(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    done = Collector(mac, STORE, tmp_path / "raw").finish()
    assert "was never collected" in (done.problem or "")
    assert done.look is None
