"""How a log server is named: everything wrong is told with its place, and no secret is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from witnessmark import inventory
from witnessmark.errors import ContentError
from witnessmark.inventory.destinations import resolved, shared
from witnessmark.inventory.sources import sources
from witnessmark.inventory.values import Wrong
from witnessmark.model.hosts import Credentials, Host, Origin

GOOD = {"kind": "opensearch", "url": "https://siem.example:9200/", "index": "logs-*"}
SOURCE = {"name": "es", "kind": "eslogger", "role": "organisation"}


def host(name: str, item: dict[str, Any]) -> Host:
    found = sources([{**SOURCE, **item}])
    return resolved(Host(name=name, origin=Origin.MAC, connection="ssh", sources=found))


def wrongs(item: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ExceptionGroup) as caught:
        host("mac1", item)
    return [
        (wrong.path, wrong.what) for wrong in caught.value.exceptions if isinstance(wrong, Wrong)
    ]


def test_a_search_is_one_host_s() -> None:
    found = host("mac1", {"search": {**GOOD, "host_value": "{host}.lab", "poll": "2s"}})
    asked = found.sources[0].search
    assert asked is not None
    assert (asked.url, asked.index) == ("https://siem.example:9200", "logs-*")
    assert (asked.host_field, asked.host_value, asked.poll_s) == ("host.name", "mac1.lab", 2.0)
    few = host("mac1", {"search": {**GOOD, "most_records": 1_000}}).sources[0].search
    assert few is not None
    assert few.most_records == 1_000
    own = host("mac1", {"search": {**GOOD, "index": "logs-{host}"}}).sources[0].search
    assert own is not None
    assert (own.index, own.host_field) == ("logs-mac1", None)


def test_a_destination_may_be_a_server_with_a_deadline() -> None:
    there = {**GOOD, "deadline": "90s", "record": "event.original"}
    found = host("mac1", {"path": "/store", "destination": there}).sources[0].destination
    assert found is not None
    assert (found.kind, found.path, found.deadline_s) == ("opensearch", "", 90.0)
    assert found.search is not None
    assert found.search.record == "event.original"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"scheme": "apikey", "env": "SIEM_KEY"}, Credentials(scheme="apikey", env="SIEM_KEY")),
        ({"scheme": "basic", "file": "/k"}, Credentials(scheme="basic", file=Path("/k"))),
        (
            {"scheme": "bearer", "command": ["security", "-w"]},
            Credentials(scheme="bearer", command=("security", "-w")),
        ),
    ],
)
def test_credentials_are_named_by_where_they_lie(given: Any, made: Credentials) -> None:
    found = host("mac1", {"search": {**GOOD, "credentials": given}}).sources[0].search
    assert found is not None
    assert found.credentials == made


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"kind": "sqlite"}, ("kind",), "must be one of opensearch"),
        ({"url": "siem:9200"}, ("url",), "must be a URL"),
        ({"url": "https://u:p@siem"}, ("url",), "must hold no user or password"),
        ({"url": "https://siem:x"}, ("url",), "must be a URL"),
        ({"url": "https://siem/?a=b"}, ("url",), "must be a URL"),
        ({"url": "http://siem.example"}, (), "must begin with https://"),
        ({"index": "../_cat"}, ("index",), "must be index names"),
        ({"index": "logs-{name}"}, ("index",), "must be index names"),
        ({"index": "a/_search"}, ("index",), "must be index names"),
        ({"url": "https://siem.example/\u00e9"}, ("url",), "must be a URL in plain ASCII"),
        ({"index": "logs-{host}", "host_value": "x"}, ("host_value",), "needs a host_field"),
        (
            {"credentials": {"env": "SIEM_KEY", "file": "/k"}},
            ("credentials",),
            "needs a scheme",
        ),
        (
            {"credentials": {"scheme": "basic", "file": "k"}},
            ("credentials", "file"),
            "must be an absolute path",
        ),
        ({"host_field": "a b"}, ("host_field",), "must be the name of a field"),
        ({"host_value": "{name}"}, ("host_value",), "holds braces"),
        ({"sourcetype": "es"}, ("sourcetype",), "is for Splunk only"),
        ({"poll": "10ms"}, ("poll",), "must be between 0.5s and 600s"),
        ({"most_records": 0}, ("most_records",), "must be a number"),
        ({"most_records": True}, ("most_records",), "must be a number"),
        ({"ca_file": "ca.pem"}, ("ca_file",), "must be an absolute path"),
        ({"verify": False}, ("verify",), "is unknown"),
        ({"credentials": "hunter2"}, ("credentials",), "must be a mapping"),
        ({"credentials": {"scheme": "basic"}}, ("credentials",), "needs exactly one of env"),
        (
            {"credentials": {"scheme": "basic", "password": "hunter2"}},
            ("credentials", "password"),
            "is unknown, and a secret is never written here",
        ),
        (
            {"credentials": {"scheme": "basic", "env": "hunter2!"}},
            ("credentials", "env"),
            "must be the name of an environment variable",
        ),
        (
            {"credentials": {"scheme": "basic", "command": []}},
            ("credentials", "command"),
            "must be a list of words",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_never_repeated(
    change: dict[str, Any], where: tuple[str, ...], what: str
) -> None:
    for place, item in (
        (("search",), {"search": {**GOOD, **change}}),
        (("destination",), {"path": "/store", "destination": {**GOOD, **change}}),
    ):
        if place == ("destination",) and where == ("kind",):
            continue
        ((path, said),) = wrongs(item)
        assert path == (0, *place, *where)
        assert said.startswith(what)
        assert "hunter2" not in said


def test_all_that_is_missing_is_told_at_once() -> None:
    said = {what for _, what in wrongs({"search": {}})}
    assert said == {"needs a kind", "needs a url", "needs a index"}


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"tie_field": "x"}, ("tie_field",), "is not for Splunk"),
        ({"time_field": "x"}, ("time_field",), "is not for Splunk"),
        ({"record": "x"}, ("record",), "is not for Splunk"),
        ({"host_field": "host", "host_value": "*"}, (), "must not hold *"),
    ],
)
def test_what_splunk_has_of_itself_is_not_said_again(
    change: dict[str, Any], where: tuple[str, ...], what: str
) -> None:
    splunk = {"kind": "splunk", "url": "https://s:8089", "index": "main"}
    assert host("mac1", {"search": splunk}).sources[0].search is not None
    ((path, said),) = wrongs({"search": {**splunk, **change}})
    assert path == (0, "search", *where)
    assert said.startswith(what)


def test_a_search_and_a_server_are_mappings() -> None:
    assert wrongs({"search": "https://siem"}) == [
        ((0, "search"), "must be a mapping with kind, url and index")
    ]


def test_a_servers_deadline_is_a_duration() -> None:
    there = {"path": "/store", "destination": {**GOOD, "deadline": "soon"}}
    assert wrongs(there) == [((0, "destination", "deadline"), 'must be a duration such as "10s"')]


@pytest.mark.parametrize("index", ["a,b", "main*", ".x"])
def test_an_index_of_splunk_is_one(index: str) -> None:
    said = wrongs({"search": {"kind": "splunk", "url": "https://s:8089", "index": index}})
    assert said == [((0, "search", "index"), "must be one index of Splunk, without wildcards")]


def test_two_hosts_never_share_the_records_of_a_search() -> None:
    there = {"path": "/store", "destination": {**GOOD, "host_value": "same"}}
    ((whose, place, what),) = shared([host("mac1", there), host("mac2", there)])
    assert (whose.name, place) == ("mac2", 0)
    assert what.startswith("is where source es of mac1 is delivered too")
    each = {"path": "/store", "destination": GOOD}
    assert not list(shared([host("mac1", each), host("mac2", each)]))


FLEET = """\
all:
  vars:
    witnessmark_sources:
      - name: es
        kind: eslogger
        role: organisation
        search:
          kind: opensearch
          url: https://siem.example
          index: logs
          credentials: {scheme: apikey, key: hunter2}
  hosts:
    mac1:
"""


def test_a_problem_names_its_line_and_not_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET)
    with pytest.raises(ContentError) as caught:
        inventory.load([file])
    (problem,) = caught.value.problems
    assert problem.startswith(
        f"{file}:11: witnessmark_sources[0].search.credentials.key is unknown"
    )
    assert "hunter2" not in problem
