"""Collection after a controller that died: nothing is invented about what it could not see."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from witnessmark.collect.collector import Collected, Collector
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.hosts import Host, Origin, Role, Source
from witnessmark.model.parts import Hole

STORE = Source(name="es", kind="eslogger", role=Role.ORGANISATION, path="/store")


def append(store: Path, data: bytes) -> None:
    with store.open("ab") as out:
        out.write(data)


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def mac(tmp_path: Path) -> LocalTransport:
    (tmp_path / "root").mkdir()
    return LocalTransport(
        Host(
            name="me", origin=Origin.STAND_IN, connection="local",
            path_prefix=str(tmp_path / "root"),
        )
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, mac: LocalTransport) -> Path:
    path = tmp_path / "root" / "store"
    path.write_bytes(b"old\none\ntwo\n")
    return path


def earlier(chunks: list[tuple[int, int | None]], start: int = 4) -> Collected:
    return Collected(host="me", source="es", start=start, chunks=chunks)


def go_on(mac: LocalTransport, raw: Path, past: Collected, source: Source = STORE) -> Collector:
    ticks = iter(range(100, 200))
    return Collector(mac, source, raw, clock=lambda: next(ticks), earlier=past, part=1)


def test_a_file_is_read_on_and_what_came_meanwhile_has_no_time(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(b"one\nt")
    collector = go_on(mac, raw, earlier([(4, 7), (5, 8)]))
    collector.start()
    until(lambda: raw.stat().st_size == 8)
    append(store, b"three\n")
    done = collector.finish()
    assert raw.read_bytes() == b"one\ntwo\nthree\n"
    assert done.problem is None
    assert done.chunks[:3] == [(4, 7), (5, 8), (8, None)]
    assert [end for end, at in done.chunks if at and at >= 100] == [14]
    assert done.holes == [Hole(part=1, offset=5, lost=False)]
    assert done.look is not None
    assert (done.look.intact, done.look.start, done.look.end) == (True, 4, 18)


def test_bytes_kept_but_never_noted_have_no_time_either(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(b"one\ntwo\n")
    collector = go_on(mac, raw, earlier([(4, 7)]))
    collector.start()
    assert collector.finish().chunks == [(4, 7), (8, None)]


def test_what_was_noted_but_not_kept_is_read_again_without_a_time(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(b"on")  # the machine lost power before the rest was on its disk
    collector = go_on(mac, raw, earlier([(4, 7), (8, 8)]))
    collector.start()
    assert collector.finish().chunks == [(8, None)]
    assert raw.read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("now", [b"old\n", b"new\nONE\ntwo\nand more\n", b""])
def test_another_file_in_its_place_is_a_problem_never_a_stream_that_goes_on(
    mac: LocalTransport, store: Path, tmp_path: Path, now: bytes
) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(b"one\n")
    store.write_bytes(now)
    collector = go_on(mac, raw, earlier([(4, 7)]))
    collector.start()
    done = collector.finish()
    assert "rotated or truncated" in (done.problem or "")
    assert raw.read_bytes() == b"one\n"


def test_a_live_stream_lost_what_it_said_and_its_cut_line_spoils_no_other(
    mac: LocalTransport, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(b'{"a": 1}\n{"b": ')
    argv = ("/bin/sh", "-c", "echo '{\"c\": 3}'; exec sleep 30")
    source = Source(name="es", kind="eslogger", role=Role.REFERENCE, command=argv)
    collector = go_on(mac, raw, earlier([(15, 7)], start=0), source)
    collector.start()
    until(lambda: b"c" in raw.read_bytes())
    done = collector.finish()
    assert raw.read_bytes() == b'{"a": 1}\n{"b": \n{"c": 3}\n'
    assert done.holes == [Hole(part=1, offset=15, lost=True)]
    assert [(end, bool(at)) for end, at in done.chunks] == [(15, True), (16, False), (25, True)]
    assert done.problem is None


def test_every_chunk_is_told_once_it_is_kept_and_again_while_nothing_comes(
    mac: LocalTransport, store: Path, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    raw = tmp_path / "raw"

    def kept(so_far: Collected) -> None:
        told.append((so_far.start, so_far.chunks[-1][0] if so_far.chunks else 0))
        assert raw.stat().st_size == told[-1][1], "told before it was kept"

    collector = Collector(mac, STORE, raw, kept=kept)
    collector.start()
    until(lambda: len(told) > 2)
    append(store, b"more\n")
    until(lambda: told[-1] == (12, 5))
    collector.finish()
    assert sorted(set(told)) == [(12, 0), (12, 5)]
