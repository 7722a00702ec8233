"""The schema of a source accepts what the loader accepts, and refuses what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from witnessmark.content import root
from witnessmark.inventory.schema import source
from witnessmark.inventory.sources import sources

FILE = {"name": "es", "kind": "eslogger", "role": "organisation", "path": "/store"}
SERVER = {"kind": "opensearch", "url": "https://siem:9200", "index": "logs-*"}
SEARCH = {**{key: FILE[key] for key in ("name", "kind", "role")}, "search": SERVER}
LOG: dict[str, Any] = {**{key: FILE[key] for key in ("name", "role")}, "kind": "unifiedlog"}
LOG["unified_log"] = {"read": "show", "poll": "2s", "settle": "9s"}
KEY = {"scheme": "apikey", "env": "SIEM"}


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(source())


def shipped() -> list[Any]:
    def within(data: Any) -> list[Any]:
        if not isinstance(data, dict):
            return []
        own = data.get("witnessmark_sources", [])
        return own + [item for value in data.values() for item in within(value)]

    files = list(Path(root() / "inventory").glob("*.yaml"))
    return [item for path in files for item in within(yaml.safe_load(path.read_text()))]


def accepted(item: Any) -> bool:
    try:
        sources([item])
    except ExceptionGroup:
        return False
    return True


@pytest.mark.parametrize("item", shipped(), ids=lambda item: item["name"])
def test_what_ships_is_good(item: Any) -> None:
    assert accepted(item)
    Draft202012Validator(source()).validate(item)


@pytest.mark.parametrize(
    ("item", "good"),
    [
        (FILE, True),
        (SEARCH, True),
        ({**FILE, "destination": {"kind": "folder", "path": "/x", "deadline": "5s"}}, True),
        ({**FILE, "destination": {**SERVER, "deadline": "5s", "credentials": KEY}}, True),
        ({**SEARCH, "search": {**SERVER, "poll": "2s", "most_records": 10}}, True),
        ({**SEARCH, "path": "/store"}, False),
        ({**LOG, "unified_log": {"read": "stream", "sudo": True}}, True),
        ({**LOG, "kind": "eslogger-oslog", "retention": "host-unified-log"}, True),
        ({**LOG, "unified_log": {"read": "collect"}}, False),
        ({**LOG, "unified_log": {"command": ["log", "show"]}}, False),
        ({**LOG, "unified_log": {"predicate": "process == 'x'"}}, False),
        ({**LOG, "unified_log": {"sudo": "yes"}}, False),
        ({**LOG, "unified_log": {"most_bytes": 10}}, False),
        ({**LOG, "unified_log": "show"}, False),
        ({**LOG, "path": "/store"}, False),
        ({**FILE, "kind": "sqlite"}, False),
        ({**FILE, "colour": "red"}, False),
        ({**FILE, "destination": {**SERVER, "path": "/x"}}, False),
        ({**SEARCH, "search": {"kind": "opensearch"}}, False),
        ({**SEARCH, "search": {**SERVER, "verify": False}}, False),
        ({**SEARCH, "search": {**SERVER, "url": "https://u:p@siem"}}, False),
        ({**SEARCH, "search": {**SERVER, "credentials": {"scheme": "basic"}}}, False),
        ({**SEARCH, "search": {**SERVER, "credentials": {**KEY, "password": "x"}}}, False),
        ({**SEARCH, "search": {**SERVER, "poll": 5}}, False),
    ],
)
def test_the_schema_and_the_loader_say_the_same(item: Any, good: bool) -> None:
    assert accepted(item) is good
    assert Draft202012Validator(source()).is_valid(item) is good


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({**LOG, "kind": "eslogger"}, "is for the kinds unifiedlog and eslogger-oslog"),
        ({**LOG, "unified_log": {"read": "stream", "poll": "1s"}}, "is for read: show only"),
        ({**LOG, "unified_log": {"timeout": "0s"}}, "must be longer than nothing"),
        ({**LOG, "retention": "for-ever"}, "must be one of "),
    ],
)
def test_what_a_schema_cannot_say_of_a_unified_log(item: Any, why: str) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        sources([item])
    assert why in str(raised.value.exceptions[0])


def test_a_unified_log_is_what_its_mapping_says() -> None:
    (found,) = sources([LOG])
    assert found.unified_log is not None
    assert (found.unified_log.read, found.unified_log.sudo) == ("show", False)
    assert (found.unified_log.poll_s, found.unified_log.settle_s) == (2.0, 9.0)
    assert found.unified_log.where == "the unified log, by log show"
