"""What an inventory says of alerts: every problem at once, and each host's own place and name."""

import pytest

from witnessmark.inventory.alerting import owned, resolved
from witnessmark.inventory.sources import sources
from witnessmark.inventory.values import Wrong
from witnessmark.model.alerts import Alerting
from witnessmark.model.hosts import Host, Origin

GOOD = {"kind": "ndjson", "rules": ["R1"], "path": "/siem/{host}.ndjson"}


def host(name: str, told: object, root: str | None = None) -> Host:
    item = {"name": "es", "kind": "eslogger", "role": "organisation", "path": "/s", "alerts": told}
    return Host(
        name=name,
        origin=Origin.MAC,
        connection="ssh",
        sources=sources([item]),
        destination_root=root,
    )


def told(found: Host) -> Alerting:
    alerts = found.sources[0].alerts
    assert alerts is not None
    return alerts


def test_each_host_has_its_own_place_and_name() -> None:
    found = told(resolved(host("mac1", {**GOOD, "host_name": "{host}.corp", "deadline": "5m"})))
    assert (found.path, found.host_name, found.deadline_s) == (
        "/siem/mac1.ndjson",
        "mac1.corp",
        300,
    )
    below = resolved(host("mac1", {**GOOD, "path": "alerts.ndjson"}, "/state/{host}"))
    assert told(below).path == "/state/mac1/alerts.ndjson"


def test_a_rule_stands_for_both_branches_unless_it_is_tied_to_one() -> None:
    assert told(host("m", GOOD)).rules == (("R1", "AB"),)
    tied = {**GOOD, "rules": {"A": ["R1"], "B": ["R2", "R1"]}}
    assert told(host("m", tied)).rules == (("R1", "AB"), ("R2", "B"))


def test_a_file_that_two_hosts_share_is_nobody_s_own() -> None:
    shared = {**GOOD, "path": "/siem/all.ndjson"}
    both = owned([resolved(host("a", shared)), resolved(host("b", shared))])
    assert [told(item).own for item in both] == [False, False]
    apart = owned([resolved(host("a", GOOD)), resolved(host("b", GOOD))])
    assert [told(item).own for item in apart] == [True, True]
    here = {"kind": "jamf", "rules": ["R"], "host_path": "/var/log/a.ndjson"}
    assert told(owned([resolved(host("a", here))])[0]).own


def test_a_log_server_is_asked_for_the_alerts_of_each_host() -> None:
    server = {"kind": "elasticsearch", "url": "https://siem.example:9200", "index": "alerts"}
    both = owned(
        [
            resolved(host(name, {"kind": "elastic", "rules": ["R"], "search": server}))
            for name in ("a", "b")
        ]
    )
    asked = [told(item).search for item in both]
    assert [item and item.host_value for item in asked] == ["a", "b"]
    assert [told(item).own for item in both] == [True, True], "what is found is of that host alone"


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"kind": "pigeon"}, ("kind",), "one of ndjson"),
        ({"rules": []}, ("rules",), "must name a rule"),
        ({"rules": {}}, ("rules",), "must name a rule"),
        ({"rules": "R1"}, ("rules",), "must be a list"),
        ({"rules": {"C": ["R"]}}, ("rules", "C"), "is no branch"),
        ({"host_path": "/x"}, (), "exactly one"),
        ({"path": "/x/../y"}, ("path",), "'..'"),
        ({"path": "/{hots}"}, ("path",), "braces"),
        ({"path": "relative"}, ("path",), "absolute"),
        ({"deadline": "0s"}, ("deadline",), "longer than nothing"),
        ({"throttle": 0}, ("throttle",), "whole number"),
        ({"throttle": True}, ("throttle",), "whole number"),
        ({"fields": {"pidd": "x"}}, ("fields", "pidd"), "is unknown"),
        ({"fields": ["x"]}, ("fields",), "mapping"),
        ({"rule": ["x"]}, ("rule",), "is unknown"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    changes: dict[str, object], where: tuple[str, ...], what: str
) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        resolved(host("mac1", {**GOOD, **changes}))
    (wrong,) = caught.value.exceptions
    assert isinstance(wrong, Wrong)
    assert wrong.path == (0, "alerts", *where)
    assert what in wrong.what


@pytest.mark.parametrize("given", ["alerts.ndjson", ["x"], 1])
def test_alerts_are_a_mapping(given: object) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        host("mac1", given)
    (wrong,) = caught.value.exceptions
    assert str(wrong) == "must be a mapping with kind, rules and path, host_path or search"


def test_what_the_kind_says_elsewhere_may_be_placed() -> None:
    found = told(host("m", {**GOOD, "throttle": 20, "fields": {"pid": "p.id", "rule": "r"}}))
    assert (found.throttle, found.fields) == (20, (("pid", "p.id"), ("rule", "r")))


def test_all_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        host("mac1", {})
    said = [str(wrong) for wrong in caught.value.exceptions]
    assert said == ["needs kind", "needs rules", "needs exactly one of path, host_path and search"]


def test_a_source_may_have_alerts_and_nothing_else() -> None:
    item = {"name": "siem", "kind": "alerts", "role": "organisation", "alerts": GOOD}
    (found,) = sources([item])
    assert (found.kind, found.records, found.path) == ("alerts", False, None)
    assert Host(name="m", origin=Origin.MAC, connection="ssh", sources=(found,)).recorded == ()


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({}, "of kind alerts needs alerts"),
        (
            {"alerts": GOOD, "path": "/s"},
            "is of records, of which a source of kind alerts has none",
        ),
        ({"alerts": GOOD, "analytic": "embedded"}, "is of records"),
    ],
)
def test_what_is_said_of_records_is_refused_where_there_are_none(
    item: dict[str, object], said: str
) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        sources([{"name": "siem", "kind": "alerts", "role": "organisation", **item}])
    assert said in str(caught.value.exceptions[0])
