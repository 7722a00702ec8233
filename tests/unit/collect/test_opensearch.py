"""Reading OpenSearch to the end, against a real server; and every half answer is no answer."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from witnessmark.collect import opensearch as module
from witnessmark.collect.opensearch import OpenSearch
from witnessmark.collect.web import Client
from witnessmark.errors import ServerError
from witnessmark.model.hosts import Search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from witnessmark.collect.pages import Hit

T0 = 1_795_521_600_000  # 2026-11-24T12:00:00Z, in ms
NAMES = (f"logs-{number}" for number in itertools.count())
SINCE, UNTIL = (T0 - 1000) * 10**6, (T0 + 60_000) * 10**6


def search(url: str, index: str, **changes: Any) -> Search:
    given = {"kind": "opensearch", "host_field": "host.name", "host_value": "mac1"}
    return Search(url=url, index=index, **{**given, **changes})


def server(found: Search) -> OpenSearch:
    client = Client(
        found.url, secret=None, ca_file=None, timeout_s=5.0, most_bytes=found.most_bytes
    )
    return OpenSearch(client, found)


def hits(found: Search) -> list[Hit]:
    pages = server(found).look(SINCE, UNTIL)
    return [hit for page in pages for hit in page.hits]


@pytest.fixture
def index(opensearch: str) -> str:
    """A new index whose times are all alike, as those of one burst are."""
    name = next(NAMES)
    date = {"type": "date_nanos"}
    fields = {"@timestamp": date, "host": {"properties": {"name": {"type": "keyword"}}}}
    body = {"mappings": {"properties": fields}}
    assert urllib3.request("PUT", f"{opensearch}/{name}", json=body).status == 200
    return name


def put(url: str, index: str, documents: list[dict[str, Any]]) -> None:
    lines = []
    for place, item in enumerate(documents):
        lines += [{"index": {"_index": index, "_id": f"d{place}"}}, item]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    headers = {"content-type": "application/x-ndjson"}
    done = urllib3.request("POST", f"{url}/_bulk?refresh=true", body=body, headers=headers)
    assert not done.json()["errors"]


def document(number: int, *, host: str = "mac1", at_ms: int = T0) -> dict[str, Any]:
    return {"@timestamp": at_ms, "host": {"name": host}, "n": number, "message": f"été {number}"}


def test_every_record_of_the_host_is_read_once_though_all_have_one_time(
    opensearch: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIZE", 7)
    put(opensearch, index, [document(n, host=f"mac{1 + n % 2}") for n in range(100)])
    found = hits(search(opensearch, index))
    assert sorted(json.loads(hit.record)["n"] for hit in found) == list(range(0, 100, 2))
    assert {hit.time_ns for hit in found} == {T0 * 10**6}
    assert all(json.loads(hit.raw)["_source"] == json.loads(hit.record) for hit in found)
    assert not any(b"\n" in hit.raw + hit.record for hit in found)


def test_a_tie_that_ties_loses_records_and_that_is_no_answer(
    opensearch: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIZE", 7)
    put(opensearch, index, [document(n) for n in range(20)])
    with pytest.raises(ServerError, match=r"it counted 20 records and gave \d+; is tie_field"):
        hits(search(opensearch, index, tie_field="host.name"))
    assert len(hits(search(opensearch, index, tie_field="_id"))) == 20


def test_only_the_time_that_was_asked_for(opensearch: str, index: str) -> None:
    put(opensearch, index, [document(n, at_ms=T0 + n * 30_000) for n in range(-2, 5)])
    assert [json.loads(hit.record)["n"] for hit in hits(search(opensearch, index))] == [0, 1, 2]


def test_the_oldest_are_of_the_host_alone(opensearch: str, index: str) -> None:
    put(opensearch, index, [document(n, at_ms=T0 + n, host=f"mac{1 + n % 2}") for n in range(9)])
    found = server(search(opensearch, index)).oldest(3)
    assert [json.loads(hit.record)["n"] for hit in found] == [0, 2, 4]


def test_nothing_is_an_answer(opensearch: str, index: str) -> None:
    assert hits(search(opensearch, index)) == []
    assert server(search(opensearch, index)).oldest(3) == ()


def test_a_hostile_host_name_asks_for_that_name_alone(opensearch: str, index: str) -> None:
    put(opensearch, index, [document(1)])
    for value in ('"}},{"match_all":{}', "*", "mac?", "mac1 OR mac2", "\\"):
        assert hits(search(opensearch, index, host_value=value)) == []


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (None, {"host": {"name": "mac1"}, "event": {"original": "a b", "made": {"x": [1]}}}),
        ("event.original", b"a b"),
        ("event.made", {"x": [1]}),
    ],
)
def test_the_sensor_s_record_may_lie_in_a_field(
    opensearch: str, index: str, name: str | None, wanted: object
) -> None:
    inside = {"original": "a\nb", "made": {"x": [1]}}
    put(opensearch, index, [{**document(1), "event": inside}])
    (found,) = hits(search(opensearch, index, record=name))
    if isinstance(wanted, bytes):
        assert found.record == wanted
    else:
        assert name is None or json.loads(found.record) == wanted


def test_a_record_that_is_not_in_its_field_is_kept_whole_and_will_be_told(
    opensearch: str, index: str
) -> None:
    put(opensearch, index, [document(1)])
    (found,) = hits(search(opensearch, index, record="event.original"))
    assert found.record == found.raw


def test_too_many_records_are_not_read_at_all(opensearch: str, index: str) -> None:
    put(opensearch, index, [document(n) for n in range(20)])
    with pytest.raises(ServerError, match=r"20 records in this time, more than most_records \(19"):
        hits(search(opensearch, index, most_records=19))
    with pytest.raises(ServerError, match="most_bytes"):
        hits(search(opensearch, index, most_bytes=1000))


def test_an_index_that_is_not_there_is_no_silence(opensearch: str) -> None:
    with pytest.raises(ServerError, match=r"it answered 404 \(no such index \[nope\]\)") as caught:
        hits(search(opensearch, "nope"))
    assert caught.value.lasting


def test_the_point_in_time_is_given_back(opensearch: str, index: str, told: Any) -> None:
    put(opensearch, index, [document(1)])
    told.answers = [forward(opensearch)]
    assert len(hits(search(told.url, index))) == 1
    asked = [(method, path.partition("?")[0]) for method, path, *_ in told.asked]
    assert asked == [
        ("POST", f"/{index}/_search/point_in_time"),
        ("POST", "/_search"),
        ("DELETE", "/_search/point_in_time"),
    ]


def forward(url: str) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    def answer(
        method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        kept = {"content-type": headers.get("content-type", "application/json")}
        done = urllib3.request(method, url + path, body=body, headers=kept)
        return done.status, {}, done.data

    return answer


Page = dict[str, Any]


def page(*numbers: int, **changes: Any) -> Page:
    found = [
        {"_index": "i", "_id": f"d{n}", "sort": [T0, n], "_source": document(n)} for n in numbers
    ]
    total = {"value": len(numbers), "relation": "eq"}
    shards = {"total": 2, "failed": 0}
    made = {"timed_out": False, "_shards": shards, "hits": {"hits": found, "total": total}}
    for path, value in changes.items():
        at: Any = made
        *way, name = path.split("__")
        for part in way:
            at = at[int(part) if part.isdecimal() else part]
        at[name] = value
    return made


def drop(made: Page, *way: Any) -> Page:
    at: Any = made
    for part in way[:-1]:
        at = at[part]
    del at[way[-1]]
    return made


OPENED = {"pit_id": "p", "_shards": {"total": 2, "failed": 0}}
SHARDS = {"total": 2, "failed": 1}
HALF = {
    "a shard failed": ([page(1, _shards=SHARDS)], "1 of 2 shards failed"),
    "no shard at all": ([page(_shards={"total": 0, "failed": 0})], "no index of that name"),
    "timed out": ([page(1, timed_out=True)], "gave up searching in the middle"),
    "timed out is null": ([page(1, timed_out=None)], "cannot be read"),
    "no shards told": ([drop(page(1), "_shards")], "cannot be read"),
    "null": ([None], "cannot be read"),
    "hits is null": ([page(1, hits=None)], "cannot be read"),
    "hits in it is null": ([page(1, hits__hits=None)], "cannot be read"),
    "a hit is null": ([page(1, hits__hits=[None])], "a hit that cannot be read"),
    "no total": ([page(1, hits__total=None)], "does not say how many"),
    "a bound only": (
        [page(1, hits__total={"value": 1, "relation": "gte"})], "does not say how many",
    ),
    "no sort": ([page(1, hits__hits__0__sort=None)], "without sort values"),
    "empty sort": ([page(1, hits__hits__0__sort=[])], "without sort values"),
    "no source": ([page(1, hits__hits__0___source=None)], "without _source"),
    "fewer than counted": (
        [page(1, hits__total={"value": 3, "relation": "eq"}),
         page(hits__total={"value": 3, "relation": "eq"})],
        "counted 3 records and gave 1",
    ),
    "more than counted": (
        [page(1, 2, hits__total={"value": 1, "relation": "eq"})], "counted 1 records and gave 2",
    ),
    "the count changes": (
        [page(1, hits__total={"value": 3, "relation": "eq"}),
         page(2, hits__total={"value": 2, "relation": "eq"})],
        "counted 3 records, and then 2",
    ),
    "one page for ever": (
        [page(1, hits__total={"value": 9, "relation": "eq"})], "the same record twice",
    ),
    "twice in a page": ([page(1, 1)], "the same record twice"),
}  # fmt: skip


@pytest.mark.parametrize("name", HALF)
def test_half_an_answer_is_no_answer(told: Any, name: str) -> None:
    pages, why = HALF[name]
    left: Iterator[Any] = iter(pages)
    last = pages[-1]

    def answer(method: str, path: str, *_: object) -> tuple[int, dict[str, str], Any]:
        if "point_in_time" in path:
            return 200, {}, OPENED
        return 200, {}, next(left, last)

    told.answers = [answer]
    with pytest.raises(ServerError, match=why):
        hits(search(told.url, "i"))
    assert told.asked[-1][0] == "DELETE", "the point in time was given back all the same"


def test_a_point_in_time_over_half_of_the_shards_is_none(told: Any) -> None:
    told.answers = [(200, {}, {**OPENED, "_shards": SHARDS})]
    with pytest.raises(ServerError, match="1 of 2 shards failed"):
        hits(search(told.url, "i"))
    told.answers = [(200, {}, {"id": "p"})]
    with pytest.raises(ServerError, match="opened no point in time; is it really opensearch"):
        hits(search(told.url, "i"))


def test_elasticsearch_is_asked_in_its_own_words(told: Any) -> None:
    told.answers = [(200, {}, {"id": "p1"}), (200, {}, page(1, pit_id="p2")), (200, {}, {})]
    found = replace(search(told.url, "logs-*"), kind="elasticsearch")
    assert len(hits(found)) == 1
    asked = [(method, path) for method, path, *_ in told.asked]
    assert asked[0] == ("POST", "/logs-*/_pit?keep_alive=2m")
    assert asked[-1] == ("DELETE", "/_pit")
    assert json.loads(told.asked[-1][3]) == {"id": "p2"}
