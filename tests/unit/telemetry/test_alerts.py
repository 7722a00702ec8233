"""Alerts as SIEMs write them: what they say is read, what they do not say stays unknown.

Its records are synthetic.
"""

import json
from pathlib import Path

import pytest

from witnessmark.inventory import alerting
from witnessmark.model.alerts import AlertStream
from witnessmark.telemetry import alert_shapes
from witnessmark.telemetry.alerts import decode

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "jamf_protect" / "alerts"
PLAIN = {
    "id": "a1",
    "rule": {"id": "R1", "name": "drop and run"},
    "host": {"name": "mac1"},
    "process": {"pid": 4, "path": "/bin/sh", "script": "/x.sh", "time": "2026-11-24T04:20:02Z"},
}
ELASTIC = {
    "kibana.alert.uuid": "u",
    "kibana.alert.rule.uuid": "r",
    "kibana.alert.rule.name": "Drop",
    "kibana.alert.original_time": "2026-11-24T04:20:02Z",
    "kibana.alert.suppression.docs_count": 3,
    "host": {"name": "mac1"},
    "process": {"pid": 4, "executable": "/bin/sh", "args": ["sh", "/x.sh"], "parent": {"pid": 9}},
}


def read(
    *items: object, kind: str = "ndjson", own: tuple[tuple[str, str], ...] = ()
) -> AlertStream:
    lines = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in items]
    return decode(
        alert_shapes.shape(kind, own),
        [line + b"\n" for line in lines],
        host="mac1",
        source="siem",
        received=lambda end: end,
    )


def test_a_plain_alert_says_rule_host_process_and_when() -> None:
    (found,) = read(PLAIN).alerts
    assert (found.id, found.rules, found.host) == (
        "mac1/siem.alerts/1",
        ("R1", "drop and run"),
        "mac1",
    )
    (run,) = found.runs
    assert (run.pid, run.path, run.script) == (4, "/bin/sh", "/x.sh")
    assert run.time_ns == 1_795_494_002 * 10**9
    assert found.received_ns == len(json.dumps(PLAIN)) + 1


def test_elastic_s_dotted_keys_and_its_count_of_suppressed_ones_are_read() -> None:
    (found,) = read(ELASTIC, kind="elastic").alerts
    assert (found.rules, found.key, found.count) == (("r", "Drop"), "u", 4)
    (run,) = found.runs
    assert (run.pid, run.path, run.args) == (4, "/bin/sh", ("sh", "/x.sh"))
    assert run.time_ns == 1_795_494_002 * 10**9


def test_a_copy_of_an_alert_is_counted_and_not_kept() -> None:
    found = read(PLAIN, b"", {**PLAIN, "again": True}, {**PLAIN, "id": "a2"})
    assert [item.key for item in found.alerts] == ["a1", "a2"]
    assert found.repeated == (("mac1/siem.alerts/1", 1),)


def test_what_an_alert_names_later_under_its_id_is_not_lost() -> None:
    more = {**PLAIN, "processes": [{"pid": 9, "path": "/late"}]}
    found = read(PLAIN, more, PLAIN, more, {**PLAIN, "host": {"name": "mac2"}})
    assert [item.line for item in found.alerts] == [1, 2, 5]
    assert {run.path for run in found.alerts[1].runs} == {"/late", "/bin/sh"}
    assert found.repeated == (("mac1/siem.alerts/1", 2),)
    (one, other) = read({**PLAIN, "count": 1}, {**PLAIN, "count": 3}).alerts
    assert (one.count, other.count) == (1, 3), "what it stands for now may be of any case"


def test_a_merged_alert_holds_every_process_that_it_names() -> None:
    merged = {**PLAIN, "processes": [{"pid": 1, "path": "/a"}, {"pid": 2}], "count": 7}
    (found,) = read(merged).alerts
    assert [(run.pid, run.path) for run in found.runs] == [(1, "/a"), (2, None), (4, "/bin/sh")]
    assert found.count == 7


@pytest.mark.parametrize(
    "line",
    [b"{", b"[1]", b'"x"', b"\xff{}", b'{"process": {"pid": 4}}', b'{"rule": 7}', b"[" * 100_000],
)
def test_what_is_no_alert_is_a_bad_line(line: bytes) -> None:
    found = read(line, PLAIN)
    assert len(found.alerts) == 1
    ((bad, received_ns),) = found.bad
    assert (bad.line, received_ns) == (1, len(line) + 1)


@pytest.mark.parametrize("time", ["yesterday", True, -5, 1e300, None, "2026-11-24T04:20:02"])
def test_a_time_that_is_none_places_nothing(time: object) -> None:
    (found,) = read({**PLAIN, "process": {"pid": 4, "time": time}}).alerts
    assert found.runs[0].time_ns is None


@pytest.mark.parametrize("pid", ["x4", "-4", "4.0", "٤", "9" * 19, 4.0, True, None, [], {}])
def test_a_pid_that_is_no_number_is_unknown(pid: object) -> None:
    (found,) = read({**PLAIN, "process": {"pid": pid}}).alerts
    assert found.runs[0].pid is None


def test_a_pid_and_a_time_may_be_text() -> None:
    (found,) = read({**PLAIN, "process": {"pid": "4", "time": "1795494002.250"}}).alerts
    assert found.runs[0].pid == 4
    assert found.runs[0].time_ns == 1_795_494_002_250_000_000


GRAPH = {
    "id": "da1",
    "detectorId": "d-1",
    "title": "AN0994 drop and run",
    "evidence": [
        {"@odata.type": "#microsoft.graph.security.deviceEvidence", "deviceDnsName": "mac1.corp"},
        {
            "@odata.type": "#microsoft.graph.security.processEvidence",
            "processId": 401,
            "processCommandLine": "sh /x/y.sh",
            "processCreationDateTime": "2026-11-24T04:20:02.5Z",
            "parentProcessId": 399,
            "imageFile": {"fileName": "sh", "filePath": "/bin"},
            "parentProcessImageFile": {"fileName": "zsh", "filePath": "/bin"},
        },
    ],
}
OLDER = {
    "id": "da2",
    "title": "AN0994",
    "computerDnsName": "mac1",
    "evidence": [
        {"entityType": "User", "processId": None, "fileName": None, "filePath": None},
        {
            "entityType": "Process",
            "fileName": "y.sh",
            "filePath": "/Users/kim/Downloads/y.sh",
            "processId": 402,
            "processCreationTime": "2026-11-24T04:20:02Z",
        },
    ],
}
FALCON = {
    "composite_id": "cid:ind:1",
    "name": "CustomIOAMac",
    "pattern_id": "41000",
    "filepath": "/bin/sh",
    "filename": "sh",
    "cmdline": "sh /x/y.sh",
    "process_id": "289741187433",
    "local_process_id": "401",
    "process_start_time": "1795494002",
    "parent_details": {"local_process_id": "399", "filepath": "/bin/zsh"},
    "device": {"hostname": "mac1"},
}
NOTABLE = {
    "search_name": "Endpoint - AN0994 - Rule",
    "event_id": "e1",
    "dest": "mac1",
    "process_id": "401",
    "process_path": "/bin/sh",
    "process": "sh /x/y.sh",
    "parent_process_id": "399",
    "orig_time": "1795494002.5",
}


@pytest.mark.parametrize(
    ("kind", "line", "said"),
    [
        ("defender", GRAPH, ("d-1", "mac1.corp", "da1", [(401, "/bin/sh")])),
        (
            "defender",
            OLDER,
            ("AN0994", "mac1", "da2", [(402, "/Users/kim/Downloads/y.sh")]),
        ),
        ("crowdstrike", FALCON, ("41000", "mac1", "cid:ind:1", [(401, "/bin/sh")])),
        ("splunk-notable", NOTABLE, ("Endpoint - AN0994 - Rule", "mac1", "e1", [(401, "/bin/sh")])),
        (
            "splunk-notable",
            {"result": NOTABLE},
            ("Endpoint - AN0994 - Rule", "mac1", "e1", [(401, "/bin/sh")]),
        ),
    ],
)
def test_a_vendor_s_documented_alert_says_rule_host_and_process(
    kind: str, line: object, said: tuple[str, str, str, list[tuple[int | None, str | None]]]
) -> None:
    (found,) = read(line, kind=kind).alerts
    runs = [(run.pid, run.path) for run in found.runs]
    assert (found.rules[0], found.host, found.key, runs) == said
    times = {run.time_ns for run in found.runs if run.pid}
    assert all(t is not None and t // 10**9 == 1_795_494_002 for t in times)


def test_an_alert_that_is_flat_and_names_no_process_is_about_none() -> None:
    (found,) = read(
        {"search_name": "R", "dest": "mac1", "orig_time": "1795494002"}, kind="splunk-notable"
    ).alerts
    assert found.runs == ()


def test_an_inventory_s_own_places_replace_those_of_the_kind() -> None:
    own = (("rule", "search_name"), ("processes", "result"), ("pid", "process_id"))
    line = {"search_name": "AN0994", "result": {"process_id": 8, "path": "/p"}}
    (found,) = read(line, own=own).alerts
    assert (found.rules, found.runs[0].pid, found.runs[0].path) == (("AN0994",), 8, "/p")


def test_what_an_inventory_may_say_is_what_is_read() -> None:
    assert tuple(alert_shapes.SHAPES) == alerting.KINDS
    assert alerting.NAMES == alert_shapes.NAMES
    with pytest.raises(ValueError, match="no kind of alerts"):
        alert_shapes.shape("carrier pigeon")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not part of the project")
def test_jamf_s_alert_is_about_the_process_that_matched_and_never_its_parent() -> None:
    raw = json.loads((SAMPLES / "GPProcessEvent.json").read_text("utf-8"))
    (found,) = read(raw.get("input", raw), kind="jamf").alerts
    assert "User Elevated Action" in found.rules
    assert [(run.pid, run.path) for run in found.runs] == [
        (3136, "/usr/libexec/security_authtrampoline")
    ]


def test_an_alert_of_fifty_megabytes_is_one_alert_or_one_bad_line() -> None:
    long = json.dumps({**PLAIN, "why": "x" * 50_000_000}).encode()
    found = read(long, long[:-1], PLAIN)
    assert [item.key for item in found.alerts] == ["a1"]
    assert [bad.line for bad, _ in found.bad] == [2]
    assert len(found.bad[0][0].reason) <= 200


@pytest.mark.parametrize("kind", alerting.KINDS)
def test_any_alert_of_another_kind_is_read_or_refused(kind: str) -> None:
    lines: list[object] = [PLAIN, ELASTIC, GRAPH, OLDER, FALCON, NOTABLE]
    found = read(*lines, kind=kind)
    assert len(found.alerts) + len(found.bad) == len(lines)
    for alert in found.alerts:
        assert all(run.pid != 399 for run in alert.runs), "a parent is never what it is about"
