"""The eslogger decoder: shapes, exact times, hostile lines, line accounting.

Its records are synthetic.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from witnessmark.model.events import Kind, Token
from witnessmark.telemetry import eslogger, eslogger_events
from witnessmark.telemetry.decoder import decode

SAMPLE = (
    Path(__file__).parents[3].parent / "shared" / "samples" / "eslogger" / "eslogger-open.jsonl"
)


def test_real_sample_of_an_open_event() -> None:
    if not SAMPLE.is_file():
        pytest.skip(f"real sample not beside this checkout: {SAMPLE.name}")
    with SAMPLE.open("rb") as file:
        stream = decode(eslogger, file, host="mac", source="es")
    (event,) = stream.events
    assert event.kind is Kind.OTHER
    assert event.process.path == "/usr/local/bin/example-tool"
    assert event.process.token == Token(pid=4343, pidversion=4344, euid=0)
    assert (event.global_seq, event.time_ns % 10**9) == (8, 314_153_644)
    assert stream.coverage.kinds == (("open", 1),)
    assert stream.coverage.bad == ()


@pytest.mark.parametrize("array", [False, True])
def test_exec(es: Any, array: bool) -> None:
    es.array = array
    body = {
        "target": es.process(400, 901, executable=es.file("/bin/sh", 11)),
        "args": ["/bin/sh", "./x.sh"],
        "env": ["A=1"],
        "script": es.file("/Users/kim/Downloads/x.sh", 12),
        "cwd": es.file("/Users/kim/Downloads"),
        "dyld_exec_path": "/bin/sh",
        "image_cputype": 1,
    }
    (event,) = es.decode(es.line("exec", body)).events
    assert event.kind is Kind.EXEC
    assert event.id == "mac/es/1"
    assert event.time_ns == 1_754_572_895_880_814_738
    assert event.process.token == Token(pid=400, pidversion=900, euid=502)
    assert event.target.token == Token(pid=400, pidversion=901, euid=502)
    assert event.target.parent == Token(pid=1, pidversion=1, euid=502)
    assert event.target.responsible.pid == 399
    assert event.target.file.ino == 11
    assert event.target.start_ns % 10**9 == 123_000
    assert event.target.cs_flags == 0x24000001
    assert event.target.platform_binary is True
    assert (event.args, event.cwd) == (("/bin/sh", "./x.sh"), "/Users/kim/Downloads")
    assert event.script.path == "/Users/kim/Downloads/x.sh"
    assert event.dyld_exec_path == "/bin/sh"


def test_both_token_forms_in_one_file(es: Any) -> None:
    first = es.line("exit", {"stat": 0})
    es.array = True
    second = es.line("exit", {"stat": 0}, global_seq_num=1, seq_num=1)
    events = es.decode(first, second).events
    assert events[0].process == events[1].process


def test_fork_and_exit(es: Any) -> None:
    fork = es.line("fork", {"child": es.process(401, 905)})
    exits = es.line("exit", {"stat": 256}, global_seq_num=1)
    one, two = es.decode(fork, exits).events
    assert one.child.token.pid == 401
    assert two.exit_status == 256


def test_create_and_rename_to_a_new_path(es: Any) -> None:
    new = {"new_path": {"dir": es.file("/Users/kim/Downloads"), "filename": "x.sh", "mode": 420}}
    create = es.line("create", {"destination_type": 1, "destination": new, "acl": None})
    rename = es.line(
        "rename",
        {"source": es.file("/a", 7), "destination_type": 1, "destination": new},
        global_seq_num=1,
    )
    one, two = es.decode(create, rename).events
    assert one.file.path == two.file.path == "/Users/kim/Downloads/x.sh"
    assert (one.existed, two.existed) == (False, False)
    assert (two.source_file.path, two.source_file.ino) == ("/a", 7)


def test_rename_over_an_existing_file(es: Any) -> None:
    body = {"source": es.file("/a", 7), "destination": {"existing_file": es.file("/b", 8)}}
    (event,) = es.decode(es.line("rename", body)).events
    assert (event.file.path, event.file.ino, event.existed) == ("/b", 8, True)


def test_new_path_in_the_root_folder(es: Any) -> None:
    new = {"new_path": {"dir": es.file("/"), "filename": "x"}}
    (event,) = es.decode(es.line("create", {"destination": new})).events
    assert event.file.path == "/x"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", ".."])
def test_a_file_name_that_is_a_path_is_no_shape_of_eslogger(es: Any, name: str) -> None:
    new = {"new_path": {"dir": es.file("/a"), "filename": name}}
    (bad,) = es.decode(es.line("create", {"destination": new})).coverage.bad
    assert bad.unknown_shape


@pytest.mark.parametrize("arms", [{}, {"existing_file": None}])
def test_a_destination_without_an_arm_is_refused(es: Any, arms: Any) -> None:
    (bad,) = es.decode(es.line("create", {"destination": arms})).coverage.bad
    assert "destination" in bad.reason


def test_close(es: Any) -> None:
    body = {"modified": True, "target": es.file("/f", 3), "was_mapped_writable": False}
    old = {"modified": False, "target": es.file("/f", 3)}
    one, two = es.decode(es.line("close", body), es.line("close", old, global_seq_num=1)).events
    assert (one.modified, one.mapped_writable) == (True, False)
    assert (two.modified, two.mapped_writable) == (False, None)
    assert (one.file.dev, one.file.ino, one.file.size) == (16_777_231, 3, 60)
    assert one.file.birth_ns % 10**9 == 1


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("link", {"target_filename": "n"}),
        ("clone", {"target_name": "n"}),
        ("copyfile", {"target_name": "n", "target_file": None}),
    ],
)
def test_link_clone_copyfile(es: Any, name: str, target: Any) -> None:
    body = {"source": es.file("/a", 7), "target_dir": es.file("/d")} | target
    (event,) = es.decode(es.line(name, body)).events
    assert event.kind.value == name
    assert (event.source_file.ino, event.file.path) == (7, "/d/n")


def test_a_copy_onto_a_file_that_is_there_has_that_files_path(es: Any) -> None:
    there = {"target_name": None, "target_file": es.file("/d/there", 8)}
    body = {"source": es.file("/a", 7), "target_dir": es.file("/d")} | there
    (event,) = es.decode(es.line("copyfile", body)).events
    assert (event.file.path, event.file.ino) == ("/d/there", 8)


def test_unlink_setmode_setextattr(es: Any) -> None:
    lines = [
        es.line("unlink", {"target": es.file("/a"), "parent_dir": es.file("/")}),
        es.line("setmode", {"target": es.file("/a"), "mode": 493}, global_seq_num=1),
        es.line("setextattr", {"target": es.file("/a"), "extattr": "com.q"}, global_seq_num=2),
    ]
    events = es.decode(*lines).events
    assert [event.file.path for event in events] == ["/a"] * 3
    assert (events[1].mode, events[2].xattr) == (493, "com.q")


def test_dispatch_is_on_the_key_never_on_the_number(es: Any) -> None:
    (event,) = es.decode(es.line("exit", {"stat": 0}, event_type=9)).events
    assert event.kind is Kind.EXIT


def test_escaped_slashes_and_any_key_order(es: Any) -> None:
    record = es.record("close", {"target": es.file("/a/b"), "modified": True})
    turned = json.dumps(dict(reversed(record.items()))).replace("/", "\\/").encode()
    (event,) = es.decode(turned).events
    assert event.file.path == "/a/b"


def test_unknown_keys_are_tolerated(es: Any) -> None:
    process = es.process(cs_validation_category=3, brand_new={"a": [1]})
    line = es.line("exit", {"stat": 0, "later": 1}, process=process, future=True)
    assert len(es.decode(line).events) == 1


def test_missing_optional_keys_are_none(es: Any) -> None:
    bare = {"audit_token": {"pid": 4}, "executable": {"path": "/x"}}
    record = {"time": "2025-08-07T13:21:35Z", "process": bare, "event": {"exec": {"target": bare}}}
    (event,) = es.decode(json.dumps(record).encode()).events
    assert event.global_seq is None
    assert event.process.token == Token(pid=4)
    known = event.target
    assert (known.parent, known.cs_flags, known.start_ns, known.file.ino) == (None,) * 4
    assert (event.args, event.cwd, event.script) == (None, None, None)


@pytest.mark.parametrize("pid", [0, -1])
@pytest.mark.parametrize("where", ["process", "target", "child"])
def test_a_pid_that_is_not_positive_makes_the_record_bad(es: Any, pid: int, where: str) -> None:
    wrong = es.process(pid)
    line = {
        "process": es.line("exit", {"stat": 0}, process=wrong),
        "target": es.line("exec", {"target": wrong}),
        "child": es.line("fork", {"child": wrong}),
    }[where]
    (bad,) = es.decode(line).coverage.bad
    assert f"pid {pid}" in bad.reason


def test_launchds_parent_is_the_kernel(es: Any) -> None:
    launchd = es.process(1, 1, parent_audit_token=es.token(0, 0), ppid=0)
    assert len(es.decode(es.line("exit", {"stat": 0}, process=launchd)).events) == 1


@pytest.mark.parametrize("given", [{"ppid": -2}, {"parent_audit_token": None, "ppid": -2}])
def test_a_negative_parent_is_bad(es: Any, given: Any) -> None:
    line = es.line("exit", {"stat": 0}, process=es.process(**given))
    assert len(es.decode(line).coverage.bad) == 1


def test_unknown_event_types_are_other_and_named(es: Any) -> None:
    stream = es.decode(es.line("xp_malware_detected", {"a": 1}), es.line("brand_new", None))
    assert [event.kind for event in stream.events] == [Kind.OTHER] * 2
    assert stream.coverage.kinds == (("brand_new", 1), ("xp_malware_detected", 1))
    assert (stream.coverage.events, stream.coverage.other) == (0, 2)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"42",
        b'"text"',
        b'{"timestamp": "2025", "eventMessage": "unified log"}',
        b'{"count":3335,"finished":1}',
    ],
)
def test_json_that_is_no_record_is_an_unknown_shape(es: Any, line: bytes) -> None:
    (bad,) = es.decode(line).coverage.bad
    assert bad.unknown_shape
    assert "\n" not in bad.reason


def test_known_event_of_another_shape_is_an_unknown_shape(es: Any) -> None:
    lines = [
        es.line("exec", {"target": "gone"}),
        es.line("close", None),
        es.line("fork", {}),
        es.line("exit", {"stat": 0}, time="yesterday"),
        es.line("exit", {"stat": 0}, process=es.process(start_time="soon")),
        es.line("exit", {"stat": 0}, event={}),
        es.line("exit", {"stat": 0}, event={"exit": {}, "fork": {"child": es.process()}}),
        es.line("exit", {"stat": 0}, process=es.process(audit_token=[1, 2, 3])),
    ]
    cover = es.decode(*lines).coverage
    assert [bad.unknown_shape for bad in cover.bad] == [True] * len(lines)
    assert [bad.line for bad in cover.bad] == list(range(1, len(lines) + 1))


@pytest.mark.parametrize("schema", [0, 2, -1])
def test_a_schema_version_that_nobody_knows_is_an_unknown_shape(es: Any, schema: int) -> None:
    stream = es.decode(es.line("exit", {"stat": 0}, schema_version=schema))
    (bad,) = stream.coverage.bad
    assert bad.unknown_shape
    assert f"schema_version {schema} " in bad.reason
    assert stream.events == ()


def test_the_schema_version_that_every_macos_wrote_is_read(es: Any) -> None:
    assert len(es.decode(es.line("exit", {"stat": 0}, schema_version=1)).events) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"Filtering the log data",
        b'{"time": ',
        b'{"time": 5',
        b"\x00\xff\xfe",
        b"[" * 100_000,
        b'{"a": "' + b"\xff" + b'"}',
    ],
)
def test_what_is_not_json_is_bad(es: Any, line: bytes) -> None:
    (bad,) = es.decode(line).coverage.bad
    assert not bad.unknown_shape


def test_truncated_record_is_bad_but_no_unknown_shape(es: Any) -> None:
    whole = es.line("exit", {"stat": 0})
    for cut in range(1, len(whole) - 2, 7):
        (bad,) = es.decode(whole[:cut]).coverage.bad
        assert not bad.unknown_shape


def test_invalid_utf8_is_bad_even_in_a_field_that_is_not_read(es: Any) -> None:
    line = es.line("exec", {"target": es.process(), "env": ["A=?"]}).replace(b"A=?", b"A=\xff")
    assert len(es.decode(line).coverage.bad) == 1


def test_blank_lines_and_byte_order_mark(es: Any) -> None:
    whole = es.line("exit", {"stat": 0})
    stream = es.decode(b"\xef\xbb\xbf" + whole, b"\n", b" \r\n", b"")
    assert (len(stream.events), stream.coverage.blank) == (1, 3)


def test_bad_line_knows_the_earlier_time_of_the_two_lines_before_it(es: Any) -> None:
    lines = es.numbered(0, 1, 2)
    cover = es.decode(b"?", lines[0], b"?", lines[1], b"?", lines[2], b"?").coverage
    times = [bad.time_ns and bad.time_ns % 10**9 for bad in cover.bad]
    assert times == [None, None, 0, 1_000]


def test_received_maps_the_offset_of_the_lines_end(es: Any) -> None:
    lines = es.numbered(0, 1)
    ends = {len(lines[0]): 100, len(lines[0]) + len(lines[1]): 200}
    events = es.decode(*lines, received=ends.get).events
    assert [event.received_ns for event in events] == [100, 200]


def test_standin_fields_are_none_and_marked(es: Any) -> None:
    unknown = ["signing_id", "team_id", "cdhash", "codesigning_flags", "is_platform_binary",
               "responsible_audit_token"]  # fmt: skip
    nothing = dict.fromkeys(unknown)
    body = {"target": es.process(**nothing)}
    mark = {"unknown": unknown, "host": "s"}
    line = es.line("exec", body, process=es.process(**nothing), x_standin=mark)
    (event,) = es.decode(line).events
    for process in (event.process, event.target):
        assert process.simulated == frozenset(
            ("signing_id", "team_id", "cdhash", "cs_flags", "platform_binary", "responsible")
        )
        assert process.cs_flags is None


def test_standin_value_of_an_unknown_field_is_not_taken(es: Any) -> None:
    line = es.line("exit", {"stat": 0}, x_standin={"unknown": ["signing_id"]})
    (event,) = es.decode(line).events
    assert event.process.signing_id is None
    assert event.process.simulated == frozenset({"signing_id"})
    assert event.process.cdhash is not None


def test_a_line_of_fifty_megabytes(es: Any) -> None:
    line = es.line("exec", {"target": es.process(), "args": ["x" * 50_000_000]})
    (event,) = es.decode(line).events
    assert len(event.args[0]) == 50_000_000


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_random_bytes_never_crash_and_every_line_is_accounted_for(lines: list[bytes]) -> None:
    cover = decode(eslogger, lines, host="m", source="s").coverage
    assert cover.events + cover.other + len(cover.bad) + cover.blank == len(lines)


def test_the_epoch_itself_is_a_time_and_may_be_the_first_or_the_last(es: Any) -> None:
    epoch, later, before = (
        es.line("exit", {"stat": 0}, global_seq_num=number, seq_num=number, time=time)
        for number, time in enumerate(
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z", "1969-12-31T23:59:59Z")
        )
    )
    cover = es.decode(epoch, later).coverage
    assert (cover.first_ns, cover.last_ns) == (0, 10**9)
    cover = es.decode(epoch, before).coverage
    assert (cover.first_ns, cover.last_ns) == (-(10**9), 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    ["time", "process", "event", "seq_num", "global_seq_num", "x_standin",
     "process.audit_token", "process.executable", "process.ppid", "event.exec.target",
     "event.exec.args", "event.exec.script", "event.exec.cwd"]
)  # fmt: skip


@given(field=FIELDS, value=JSON)
def test_any_value_in_any_field_is_an_event_or_a_bad_line(field: str, value: object) -> None:
    process = {"audit_token": {"pid": 4, "pidversion": 2}, "executable": {"path": "/x"}, "ppid": 1}
    record: dict[str, Any] = {
        "time": "2025-08-07T13:21:35.1Z",
        "process": process,
        "event": {"exec": {"target": dict(process), "args": ["x"]}},
    }
    *way, last = field.split(".")
    place = record
    for part in way:
        place = place[part]
    place[last] = value
    line = json.dumps(record, allow_nan=True).encode()
    cover = decode(eslogger, [line], host="m", source="s").coverage
    assert cover.events + cover.other + len(cover.bad) == 1


@pytest.mark.parametrize("name", ["mount", "unmount"])
def test_mount_and_unmount_name_the_volume_and_its_device(es: Any, name: str) -> None:
    told = {"f_mntonname": "/Volumes/L", "f_mntfromname": "/dev/disk4s1", "f_fstypename": "hfs"}
    (event,) = es.decode(es.line(name, {"statfs": told, "disposition": 3})).events
    assert event.kind.value == name
    assert (event.file.path, event.source_file.path) == ("/Volumes/L", "/dev/disk4s1")
    (bad,) = es.decode(es.line(name, {"statfs": {"f_mntonname": "/"}})).coverage.bad
    assert "f_mntfromname" in bad.reason


@given(numbers=st.lists(st.integers(1, 2**31 - 1), min_size=8, max_size=8))
def test_K1_both_token_forms_name_the_same_process(numbers: list[int]) -> None:
    """The array is audit_token_t: auid, euid, egid, ruid, rgid, pid, asid, pidversion."""
    as_object = {"pid": numbers[5], "pidversion": numbers[7], "euid": numbers[1]}
    found = []
    for token in (numbers, as_object):
        process = {"audit_token": token, "executable": {"path": "/x"}}
        record = {
            "time": "2025-08-07T13:21:35Z",
            "process": process,
            "event": {"exit": {"stat": 0}},
        }
        stream = decode(eslogger, [json.dumps(record).encode()], host="mac", source="es")
        found.append(stream.events[0].process.token)
    assert found[0] == found[1] == Token(**as_object)


def value(kind: str, definitions: dict[str, Any]) -> Any:
    """A value of a type as the recovered key schema names it (synthetic)."""
    first = kind.split("|")[0]
    if first in definitions:
        return record_of(definitions[first], definitions)
    return {
        "int": 7, "bool": True, "string": "/x", "string(hex)": "AB" * 20, "string(time)": T,
        "array[string]": ["sh", "/x"], "array": [], "object": {},
    }[first]  # fmt: skip


def record_of(schema: dict[str, str], definitions: dict[str, Any]) -> dict[str, Any]:
    """An object with every key of a schema; of a union's arms only the first."""
    made: dict[str, Any] = {}
    for name, kind in sorted(schema.items()):
        plain = name.replace("?", "")
        if "[]" in plain or ".new_path" in plain or "pipe" in plain:
            continue
        *way, last = plain.split(".")
        place = made
        for part in way:
            place = place.setdefault(part, {})
        if last not in place:
            place[last] = "x" if last.endswith("filename") else value(kind, definitions)
    return made


T = "2026-10-04T10:00:01.880814738Z"


def keys(sample: Any) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(sample("eslogger/eslogger-keys-subset.json").read_text())
    return schema


@pytest.mark.parametrize("version", [7, 8, 9, 10])
def test_every_event_with_every_key_of_macos_27(version: int, sample: Any, es: Any) -> None:
    schema = keys(sample)
    definitions = schema["definitions"]
    for number, (name, body) in enumerate(sorted(schema["events"].items())):
        record = record_of(schema["envelope"], definitions)
        record |= {"version": version, "schema_version": 1, "global_seq_num": number}
        record["event"] = {name: record_of(body, definitions)}
        assert "cs_validation_category" in record["process"]
        stream = es.decode(json.dumps(record).encode())
        assert stream.coverage.bad == (), name
        (event,) = stream.events
        known = {kind.value for kind in Kind}
        assert event.kind.value == (name if name in known else "other"), name
        assert event.process.token.pid == 7
        if name == "exec":
            assert event.target.cs_flags == 7
            assert (event.args, event.cwd, event.script.path) == (("sh", "/x"), "/x", "/x")


@pytest.mark.parametrize("version", [7, 8, 9, 10])
@pytest.mark.parametrize("array", [False, True])
def test_message_versions_and_both_token_forms(version: int, array: bool, es: Any) -> None:
    es.array = array
    target = es.process(400, 901, executable=es.file("/bin/sh", 11))
    body = {"target": target, "args": ["sh", "/x"], "cwd": es.file("/"), "script": None}
    if version >= 7:
        body["dyld_exec_path"] = "/bin/sh"
    if version >= 10:
        target["cs_validation_category"] = 1
    (event,) = es.decode(es.line("exec", body, version=version)).events
    assert event.target.token == Token(pid=400, pidversion=901, euid=502)
    assert event.target.parent == Token(pid=1, pidversion=1, euid=502)
    assert event.args == ("sh", "/x")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("parent_audit_token", "parent pid -5 is not a process"),
        ("responsible_audit_token", "responsible pid -5 is not a process"),
    ],
)
def test_a_token_of_no_process_makes_a_bad_line(es: Any, field: str, said: str) -> None:
    process = es.process(**{field: es.token(-5, 1)})
    stream = es.decode(es.line("exit", {"stat": 0}, process=process))
    assert stream.events == ()
    assert [item.reason for item in stream.coverage.bad] == [said]


def test_images_are_the_same_whether_they_were_kept_or_not(
    es: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [400, 401, 402, 400, 401]
    lines = [es.line("exit", {"stat": 0}, process=es.process(number)) for number in numbers]
    alike = es.decode(*lines).events
    monkeypatch.setattr(eslogger_events, "MOST_KEPT", 1)
    monkeypatch.setattr(eslogger_events, "_KEPT", {})
    assert es.decode(*lines).events == alike
    assert len(eslogger_events._KEPT) == 1
    assert [event.process.token.pid for event in alike] == numbers[: len(alike)]
