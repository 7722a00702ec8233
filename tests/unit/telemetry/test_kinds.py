"""The register of decoders."""

from __future__ import annotations

import pytest

from witnessmark.telemetry.format import Found, branches, lacks, never
from witnessmark.telemetry.kinds import KINDS, decoder_of, every, looks_like


def test_a_kind_that_nobody_decodes_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="carbonblack is no kind of telemetry; known are eslogger"):
        decoder_of("carbonblack")


def test_every_kind_once() -> None:
    assert tuple(form.KIND for form in every()) == KINDS
    assert len(set(KINDS)) == len(KINDS)


@pytest.mark.parametrize("line", [b"", b"x", b"{}", b"[", b"\xff", b"null", b"[" * 100_000])
def test_what_is_of_no_kind_looks_like_none(line: bytes) -> None:
    assert looks_like(line) is None


def test_readers_keep_nothing_of_each_other() -> None:
    for form in every():
        assert form.reader() is not form.reader()


def test_which_branches_a_kind_can_answer() -> None:
    answers = {kind: "".join(sorted(branches(decoder_of(kind).FILLS))) for kind in KINDS}
    assert {kind for kind, told in answers.items() if told == ""} == {"unifiedlog"}
    assert {kind for kind, told in answers.items() if told == "A"} == {"jamf-telemetry"}
    assert lacks(decoder_of("unifiedlog").FILLS, "B") == ("exec",)


def test_what_a_kind_never_says() -> None:
    assert {"responsible", "cwd", "script"} <= never(decoder_of("santa").FILLS)
    assert never(decoder_of("eslogger").FILLS) == frozenset()


def test_an_event_without_a_time_is_a_fault_of_its_decoder() -> None:
    from witnessmark.model.events import Process, Token
    from witnessmark.telemetry.accounts import Accounts

    item = Found(name="x", process=Process(token=Token(pid=1), path="/x"))
    with pytest.raises(ValueError, match="x without a time"):
        Accounts().take(item, 1, b"")
