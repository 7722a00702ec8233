"""Decoders by name, and the kind that a line is of."""

from __future__ import annotations

from typing import Any

import pytest

from witnessmark.telemetry import eslogger, santa
from witnessmark.telemetry.decoder import Decoder
from witnessmark.telemetry.format import COLUMNS, Fill, branches, fills, lacks
from witnessmark.telemetry.kinds import KINDS, decoder_of, every, looks_like


def test_every_kind_has_a_decoder_that_says_its_own_name() -> None:
    assert [form.KIND for form in every()] == list(KINDS)


def test_a_kind_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"^syslog is no kind of telemetry; known are eslogger, "):
        decoder_of("syslog")


@pytest.mark.parametrize("kind", ["eslogger", "santa", "osquery", "elastic", "defender"])
def test_a_line_is_known_as_its_kinds(kind: str, synthetic: Any) -> None:
    assert looks_like(synthetic(kind)[0]) == kind


@pytest.mark.parametrize("line", [b"", b"{}", b"[" * 100_000, b"\xff\n"])
def test_a_line_of_no_kind_is_known_as_none(line: bytes) -> None:
    assert looks_like(line) is None


def test_a_fill_table_names_every_column_once() -> None:
    table = fills(present="exec args", derived="ppid")
    assert set(table) == set(COLUMNS)
    assert (table["args"], table["ppid"], table["close"]) == (
        Fill.PRESENT,
        Fill.DERIVED,
        Fill.NEVER,
    )
    for twice in ("exec exec", "exec no-such-column"):
        with pytest.raises(ValueError, match="is no column, or is named twice"):
            fills(present=twice)
    with pytest.raises(ValueError, match=r"^exec is no column, or is named twice"):
        fills(present="exec", derived="exec")


@pytest.mark.parametrize(
    ("present", "answered"),
    [
        ("exec ppid close", {"A", "B"}),
        ("exec rename", {"B"}),
        ("exec parent", {"A"}),
        ("exec", set()),
        ("ppid close", set()),
    ],
)
def test_a_branch_needs_executions_and_its_own(present: str, answered: set[str]) -> None:
    table = fills(present=present)
    assert branches(table) == answered
    assert {branch for branch in "AB" if not lacks(table, branch)} == answered


def test_lacks_says_what_is_missing() -> None:
    assert lacks(fills(present="close"), "A") == ("exec",)
    assert lacks(fills(present="exec"), "A") == ("parent", "ppid")
    assert "close" in lacks(fills(present="exec"), "B")


def test_a_decoder_says_how_far_it_is_and_what_was_bad(synthetic: Any) -> None:
    first, second, *_ = synthetic("eslogger")
    decoder = Decoder(eslogger, host="mac", source="s")
    assert len(list(decoder.events([first, b"cut", second]))) == 2
    assert decoder.position == (3, len(first) + len(b"cut") + len(second))
    assert decoder.bad_lines == 1


def test_who_wants_to_hear_of_bad_lines_hears_of_each_and_none_is_kept(synthetic: Any) -> None:
    heard: list[int] = []
    decoder = Decoder(santa, host="mac", source="s", trouble=lambda bad: heard.append(bad.line))
    list(decoder.events([b"x\n", b"y\n"]))
    assert heard == [1, 2]
    assert (decoder.bad_lines, decoder.coverage().bad) == (2, ())
