"""One record with a wrong time does not make the engine forget, and none makes it keep all."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.analytic.test_order import busy, said

from witnessmark.analytic import Engine
from witnessmark.analytic.order import Order
from witnessmark.analytic.pace import BATCH, IN_A_ROW, Pace

HOME = "/Users/kim"
SECOND = 1_000_000_000
DAY = 86_400 * SECOND
AHEAD = [10 * SECOND, 130 * SECOND, 3_600 * SECOND, DAY, 3_650 * DAY]


def astray(tape: Any, by_ns: int) -> None:
    """An unrelated record with another time than its own."""
    tape.write("/opt/stray")
    tape.events[-1] = replace(tape.events[-1], time_ns=tape.events[-1].time_ns + by_ns)


def noise(tape: Any, number: int = 2 * BATCH) -> None:
    for _ in range(number):
        tape.write("/opt/noise")


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("strays", range(1, IN_A_ROW))
def test_records_dated_ahead_make_no_drop_forgotten(
    tape: Any, answers: Any, strays: int, ahead: int
) -> None:
    tape.write(f"{HOME}/Downloads/x.sh")
    for _ in range(strays):
        astray(tape, ahead)
    noise(tape)
    tape.spawn(tape.terminal, "/bin/sh", ["sh", f"{HOME}/Downloads/x.sh"])
    assert answers.fired(tape) == ["B"]


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_record_dated_ahead_makes_no_process_forgotten(
    tape: Any, answers: Any, ahead: int
) -> None:
    middle = tape.spawn(tape.chrome(), "/opt/middle")
    child = tape.fork(middle)
    tape.exit(middle)
    astray(tape, ahead)
    noise(tape)
    tape.exec(child, "/bin/sh", ["sh", "-c", "id"])
    assert "A" in answers.fired(tape)


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_record_dated_ahead_ends_no_wait_for_late_ones(tape: Any, ahead: int) -> None:
    order = Order(120 * SECOND)
    noise(tape, 3)
    astray(tape, ahead)
    noise(tape, 1)
    *first, lost, stray, last = tape.events
    arrived = [event for item in (*first, stray, last, lost) for event in order.feed(item)]
    assert (arrived, order.late) == (tape.events, 0)


def test_a_restart_after_a_record_dated_ahead_is_followed(tape: Any, answers: Any) -> None:
    tape.write(f"{HOME}/Downloads/x.sh")
    noise(tape, 5)
    astray(tape, DAY)
    noise(tape, 1)
    tape.wait(3)
    tape._seq = 0
    tape.spawn(tape.terminal, "/bin/sh", ["sh", f"{HOME}/Downloads/x.sh"])
    assert answers.fired(tape) == ["B"]


@settings(deadline=None, max_examples=60,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(seed=st.integers(0, 10**9), by=st.integers(-4_000, 10**6), quiet=st.booleans())
def test_any_time_of_one_unrelated_record_changes_no_answer(
    seed: int, by: int, quiet: bool, make_tape: Any, params: Any
) -> None:
    answers = []
    for wrong in (0, by * SECOND):
        dice, tape = random.Random(seed), make_tape()
        busy(tape, dice, 20)
        astray(tape, wrong)
        noise(tape, 0 if quiet else BATCH)
        busy(tape, dice, 20)
        answers.append(said(tape.stream(), params))
    assert answers[0] == answers[1]


def test_one_drop_dated_ahead_makes_no_memory_grow(tape: Any, params: Any) -> None:
    engine = Engine(params)
    tape.write(f"{HOME}/Downloads/x.sh")
    child = tape.fork(tape.terminal)
    tape.exit(child)
    events = [replace(event, time_ns=event.time_ns + 3_650 * DAY) for event in tape.events]
    for event in events:
        engine.feed(event)
    for number in range(6_000):
        tape.events.clear()
        tape.inodes.clear()
        child = tape.fork(tape.terminal)
        tape.write(f"{HOME}/Library/Caches/c/{number}", child)
        tape.exit(child)
        tape.wait(1)
        for event in tape.events:
            engine.feed(event)
    assert len(engine._drops.table) < 1_200
    assert len(engine._lineage.images) < 1_200


def test_idle_time_counts_from_what_several_records_agree_on(tape: Any, params: Any) -> None:
    engine = Engine(params)
    noise(tape, 5)
    agreed = tape.events[-3].time_ns
    astray(tape, DAY)
    for event in tape.events:
        engine.feed(event)
    assert engine.began_idle_ns == agreed


def test_a_moment_counts_once_several_in_a_row_have_passed_it() -> None:
    pace, told = Pace(), []
    for time in (9, 1, 2, 3, 99, 98, 97, 4, 100, 101, 102, 103):
        pace.move(time)
        told.append(pace.now_ns)
    assert told == [9, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 100]
