"""Receipts, evidence lines and inventories are hostile input; nothing is read half."""

import pytest

from witnessmark import receipts

GOOD = b"v=1\texec\t/r/Users/p/Downloads/x y.sh\t-\t12\t11\t0\n"


def test_a_receipt_line_is_read_in_the_hosts_own_view() -> None:
    (step,) = receipts.steps(GOOD, "/r")
    assert (step.step, step.path, step.to, step.pid, step.ppid, step.status) == (
        "exec",
        "/Users/p/Downloads/x y.sh",
        None,
        12,
        11,
        0,
    )


@pytest.mark.parametrize(
    "line",
    [
        b"v=2\texec\t/x\t-\t1\t1\t0",
        b"v=1\texec\t/x\t-\t1\t1",
        b"v=1\texec\t/x\ty\t-\t1\t1\t0",
        b"v=1\texec\t/x\t-\tabc\t1\t0",
        b"v=1\texec\t/x\t-\t0\t1\t0",
        b"v=1\texec\t/x\t-\t-3\t1\t0",
        b"v=1\texec\t/x\t-\t1\t0\t0",
        b"v=1\texec\t/x\t-\t1\t1\tok",
        b"",
    ],
)
def test_a_line_of_another_form_refuses_the_whole_receipt(line: bytes) -> None:
    with pytest.raises(ValueError, match="line 2"):
        receipts.steps(GOOD + line + b"\n" + GOOD)


def test_a_step_may_name_no_process() -> None:
    (step,) = receipts.steps(b"v=1\tdrop\t/x\t-\t-\t-\t0\n")
    assert (step.pid, step.ppid) == (None, None)


def test_undecodable_paths_survive_in_a_form_that_a_bag_can_hold() -> None:
    (step,) = receipts.steps(b"v=1\tdrop\t/x\xff\t-\t1\t1\t0\n")
    assert step.path == "/x\\xff"
    assert step.path.encode()


def test_only_whole_evidence_lines_count() -> None:
    raw = b"m1 10 9\nnoise\nm2 x 9\nm3 11 9 extra\n\xff\xfe 12 1\nm4 13 2"
    found = [(item.mark, item.pid, item.ppid) for item in receipts.witnesses(raw)]
    assert ("m1", 10, 9) in found
    assert ("m4", 13, 2) in found
    assert len(found) == 3


def test_listing_holds_paths_with_newlines_and_processes() -> None:
    raw = b"/r/Users/p\0/r/Users/p/a\nb\0\0runs 42\nruns 7\nend\n"
    seen = receipts.listing(raw, 5, "/r")
    assert seen.problem is None
    assert seen.paths == ("/Users/p", "/Users/p/a\nb")
    assert seen.processes == (7, 42)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"/r/x\0",
        b"/r/x\0\0",
        b"/r/x\0\0runs 4\n",
        b"/r/x\0\0runs 4\nend",
        b"/r/x\0\0what\nend\n",
    ],
)
def test_a_listing_that_is_cut_is_a_problem_not_an_empty_host(raw: bytes) -> None:
    assert receipts.listing(raw, 5).problem


def test_prefix_is_only_cut_at_a_folder_boundary() -> None:
    assert receipts.host_view("/rx/y", "/r") == "/rx/y"
    assert receipts.host_view("/r/y", "/r") == "/y"
    assert receipts.host_view("/r", "/r") == "/"
    assert receipts.host_view("/r/y", "") == "/r/y"


def test_file_fact_leaves_unknown_unknown() -> None:
    fact = receipts.file_fact("/x", "12|3|0|1700000000", b"abc")
    assert (fact.ino, fact.size, fact.birth_ns, fact.change_ns) == (12, 3, None, 17 * 10**17)
    assert fact.sha256 is not None
    assert fact.sha256.startswith("ba7816bf")
    assert receipts.file_fact("/x", "12|34|?|1", None).ino is None


def test_a_file_that_was_not_read_as_a_whole_has_no_hash() -> None:
    assert receipts.file_fact("/x", "12|34|0|1700000000", b"abc").sha256 is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"#!/bin/sh\ntrue\n", "script"),
        (b"printf x\n", "script"),
        (b"\xcf\xfa\xed\xfe\x07\0", "executable"),
        (b"\xca\xfe\xba\xbe\0\0", "executable"),
        (b"\x7fELF\x02", "executable"),
        (b"PK\x03\x04\0", None),
        (b"", None),
    ],
)
def test_what_a_file_is_shows_in_its_first_bytes(content: bytes, expected: str | None) -> None:
    assert receipts.form(content) == expected
    assert receipts.file_fact("/x", "1|2|3|4", content).form == expected
    assert receipts.file_fact("/x", "1|2|3|4", None).form is None


HUGE = b"9" * 5000
"""More digits than Python turns into a number (sys.get_int_max_str_digits)."""


@pytest.mark.parametrize("pid", [HUGE, b"12345678901", "\u0661".encode(), "\u00b2".encode()])
def test_a_number_of_any_length_is_no_process_id_and_never_a_traceback(pid: bytes) -> None:
    assert receipts.witnesses(b"m1 %s 1\nm1 1 %s\nm2 3 4\n" % (pid, pid)) == receipts.witnesses(
        b"m2 3 4\n"
    )
    found = receipts.listing(b"/x\0\0runs %s\nend\n" % pid, 1)
    assert found.problem == "the inventory names a process by no process id"
    assert (found.paths, found.processes) == ((), ())
    for at in (b"%s\t1\t0", b"1\t%s\t0"):
        with pytest.raises(ValueError, match=r"line 1: .{1,60} is not a process id"):
            receipts.steps(b"v=1\texec\t/x\t-\t" + at % pid)
    with pytest.raises(ValueError, match=r"line 1: .{1,60} is not an exit status"):
        receipts.steps(b"v=1\texec\t/x\t-\t1\t1\t" + pid)


@pytest.mark.parametrize(
    "line",
    ["--5|1|1|1", "1|--5|1|1", "1|1|-|1", "1|1|1|--1", "-1|1|1|1", "\u00b2|1|1|1"]
    + ["|".join("9" * 5000 if n == place else "1" for n in range(4)) for place in range(4)],
)
def test_a_stat_line_of_another_form_leaves_all_unknown(line: str) -> None:
    fact = receipts.file_fact("/x", line, b"text")
    assert (fact.path, fact.ino, fact.size, fact.birth_ns, fact.sha256) == ("/x",) + (None,) * 4


def test_a_birth_that_the_file_system_does_not_know_is_unknown() -> None:
    fact = receipts.file_fact("/x", "18446744073709551615|4|-1|1764000000", b"text")
    assert (fact.ino, fact.birth_ns, fact.change_ns) == (2**64 - 1, None, 1764000000 * 10**9)
