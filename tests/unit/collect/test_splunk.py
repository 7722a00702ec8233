"""Splunk's search jobs, against a double of the documented shape: no Splunk was at hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from witnessmark.collect import splunk as module
from witnessmark.collect.splunk import Splunk, quoted
from witnessmark.collect.web import Client
from witnessmark.errors import ServerError
from witnessmark.model.hosts import Search

if TYPE_CHECKING:
    from witnessmark.collect.pages import Hit

JOB = "/services/search/v2/jobs/1795521600.1"
DONE = {"isDone": True, "isFailed": False, "isFinalized": False, "messages": []}


def event(number: int, **changes: Any) -> dict[str, Any]:
    when = f"2026-11-24T13:00:{number:02d}.250+01:00"
    made = {"_raw": f'{{"n": {number}}}', "_time": when, "_bkt": "main~1", "_cd": f"1:{number}"}
    return {**made, "host": "mac1", **changes}


class Double:
    """Splunk as documented: a job that is done at the second look, and its results in pages."""

    def __init__(self, events: list[Any], **job: Any) -> None:
        self.events, self.job = events, {**DONE, "resultCount": len(events), **job}
        self.page: dict[str, Any] = {}
        self.forms: list[dict[str, list[str]]] = []
        self.left, self.deleted = 1, False

    def __call__(
        self, method: str, path: str, _headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], Any]:
        parts = urlsplit(path)
        asked = parse_qs(parts.query)
        if method == "POST":
            self.forms.append(parse_qs(body.decode()))
            return 201, {}, {"sid": "1795521600.1"}
        if method == "DELETE":
            self.deleted = True
            return 200, {}, {}
        assert asked["output_mode"] == ["json"]
        if parts.path == JOB:
            self.left -= 1
            state = {**self.job, "isDone": False} if self.left >= 0 else self.job
            return 200, {}, {"entry": [{"content": state}]}
        offset, count = int(asked["offset"][0]), int(asked["count"][0])
        found = self.events[offset : offset + count]
        made = {"preview": False, "init_offset": offset, "messages": [], "results": found}
        return 200, {}, {**made, **self.page}


def search(url: str, **changes: Any) -> Search:
    given = {"host_field": "host", "host_value": "mac1", "sourcetype": "es"}
    return Search(kind="splunk", url=url, index="main", **{**given, **changes})


def hits(told: Any, double: Double, **changes: Any) -> list[Hit]:
    told.answers = [double]
    found = search(told.url, **changes)
    client = Client(told.url, secret=None, ca_file=None, timeout_s=5.0, most_bytes=found.most_bytes)
    pages = Splunk(client, found).look(1_795_521_600 * 10**9, 1_795_521_660 * 10**9)
    return [hit for page in pages for hit in page.hits]


def test_all_events_are_read_page_by_page(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SIZE", 3)
    double = Double([event(n) for n in range(8)])
    found = hits(told, double)
    assert [json.loads(hit.record)["n"] for hit in found] == list(range(8))
    assert found[1].time_ns == 1_795_521_601_250_000_000
    assert json.loads(found[1].raw)["_cd"] == "1:1"
    (form,) = double.forms
    assert form["search"] == [
        f'search index="main" host="mac1" sourcetype="es" | fields {module.FIELDS} | sort 0 _time'
    ]
    assert form["earliest_time"] == ["1795521600.000"]
    assert form["latest_time"] == ["1795521660.001"]
    assert double.deleted


def test_the_oldest_come_first_in_whatever_order_splunk_gives_them(told: Any) -> None:
    told.answers = [double := Double([event(3), event(1), event(2)])]
    client = Client(told.url, secret=None, ca_file=None, timeout_s=5.0, most_bytes=1 << 20)
    found = Splunk(client, search(told.url)).oldest(3)
    assert [json.loads(hit.record)["n"] for hit in found] == [1, 2, 3]
    assert double.forms[0]["earliest_time"] == ["0"]
    assert double.forms[0]["search"][0].endswith("| tail 3")


def test_nothing_is_an_answer(told: Any) -> None:
    assert hits(told, Double([])) == []


WARNED = [{"type": "WARN", "text": "Search peer idx2 is down; results may be incomplete"}]
HALF: dict[str, tuple[Double, str]] = {
    "failed": (Double([event(1)], isFailed=True, messages=WARNED), "failed .WARN: Search peer"),
    "finalized": (Double([event(1)], isFinalized=True), "finalized before"),
    "a peer is down": (Double([event(1)], messages=WARNED), "may have missed events .WARN"),
    "in the older form": (Double([event(1)], messages={"error": ["x"]}), "missed events .ERROR: x"),
    "count is null": (Double([event(1)], resultCount=None), "cannot be read"),
    "fewer": (Double([event(1)], resultCount=3), "counted 3 events and gave 1"),
    "more": (Double([event(1), event(2)], resultCount=1), "counted 1 events and gave 2"),
    "too many": (Double([], resultCount=10_000_000), "more than most_records"),
    "twice": (Double([event(1), event(1)]), "the same event twice"),
    "no place": (Double([event(1, _cd=None)]), "an event that cannot be read"),
    "no text": (Double([event(1, _raw=None)]), "an event that cannot be read"),
    "null": (Double([None]), "an event that cannot be read"),
}


@pytest.mark.parametrize("name", HALF)
def test_half_an_answer_is_no_answer(told: Any, name: str) -> None:
    double, why = HALF[name]
    with pytest.raises(ServerError, match=why):
        hits(told, double)
    assert double.deleted


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ({"preview": True}, "a preview"),
        ({"init_offset": 7}, "another page"),
        ({"messages": WARNED}, "results may be incomplete"),
        ({"results": None}, "cannot be read"),
    ],
)
def test_a_page_that_is_none(told: Any, page: dict[str, Any], why: str) -> None:
    double = Double([event(1)])
    double.page = page
    with pytest.raises(ServerError, match=why):
        hits(told, double)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("mac1", '"mac1"'),
        ('x" OR index="_internal', '"x\\" OR index=\\"_internal"'),
        ("a\\", '"a\\\\"'),
        ('\\"', '"\\\\\\""'),
        ("a | delete", '"a | delete"'),
        ("[search x]", '"[search x]"'),
    ],
)
def test_a_value_stays_one_term(value: str, written: str) -> None:
    assert quoted(value) == written
    inside = written[1:-1].replace("\\\\", "").replace('\\"', "")
    assert '"' not in inside


@pytest.mark.parametrize("value", ["mac*", "`macro`", "a\nb", "a\0b", "\u2028"])
def test_what_no_quoting_makes_plain_is_refused(told: Any, value: str) -> None:
    with pytest.raises(ServerError, match=r"holds \*, a backtick or a control character"):
        hits(told, Double([]), host_value=value)
    assert told.asked == []


@pytest.mark.parametrize(
    ("said", "ns"),
    [
        ("1795521600.5", 1_795_521_600_500_000_000),
        ("1795521600", 1_795_521_600_000_000_000),
        ("2026-11-24T12:00:00.123456+00:00", 1_795_521_600_123_456_000),
        ("2026-11-24T12:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times(said: str, ns: int | None) -> None:
    assert module._time(said) == ns
