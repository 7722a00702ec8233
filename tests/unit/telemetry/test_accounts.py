"""What a stream's records add up to: nothing is counted twice, nothing that restarts is a hole."""

from __future__ import annotations

from typing import Any

import pytest

from witnessmark.model.events import Kind, Process, Token
from witnessmark.telemetry import accounts
from witnessmark.telemetry.accounts import Accounts
from witnessmark.telemetry.format import Found
from witnessmark.telemetry.runs import Run
from witnessmark.telemetry.sequence import RESTART, SECOND

SHELL = Process(token=Token(pid=9), path="/bin/sh")


def found(number: int, **given: Any) -> Found:
    given.setdefault("global_seq", number)
    return Found(name="exec", kind=Kind.EXEC, time_ns=number * 2 * SECOND, process=SHELL, **given)


def test_an_event_without_a_time_is_a_decoders_mistake() -> None:
    with pytest.raises(ValueError, match="exec without a time"):
        Accounts().take(Found(name="exec", kind=Kind.EXEC, process=SHELL), 1, b"x")
    assert Accounts().take(Found(name="note"), 1, b"x"), "a notice may have none"


def test_a_sensor_that_restarts_restarts_its_own_hosts_numbers_only() -> None:
    taken = Accounts()
    lines = [
        found(1, host="a", seq=7),
        found(2, host="b", seq=7, global_seq=1),
        found(3, host="a", seq=0, global_seq=0),
        found(4, host="b", seq=9, global_seq=2),
    ]
    for line, item in enumerate(lines, start=1):
        assert taken.take(item, line, b"%d" % line)
    gaps = taken.coverage(4, 0, ()).gaps
    assert [(gap.line, gap.counter, gap.missing) for gap in gaps] == [
        (3, RESTART, 1),
        (4, "exec", 1),
    ]


def test_repetitions_are_known_so_far_back_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "REMEMBERED", 2)
    taken = Accounts()
    for number in (1, 2, 3):
        assert taken.take(found(number), number, b"%d" % number)
    assert not taken.take(found(3), 4, b"3")
    assert not taken.take(found(2), 5, b"2")
    assert taken.coverage(5, 0, ()).duplicates == 2
    assert taken.take(found(1), 6, b"1"), "forgotten, so it is out of order and no repetition"
    cover = taken.coverage(6, 0, ())
    assert (cover.duplicates, cover.out_of_order) == (2, 1)


def test_a_run_of_numbers_that_are_remembered_is_taken_one_by_one() -> None:
    """After a restart its numbers come again: only each record's bytes tell a repetition."""
    taken = Accounts()
    for line in (1, 2, 3, 4):
        assert taken.take(found(line, global_seq=line - 1), line, b"%d" % line)
    assert taken.take(found(9, global_seq=0), 5, b"new")
    assert taken.coverage(5, 0, ()).gaps[0].counter == RESTART
    times = [number * 2 * SECOND for number in (10, 11)]
    run = Run(first=1, times=times, contents=[hash(b"a"), hash(b"b")], own={}, others=0)
    before = taken.coverage(5, 0, ())
    assert not taken.run(run)
    assert taken.coverage(5, 0, ()) == before, "nothing was taken in"
    later = Run(first=4, times=times, contents=[hash(b"a"), hash(b"b")], own={}, others=0)
    for number in (1, 2, 3):
        assert taken.take(found(9, global_seq=number), 5 + number, b"new%d" % number)
    assert taken.run(later), "numbers that nobody remembers"
