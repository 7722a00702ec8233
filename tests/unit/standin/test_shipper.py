"""The pipeline of a stand-in carries every line once, through rotation, truncation and restarts."""

from pathlib import Path

import pytest

from witnessmark.standin.faults import Fault
from witnessmark.standin.faults.shipper import ShipperFaults
from witnessmark.standin.shipper import Shipper


def fault(action: str, **settings: object) -> Fault:
    return Fault(layer="shipper", action=action, events=frozenset({"exec"}), settings=settings)


def execution(path: str) -> bytes:
    return b'{"event":{"exec":{"target":{"executable":{"path":"%s"}}}}}\n' % path.encode()


OTHER = b'{"event":{"exit":{"stat":0}}}\n'
RUN = execution("/x")


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    (tmp_path / "log").mkdir()
    return tmp_path / "log/store", tmp_path / "destination", tmp_path / "state"


def test_every_line_arrives_once_and_a_torn_one_when_it_is_whole(
    places: tuple[Path, Path, Path],
) -> None:
    store, destination, _ = places
    shipper = Shipper(*places)
    shipper.step()
    store.write_bytes(b"1\n2\nto")
    shipper.step()
    assert destination.read_bytes() == b"1\n2\n"
    with store.open("ab") as out:
        out.write(b"rn\n")
    shipper.step()
    shipper.step()
    assert destination.read_bytes() == b"1\n2\ntorn\n"


def test_a_restart_goes_on_where_it_was(places: tuple[Path, Path, Path]) -> None:
    store, destination, _ = places
    store.write_bytes(b"1\n")
    Shipper(*places).finish()
    with store.open("ab") as out:
        out.write(b"2\n")
    Shipper(*places).finish()
    assert destination.read_bytes() == b"1\n2\n"


def test_rotation_and_truncation_lose_nothing_that_was_there(
    places: tuple[Path, Path, Path],
) -> None:
    store, destination, _ = places
    shipper = Shipper(*places)
    store.write_bytes(b"1\n")
    shipper.step()
    with store.open("ab") as out:
        out.write(b"2\n")
    store.rename(store.with_name("store.1"))
    store.write_bytes(b"3\n")
    shipper.step()
    assert destination.read_bytes() == b"1\n2\n3\n"
    store.write_bytes(b"longer than before\n")
    shipper.step()
    assert destination.read_bytes() == b"1\n2\n3\nlonger than before\n"


def test_each_fault_does_what_it_says() -> None:
    now = [0.0]

    def faults(*items: Fault) -> ShipperFaults:
        return ShipperFaults(items, clock=lambda: now[0])

    assert faults(fault("drop")).take(RUN) == []
    assert faults(fault("drop")).take(OTHER) == [OTHER]
    assert faults(fault("duplicate", times=2)).take(RUN) == [RUN] * 3
    held = faults(fault("delay", seconds=5))
    assert (held.take(RUN), held.due(), held.wait_s()) == ([], [], 5.0)
    now[0] = 5.0
    assert (held.due(), held.wait_s()) == ([RUN], None)
    shuffled = faults(fault("reorder", by=2))
    passed = [shuffled.take(line) for line in (RUN, b"a\n", b"b\n", b"c\n")]
    assert sorted(b"".join(b"".join(item) for item in passed)) == sorted(RUN + b"a\nb\nc\n")
    assert passed[0] == []
    stalled = faults(fault("stall"))
    assert stalled.take(RUN) == stalled.take(OTHER) == stalled.due() == stalled.rest() == []
