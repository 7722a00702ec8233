"""Rarer still: records that name a process by half, command lines without words, full tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from witnessmark.analytic import Engine, tracked
from witnessmark.analytic.sameness import tells_nothing
from witnessmark.model.detections import Answer
from witnessmark.model.events import Process, Token

DOWN = "/Users/kim/Downloads"
SH = "/bin/sh"


@pytest.mark.parametrize(
    ("name", "line", "reasons"),
    [
        ("my tool.sh", "sh ./my tool.sh", ["args were joined by spaces"]),
        ("my tool.sh", "sh ./other tool.sh", []),
        ("tool.sh", "sh -c ./tool.sh", []),
    ],
)
def test_B3_a_name_with_a_space_in_a_line_that_lost_its_words_is_undetermined(
    tape: Any, answers: Any, name: str, line: str, reasons: list[str]
) -> None:
    """As CrowdStrike and Defender tell a command line: nobody can say which words it had."""
    tape.write(f"{DOWN}/{name}")
    tape.spawn(tape.terminal, SH, line.split(" "), cwd=DOWN, simulated=frozenset({"args"}))
    found = answers(tape)
    assert [item.reason for item in found] == reasons
    assert all(item.answer is Answer.UNDETERMINED for item in found)


@pytest.mark.parametrize("known", [True, False])
def test_K1_a_record_that_names_but_the_pid_is_of_its_process_and_keeps_its_lineage(
    tape: Any, answers: Any, known: bool
) -> None:
    chrome = tape.chrome()
    bare = replace(
        chrome.image, token=Token(pid=chrome.pid), path="", start_ns=None, ppid=1, parent=None
    )
    if not known:
        bare = replace(bare, ppid=77)
    tape.spawn(type(chrome)(bare, tape.launchd), SH, ["sh"])
    found = answers(tape)
    assert [item.answer for item in found] == [Answer.FIRED if known else Answer.UNDETERMINED]


def test_K1_without_pidversion_no_record_is_only_a_repetition() -> None:
    process = Process(token=Token(pid=5, pidversion=7), path=SH, start_ns=10)
    assert tells_nothing(process, replace(process))
    bare = replace(process, token=Token(pid=5))
    assert not tells_nothing(bare, bare)


def test_B2_a_full_table_forgets_a_file_in_the_midst_of_its_folders_move(
    tape: Any, params: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(tracked, "MOST_OUTSIDE", 3)
    for name in ("a", "b"):
        tape.write(f"{DOWN}/{name}")
    tape.rename(f"{DOWN}/a", "/opt/a")
    tape.rename(f"{DOWN}/b", "/opt/kit/b")
    tape.rename("/opt/a", "/opt/kit/a")
    tape.rename("/opt/kit", "/opt/new")
    for name in ("a", "b"):
        tape.spawn(tape.terminal, f"/opt/new/{name}")
    engine = Engine(params)
    found = [item for event in tape.events for item in engine.feed(event)] + engine.finish()
    assert [item.exec.path for item in found] == ["/opt/new/b"]
