"""What was delivered is collected here, and awaited no longer than its deadline."""

from pathlib import Path

from witnessmark.collect import delivery
from witnessmark.collect.delivery import Arrivals
from witnessmark.model.hosts import Destination, Host, Origin, Role, Source


def arrivals(folder: Path, *, deadline_s: float = 60.0) -> Arrivals:
    there = Destination(kind="ndjson", path=str(folder / "there"), deadline_s=deadline_s)
    source = Source(
        name="es", kind="eslogger", role=Role.ORGANISATION, path="/s", destination=there
    )
    host = Host(
        name="me", origin=Origin.STAND_IN, connection="ssh", path_prefix="/no", sources=(source,)
    )
    return Arrivals(host, source, folder / "store.raw", folder / "there.raw")


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as out:
        out.write(data)


def test_the_wait_ends_when_every_line_of_the_store_is_there_in_any_order(tmp_path: Path) -> None:
    append(tmp_path / "there", b"old\n")
    append(tmp_path / "store.raw", b"1\n2\nhalf")
    found = arrivals(tmp_path)
    found.collector.start()
    append(tmp_path / "there", b"2\n2\n1\n")
    assert found.wait(lambda: False)
    done = found.collector.finish()
    assert (tmp_path / "there.raw").read_bytes() == b"2\n2\n1\n"
    assert (done.problem, done.start) == (None, 4)
    assert done.look is not None
    assert done.look.intact


def test_what_never_comes_is_awaited_until_its_deadline(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(delivery, "SLACK_S", 0.0)
    append(tmp_path / "there", b"")
    append(tmp_path / "store.raw", b"1\n2\n")
    found = arrivals(tmp_path, deadline_s=0.05)
    found.collector.start()
    append(tmp_path / "there", b"1\n")
    assert not found.wait(lambda: False)
    assert not found.wait(lambda: True), "a run that is called off waits for nothing"
    found.collector.finish()


def test_a_destination_that_is_not_there_is_a_problem_and_nothing_is_awaited(
    tmp_path: Path,
) -> None:
    append(tmp_path / "store.raw", b"1\n")
    found = arrivals(tmp_path)
    found.collector.start()
    assert not found.wait(lambda: False)
    assert "there" in (found.collector.finish().problem or "")
