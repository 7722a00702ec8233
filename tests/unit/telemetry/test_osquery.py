"""osquery's result log: real forms of other queries, and synthetic rows of the two event tables.

No public log holds rows of es_process_events; these are built from the tables' specifications.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from witnessmark.analytic import detect, load
from witnessmark.model.detections import Answer
from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import decoder, osquery
from witnessmark.telemetry.decoder import decode

DROP = "/Users/kim/Downloads/x.sh"
CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
PROCESS = {
    "version": "9", "seq_num": "4", "global_seq_num": "7", "event_type": "exec", "pid": "400",
    "pidversion": "901", "path": "/bin/sh", "parent": "300", "parent_pidversion": "801",
    "original_parent": "300", "session_id": "1", "responsible_pid": "300",
    "responsible_pidversion": "801", "cmdline": "sh /x/y.sh", "cmdline_count": "2", "env": "",
    "cwd": "/Users/kim", "uid": "501", "euid": "20", "gid": "20", "egid": "20", "username": "kim",
    "signing_id": "com.apple.sh", "team_id": "", "cdhash": "ab", "platform_binary": "1",
    "exit_code": "", "child_pid": "", "time": "1790000000", "codesigning_flags": "VALID",
}  # fmt: skip
FILE = {
    "version": "9", "seq_num": "1", "global_seq_num": "3", "event_type": "write", "pid": "500",
    "parent": "1", "path": "/bin/zsh", "filename": "/Users/kim/Downloads/x.sh",
    "dest_filename": "", "time": "1790000000",
}  # fmt: skip


def result(row: dict[str, Any], **given: Any) -> bytes:
    said = {
        "name": "pack_edr_es", "hostIdentifier": "mac7", "calendarTime": "x",
        "unixTime": 1_790_000_900, "epoch": 0, "counter": 0, "numerics": False, "action": "added",
        "columns": row,
    }  # fmt: skip
    said = {key: value for key, value in (said | given).items() if value is not None}
    return json.dumps(said).encode() + b"\n"


def exec_(**given: str) -> bytes:
    return result(PROCESS | given)


def file(**given: str) -> bytes:
    return result(FILE | given)


@pytest.mark.parametrize("name", ["logging_doc_examples", "panther_osquery_result_tests"])
def test_real_results_of_other_queries_are_notices(name: str, sample: Any, whole: Any) -> None:
    stream = whole(
        osquery, *sample(f"osquery/{name}.ndjson").read_bytes().splitlines(keepends=True)
    )
    assert (stream.coverage.bad, stream.events) == ((), ())
    assert stream.coverage.notices == stream.coverage.lines + stream.coverage.more


def test_an_exec(whole: Any) -> None:
    stream = whole(osquery, exec_())
    (event,) = stream.events
    assert (event.kind, event.seq, event.global_seq) == (Kind.EXEC, 4, 7)
    assert event.time_ns == 1_790_000_000 * 10**9
    assert stream.resolution_ns == 10**9
    assert event.target.token == Token(pid=400, pidversion=901)
    assert event.target.parent == Token(pid=300, pidversion=801)
    assert event.target.responsible == Token(pid=300, pidversion=801)
    assert (event.target.signing_id, event.target.team_id) == ("com.apple.sh", None)
    assert event.target.platform_binary is True
    assert (event.args, event.cwd) == (("sh", "/x/y.sh"), "/Users/kim")
    assert (event.process.path, event.process.token) == ("", Token(pid=400))


def test_a_column_that_the_query_did_not_select_is_unknown_and_an_empty_one_is_not(
    whole: Any,
) -> None:
    asked = {key: value for key, value in PROCESS.items() if key not in ("team_id", "cwd")}
    (event,) = whole(osquery, result(asked)).events
    assert {"team_id", "cwd"} <= event.target.simulated
    (event,) = whole(osquery, exec_(team_id="")).events
    assert event.target.team_id is None
    assert not {"team_id", "cwd"} & event.target.simulated


def test_numbers_of_two_tables_show_losses_and_never_an_order(whole: Any) -> None:
    (event,) = whole(osquery, exec_()).events
    assert event.numbered_apart


def test_a_drop_is_found_though_its_table_counts_for_itself(whole: Any) -> None:
    """The file table's numbers run far behind, and its rows come after the exec's of a second."""
    late = exec_(global_seq_num="900", time="1790000003", path="/bin/sh", cmdline=f"sh {DROP} ")
    drop = file(global_seq_num="3", time="1790000003", filename=DROP)
    first = exec_(global_seq_num="899", time="1790000000", pid="77", cmdline="ls ", path="/bin/ls")
    found = detect(whole(osquery, first, late, drop), load().parameters)
    assert [item.answer for item in found if item.branch == "B"] == [Answer.FIRED]


def test_the_time_is_the_events_and_not_the_querys(whole: Any) -> None:
    (event,) = whole(osquery, exec_(time="1790000005")).events
    assert event.time_ns == 1_790_000_005 * 10**9


def test_euid_is_never_taken_for_osquery_fills_it_from_the_group(whole: Any) -> None:
    (event,) = whole(osquery, exec_(euid="20")).events
    assert event.target.token.euid is None
    assert "euid" in event.target.simulated


def test_fork_and_exit(whole: Any) -> None:
    fork = exec_(event_type="fork", child_pid="401")
    gone = exec_(event_type="exit", exit_code="256", global_seq_num="8")
    one, two = whole(osquery, fork, gone).events
    assert (one.process.token.pid, one.child.token, one.child.ppid) == (400, Token(pid=401), 400)
    assert (two.kind, two.exit_status) == (Kind.EXIT, 256)


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        ("write", Kind.CLOSE),
        ("create", Kind.CREATE),
        ("open", Kind.OTHER),
        ("truncate", Kind.OTHER),
    ],
)
def test_file_events(named: str, kind: Kind, whole: Any) -> None:
    (event,) = whole(osquery, file(event_type=named)).events
    assert (event.kind, event.file.path) == (kind, "/Users/kim/Downloads/x.sh")
    assert event.modified is (True if named == "write" else None)
    assert "responsible" in event.process.simulated


def test_a_rename(whole: Any) -> None:
    there = file(event_type="rename", dest_filename="/b")
    lost = file(event_type="rename", global_seq_num="4")
    stream = whole(osquery, there, lost)
    (event,) = stream.events
    assert (event.source_file.path, event.file.path) == ("/Users/kim/Downloads/x.sh", "/b")
    assert "dest_filename" in stream.coverage.bad[0].reason


def test_each_table_counts_for_itself(whole: Any) -> None:
    lines = [
        exec_(),
        file(),
        exec_(global_seq_num="8", seq_num="5"),
        file(global_seq_num="6", seq_num="4"),
    ]
    gaps = whole(osquery, *lines).coverage.gaps
    assert [(gap.counter, gap.missing) for gap in gaps] == [
        ("es_process_file_events", 2),
        ("write (files)", 2),
    ]


def test_numbers_may_be_numbers(whole: Any) -> None:
    row: dict[str, Any] = {
        key: int(value) if value.isdigit() else value for key, value in PROCESS.items()
    }
    assert whole(osquery, result(row)).events == whole(osquery, exec_()).events


def test_a_batch_gives_each_row_its_own_name_and_an_event_cannot_be_removed(whole: Any) -> None:
    batch = {"added": [PROCESS, FILE], "removed": [PROCESS]}
    stream = whole(osquery, result({}, columns=None, action=None, diffResults=batch))
    assert [event.id for event in stream.events] == ["mac/s/1", "mac/s/1.2"]
    assert dict(stream.coverage.kinds)["removed exec"] == 1
    (lone,) = whole(osquery, exec_(), result(PROCESS, action="removed")).events
    assert lone.line == 1


def test_a_snapshot_of_events_and_an_empty_one(whole: Any) -> None:
    snapshot = result({}, columns=None, action="snapshot", snapshot=[PROCESS])
    empty = result({}, columns=None, action="snapshot", snapshot=[])
    stream = whole(osquery, snapshot, empty)
    assert (len(stream.events), stream.coverage.notices) == (1, 1)


@pytest.mark.parametrize(
    ("cmdline", "count", "words"),
    [
        ("sh /x/y.sh", 2, ("sh", "/x/y.sh")),
        ('sh "/x/my file.sh" -v', 3, ("sh", "/x/my file.sh", "-v")),
        (r'sh -c "echo \"a\\b\""', 3, ("sh", "-c", r'echo "a\b"')),
        ("sh  x", 3, ("sh", "", "x")),
        ('a"b c', 2, ('a"b', "c")),
        ("sh /x/my file.sh", 2, None),
        ('sh "', 2, ("sh", '"')),
        ('"a b"c', 2, ('"a', 'b"c')),
        ("\n", 1, ("\n",)),
        ("", 1, ("",)),
        ("sh ", 2, ("sh", "")),
        ("sh ", 1, ("sh",)),  # as osquery writes it: a space follows each word
        ("sh  ", 2, ("sh", "")),
        ('sh "/x/my file.sh" ', 2, ("sh", "/x/my file.sh")),
        ("sh ", None, ("sh",)),
        ("sh x", None, ("sh", "x")),
    ],
)
def test_words_of_a_cmdline(cmdline: str, count: int | None, words: tuple[str, ...] | None) -> None:
    assert osquery.words(cmdline, count) == words


@pytest.mark.parametrize("pid", ["0", "-1", "x", "1.5", ""])
def test_a_pid_that_is_none_makes_the_line_bad(pid: str, whole: Any) -> None:
    (bad,) = whole(osquery, exec_(pid=pid)).coverage.bad
    assert bad.unknown_shape


@pytest.mark.parametrize("given", [{"responsible_pid": "0"}, {"responsible_pid": "-1"}])
def test_no_responsible_process_is_unknown(given: dict[str, str], whole: Any) -> None:
    (event,) = whole(osquery, exec_(**given)).events
    assert event.target.responsible is None


@pytest.mark.parametrize("missing", ["time", "filename"])
def test_a_row_that_lacks_what_every_row_has_is_bad(missing: str, whole: Any) -> None:
    row = {key: value for key, value in FILE.items() if key != missing}
    assert len(whole(osquery, result(row)).coverage.bad) == 1


@pytest.mark.parametrize("line", [b'{"name": "x"}\n', b"{}\n", b'{"name": 5, "columns": {}}\n'])
def test_what_is_no_result_is_bad(line: bytes, whole: Any) -> None:
    (bad,) = whole(osquery, line).coverage.bad
    assert bad.unknown_shape


def test_a_host_is_taken_from_the_record_only_where_asked(whole: Any) -> None:
    (event,) = whole(osquery, exec_()).events
    assert event.host == "mac"
    (event,) = whole(osquery, exec_(), by_record=True).events
    assert (event.host, event.id) == ("mac7", "mac7/s/1")


def test_a_window_that_one_second_straddles_is_undetermined(whole: Any) -> None:
    run = {"cmdline": "sh /Users/kim/Downloads/x.sh", "parent": "1", "original_parent": "1"}
    run["responsible_pid"] = "400"
    for gap, answer in ((599, Answer.FIRED), (600, Answer.UNDETERMINED), (601, None)):
        lines = [file(), exec_(**run, time=str(1_790_000_000 + gap))]
        found = [item.answer for item in detect(whole(osquery, *lines), load().parameters)]
        assert found == ([answer] if answer else [])


def test_branch_a_by_parent_and_pidversion(whole: Any) -> None:
    chrome = exec_(
        pid="300", pidversion="801", path=CHROME, cmdline=CHROME, cmdline_count="1", parent="1",
        parent_pidversion="1", original_parent="1", signing_id="com.google.Chrome",
        team_id="EQHXZ8M8AV", platform_binary="0", global_seq_num="6", seq_num="3",
    )  # fmt: skip
    (found,) = detect(whole(osquery, chrome, exec_()), load().parameters)
    assert (found.answer, found.branch.value, found.browser.pid) == (Answer.FIRED, "A", 300)


def batch(host: str, *pids: int) -> bytes:
    rows = [PROCESS | {"pid": str(pid), "global_seq_num": str(pid)} for pid in pids]
    return result({}, action=None, columns=None, hostIdentifier=host, diffResults={"added": rows})


def test_a_batch_of_another_host_is_left_out_whole_and_counted() -> None:
    lines = [batch("mac7", 1, 2), batch("mac8", 3, 4), batch("mac7", 5)]
    stream = decode(osquery, lines, host="m", source="s", whose=lambda name: name == "mac7")
    assert [event.global_seq for event in stream.events] == [1, 2, 5]
    assert stream.coverage.elsewhere == 2
    assert decode(osquery, lines[1:2], host="m", source="s", whose=lambda _: False).events == ()


def test_no_more_names_of_hosts_are_kept_than_a_store_ever_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoder, "MOST_NAMED", 2)
    taken = decoder.Decoder(osquery, host="m", source="s", whose=lambda _: True)
    found = [taken.feed(batch(f"mac{number}", number)) for number in (1, 2, 3)]
    assert taken.named == {"mac1", "mac2"}
    assert [len(events) for events in found] == [1, 1, 1], "what is not named is read all the same"
