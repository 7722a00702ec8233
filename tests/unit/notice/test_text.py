"""A notice has one text; whatever else stands in it, or cannot be shown, makes it no notice."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.notice.conftest import RUN, notice_of, plan_of

from witnessmark.errors import NoticeError
from witnessmark.notice.text import parse, problems, render

NOTICE = notice_of(plan_of())
TEXT = render(NOTICE)


def test_what_is_written_is_read_again() -> None:
    assert parse(TEXT.encode(), "n") == NOTICE
    odd = replace(NOTICE, contact='é "q" # no: \U00020000', purpose="a\\b {}", profile="demo")
    assert parse(render(odd).encode(), "n") == odd


@given(st.text(max_size=40).filter(str.isprintable))
def test_any_line_that_can_be_shown_is_read_again(text: str) -> None:
    odd = replace(NOTICE, contact=f"x{text}", purpose=text)
    assert parse(render(odd).encode(), "n") == odd


def test_a_reader_sees_marks_hosts_scenarios_and_window() -> None:
    for said in (
        f'marks: "wm-{RUN}-*"',
        "  begins: 2026-11-24T14:00:00Z",
        "  ends: 2026-11-24T16:00:00Z",
        '  "mac1": "192.0.2.11 port 22"',
        '  "p11-quarantined-download": "A quarantined download',
        '  "c01-drop-pulse": "Positive control',
        'contact: "Jane <j@x.example>"',
    ):
        assert said in TEXT, said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("run: ", "# all hosts are announced\nrun: ", "something stands in it beside its data"),
        ("NOT part of it", "part of it", "something stands in it beside its data"),
        ("format: 1", "format: 2", "format"),
        ("format: 1\n", "format: 1\nformat: 1\n", "duplicate key 'format'"),
        ("format: 1\n", "format: 1\nextra: 1\n", "unknown key"),
        (f"run: {RUN}", "run: ../x", "is no run id"),
        (f'"wm-{RUN}-*"', '"*"', f"must be wm-{RUN}-*"),
        ("ends: 2026-11-24T16", "ends: 2026-11-24T13", "it ends before it begins"),
        ("ends: 2026-11-24T16", "ends: 2027-11-24T16", "longer than 31 days"),
        ("ends: 2026-11-24T16:00:00Z", "ends: 2026-11-24T16:00:00+00:00", "written in UTC"),
        ("ends: 2026-11-24T16", "ends: 2026-13-24T16", "no such day"),
        ("ends: 2026-11-24T16", "ends: 0001-01-01T16", "is not between the years 1970 and 2200"),
        ("ends: 2026-11-24T16:00:00Z", "ends: tomorrow", "is no moment: write it like"),
        ("Jane <j@x.example>", "Jane\\x1b[2J", "contact: must be one line"),
        ("Jane <j@x.example>", "a" * 301, "contact: must be one line"),
        ("Jane <j@x.example>", " ", "contact: must be one line"),
        ('"mac1"', '"mac1\\u202e"', "is no name"),
        ("192.0.2.11", "192.0.2.11\\n", "is no name"),
        ('"mac1"', '"../mac1"', "is no name"),
        ("cases: ", "cases: -", "cases: must be 1"),
        ('content: "', 'content: "0', "content: must be"),
        ("cases: ", "cases: &a [*a, *a]\nx: ", "is no notice"),
    ],
)
def test_anything_else_is_no_notice(old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(NoticeError, match=r"^n: is no notice") as caught:
        parse(TEXT.replace(old, new, 1).encode(), "n")
    assert words in str(caught.value)


def test_bytes_that_are_no_text_are_no_notice() -> None:
    for raw in (b"\xff\xfe", b"", b"[", b"\0", b"[" * 5000):
        with pytest.raises(NoticeError, match="is no notice"):
            parse(raw, "n")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hosts": {}}, "hosts: names none"),
        ({"scenarios": {}}, "scenarios: names none"),
        ({"profile": "a\nb"}, "profile: must be one line"),
    ],
)
def test_a_notice_that_announces_nothing_or_shows_less_is_none(
    changes: dict[str, object], words: str
) -> None:
    odd = replace(NOTICE, **changes)  # type: ignore[arg-type]
    text = re.sub(r"(?m)^(hosts|scenarios):$(?!\n  )", r"\1: {}", render(odd))
    with pytest.raises(NoticeError, match=r"^n: is no notice") as caught:
        parse(text.encode(), "n")
    assert words in str(caught.value)


def test_all_that_is_wrong_with_a_notice_is_found() -> None:
    window = replace(NOTICE.window, begins="tomorrow")
    odd = replace(NOTICE, run="x", cases=0, content="", hosts={}, scenarios={}, window=window)
    assert [item.partition(":")[0] for item in problems(odd)] == [
        "run",
        "cases",
        "content",
        "hosts",
        "scenarios",
        "window",
    ]
    assert list(problems(NOTICE)) == []
