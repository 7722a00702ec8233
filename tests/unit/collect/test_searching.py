"""A log server as a source: what is new comes once, and how well it is known when it came."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.collect import feeds, searching
from witnessmark.collect.collector import Collected, Collector
from witnessmark.collect.pages import Hit, Page
from witnessmark.errors import ServerError
from witnessmark.hosts.local import LocalTransport
from witnessmark.model.hosts import Host, Origin, Role, Search, Source
from witnessmark.model.parts import Hole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEARCH = Search(
    kind="opensearch",
    url="https://siem",
    index="logs",
    host_field=None,
    host_value="me",
    poll_s=0.05,
)
SOURCE = Source(name="es", kind="eslogger", role=Role.ORGANISATION, search=SEARCH)


def hit(name: str, *, text: str | None = None, at_ns: int | None = None) -> Hit:
    record = (text or name).encode()
    line = json.dumps({"key": name, "text": text or name}).encode()
    when = time.time_ns() if at_ns is None else at_ns
    return Hit(key=name, time_ns=when, raw=line, record=record, digest=record)


@dataclass
class Double:
    """A log server that holds these records, and fails as often as it is told."""

    held: list[Hit] = field(default_factory=list)
    fails: list[ServerError | None] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    closed: int = 0

    def look(self, since_ns: int, until_ns: int) -> Iterator[Page]:
        self.spans.append((since_ns, until_ns))
        fail = self.fails.pop(0) if self.fails else None
        if fail is not None:
            raise fail
        found = [item for item in self.held if since_ns <= (item.time_ns or since_ns) <= until_ns]
        for place in range(0, len(found), 2):
            yield Page(hits=tuple(found[place : place + 2]), receipt={"page": place})

    def hit(self, raw: bytes) -> Hit:
        return hit(json.loads(raw)["key"], text=json.loads(raw)["text"])

    def oldest(self, count: int) -> tuple[Hit, ...]:
        return tuple(sorted(self.held, key=lambda item: item.time_ns or 0)[:count])

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Double:
    found = Double()
    monkeypatch.setattr(searching, "connect", lambda _search: found)
    return found


def collector(folder: Path, **changes: Any) -> Collector:
    host = Host(name="me", origin=Origin.MAC, connection="local")
    return Collector(LocalTransport(host), SOURCE, folder / "es.ndjson", **changes)


def lines(folder: Path, suffix: str = "ndjson") -> list[str]:
    return (folder / f"es.{suffix}").read_text().splitlines()


def test_what_comes_after_the_start_is_collected_once_with_its_hits_and_receipts(
    there: Double, tmp_path: Path
) -> None:
    there.held = [hit("old")]
    found = collector(tmp_path)
    found.start()
    there.held += [hit("a"), hit("b"), hit("c")]
    assert found.wait_for(b"c", 5)
    there.held.append(hit("d"))
    done = found.finish()
    assert done.problem is None
    assert lines(tmp_path) == ["a", "b", "c", "d"]
    assert [json.loads(line)["key"] for line in lines(tmp_path, "hits.ndjson")] == list("abcd")
    receipts = [json.loads(line) for line in lines(tmp_path, "pages.ndjson")]
    assert sum(item.get("new", 0) for item in receipts) == 4
    assert done.look is not None
    assert done.look.intact
    assert all(when is not None for _, when in done.chunks)
    assert 0 < done.grain_ns < 5 * 10**9
    assert there.closed == 1


def test_a_record_that_comes_late_and_behind_others_is_found_by_the_last_look(
    there: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SLACK_S", -60.0)  # looks in between span nearly nothing
    found = collector(tmp_path)
    found.start()
    there.held.append(hit("late", at_ns=time.time_ns() - 60 * 10**9))
    assert not found.wait_for(b"late", 0.4)
    done = found.finish()
    assert lines(tmp_path) == ["late"]
    assert done.chunks == [(5, None)], "nobody knows when it came"


def test_a_look_that_fails_loses_nothing_and_costs_exactness(there: Double, tmp_path: Path) -> None:
    found = collector(tmp_path)
    found.start()
    there.fails = [ServerError("busy")] * 4
    there.held.append(hit("a"))
    assert found.wait_for(b"a", 5)
    done = found.finish()
    assert (done.problem, lines(tmp_path)) == (None, ["a"])
    assert done.grain_ns > 4 * 0.05 * 10**9
    told = [json.loads(line) for line in lines(tmp_path, "pages.ndjson")]
    assert sum("busy" in item.get("problem", "") for item in told) == 4


def test_the_last_look_must_go_well(there: Double, tmp_path: Path) -> None:
    found = collector(tmp_path)
    found.start()
    there.held.append(hit("a"))
    assert found.wait_for(b"a", 5)
    there.fails = [ServerError("1 of 2 shards failed")] * 1000
    done = found.finish()
    assert done.problem == ("me: opensearch at https://siem, index logs: 1 of 2 shards failed")
    assert lines(tmp_path) == ["a"], "what was got is kept"


def test_what_no_look_can_mend_ends_it_at_once(there: Double, tmp_path: Path) -> None:
    there.fails = [ServerError("it answered 404", lasting=True)]
    found = collector(tmp_path)
    found.start()
    assert "404" in (found.finish().problem or "")
    again = collector(tmp_path)
    again.start()
    there.fails = [ServerError("it answered 401", lasting=True)]
    assert not again.wait_for(b"never", 20)
    assert "401" in (again.finish().problem or "")


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_a_record_that_was_taken_away_or_changed_is_told(
    there: Double, tmp_path: Path, how: str
) -> None:
    found = collector(tmp_path)
    found.start()
    there.held += [hit("a"), hit("b")]
    assert found.wait_for(b"b", 5)
    there.held[0:1] = [] if how == "gone" else [hit("a", text="otherwise")]
    done = found.finish()
    assert done.look is not None
    assert done.look.intact is False
    assert lines(tmp_path) == ["a", "b"]


def test_one_bogus_time_makes_no_store_old(there: Double, tmp_path: Path) -> None:
    there.held = [hit("bogus", at_ns=1), *(hit(f"old{n}", at_ns=10**9 + n) for n in range(30))]
    found = collector(tmp_path)
    found.start()
    assert found.finish().head == b"old18\n"


def test_a_resumed_run_goes_on_and_says_what_nobody_saw_come(there: Double, tmp_path: Path) -> None:
    there.held = [hit("old")]
    first = collector(tmp_path)
    first.start()
    there.held.append(hit("a"))
    assert first.wait_for(b"a", 5)
    first.finish()
    raw = tmp_path / "es.ndjson"
    with (tmp_path / "es.hits.ndjson").open("a") as out:
        out.write(json.dumps({"key": "b", "text": "b"}) + "\n")  # kept, and not yet given on
    raw.write_bytes(raw.read_bytes() + b"half a li")
    there.held += [hit("b"), hit("c")]
    earlier = Collected(host="me", source="es", chunks=[(2, 7)], grain_ns=9 * 10**9)
    again = collector(tmp_path, earlier=earlier, part=1)
    again.start()
    there.held.append(hit("d"))
    assert again.wait_for(b"d", 5)
    done = again.finish()
    assert lines(tmp_path) == ["a", "b", "c", "d"]
    assert [json.loads(line)["key"] for line in lines(tmp_path, "hits.ndjson")] == list("abcd")
    assert done.chunks[:2] == [(2, 7), (6, None)]
    assert done.chunks[2][1] is not None
    assert done.holes == [Hole(part=1, offset=2, lost=False)]
    assert done.grain_ns >= 9 * 10**9
    assert done.look is not None
    assert done.look.intact


def test_a_resumed_run_that_does_not_know_what_was_there_before_looks_no_further(
    there: Double, tmp_path: Path
) -> None:
    earlier = Collected(host="me", source="es")
    again = collector(tmp_path, earlier=earlier, part=1)
    again.start()
    assert "nobody knows what opensearch held before" in (again.finish().problem or "")


def test_looks_in_between_ask_for_the_last_minutes_only(there: Double, tmp_path: Path) -> None:
    found = collector(tmp_path)
    found.start()
    deadline = time.monotonic() + 5
    while len(there.spans) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    found.finish()
    lengths = [(until - since) / 1e9 for since, until in there.spans]
    assert lengths[0] == pytest.approx(600, abs=1)
    assert all(length == pytest.approx(390, abs=1) for length in lengths[1:-1])
    assert lengths[-1] == pytest.approx(600, abs=10)


def test_a_search_is_asked_whatever_the_kind_of_its_records(tmp_path: Path) -> None:
    host = Host(name="me", origin=Origin.MAC, connection="local")
    made = feeds.feed(LocalTransport(host), SOURCE, tmp_path / "es.ndjson")
    assert isinstance(made, searching.SearchFeed)
