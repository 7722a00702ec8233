"""Gaps, duplicates, late lines and restarts: what makes silence mean something, or not."""

from __future__ import annotations

import datetime as dt
import random
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from witnessmark.telemetry import eslogger
from witnessmark.telemetry.decoder import decode


def gaps(stream: Any, counter: str = "global") -> list[tuple[int, int]]:
    return [(gap.line, gap.missing) for gap in stream.coverage.gaps if gap.counter == counter]


def bounds(stream: Any) -> list[tuple[int | None, int | None]]:
    times = ((gap.since_ns, gap.time_ns) for gap in stream.coverage.gaps)
    return [tuple(None if time is None else time % 10**9 for time in each) for each in times]


BASE_S = 1_754_572_895


def dated(es: Any, number: int, second: int) -> bytes:
    """An exit with this number, so many seconds after a moment."""
    when = dt.datetime.fromtimestamp(BASE_S + second, dt.UTC)
    time = when.strftime("%Y-%m-%dT%H:%M:%S.000000000Z")
    return es.line("exit", {"stat": 0}, global_seq_num=number, seq_num=number, time=time)


def test_first_number_is_the_baseline(es: Any) -> None:
    assert es.decode(*es.numbered(700, 701)).coverage.gaps == ()


def test_jump_is_a_gap_between_the_earlier_of_two_times_and_the_later_of_two(es: Any) -> None:
    stream = es.decode(*es.numbered(0, 1, 5, 6))
    assert gaps(stream) == [(3, 3)]
    assert bounds(stream) == [(0, 6_000)] * 2  # global, and of the event type


def test_a_hole_beside_fewer_than_two_records_has_no_bound_there(es: Any) -> None:
    assert bounds(es.decode(*es.numbered(0, 5, 6))) == [(None, 6_000)] * 2
    assert bounds(es.decode(*es.numbered(0, 1, 5))) == [(0, None)] * 2


def test_a_hole_that_a_late_line_split_keeps_its_bounds(es: Any) -> None:
    assert bounds(es.decode(*es.numbered(0, 1, 6, 3, 7))) == [(0, 7_000)] * 4


def test_the_hole_of_one_event_type_is_bounded_by_any_of_its_sensors_records(es: Any) -> None:
    times = es.numbered(0, 1, 2, 3, 4, 5)
    times[2] = times[2].replace(b'"seq_num": 2', b'"seq_num": 0').replace(b'"exit"', b'"kindx"')
    times[4] = times[4].replace(b'"seq_num": 4', b'"seq_num": 2').replace(b'"exit"', b'"kindx"')
    (found,) = [gap for gap in es.decode(*times).coverage.gaps if gap.counter == "kindx"]
    assert (found.since_ns % 10**9, found.time_ns % 10**9) == (1_000, 5_000)


@pytest.mark.parametrize("wrong", range(6))
@pytest.mark.parametrize("seconds", [-3600, -60, 60, 3600])
def test_where_times_run_backwards_no_hole_has_a_bound(es: Any, wrong: int, seconds: int) -> None:
    numbers = (0, 1, 2, 6, 7, 8)
    lines = [dated(es, number, number * 10) for number in numbers]
    lines[wrong] = dated(es, numbers[wrong], numbers[wrong] * 10 + seconds)
    cover = es.decode(*lines).coverage
    unseen = (wrong, seconds > 0) in ((0, False), (5, True))  # the first early, the last late
    assert bool(cover.backwards_ns) != unseen
    for gap in cover.gaps:
        assert (gap.since_ns, gap.time_ns) == (None, None) or unseen


def test_times_within_a_second_of_their_order_are_as_they_should_be(es: Any) -> None:
    lines = [dated(es, number, number * 10) for number in (0, 1, 2, 5, 6)]
    lines.insert(2, dated(es, 2, 9))
    lines[3] = dated(es, 3, 20)
    assert es.decode(*lines).coverage.backwards_ns == 0


def test_a_late_line_whose_time_does_not_fit_its_number_is_told(es: Any) -> None:
    lines = [dated(es, number, number * 10) for number in (0, 1, 3, 4)]
    assert es.decode(*lines, dated(es, 2, 20)).coverage.backwards_ns == 0
    assert es.decode(*lines, dated(es, 2, -50)).coverage.backwards_ns == 50 * 10**9


def test_one_record_dated_ahead_hides_no_restart(es: Any) -> None:
    before = [dated(es, number, number) for number in (50, 51)]
    later = [dated(es, number, 60 + number) for number in (0, 1, 2)]
    assert gaps(es.decode(*before, dated(es, 52, 3600), *later), "restart") == [(4, 1)]


@settings(deadline=None, max_examples=200,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    waits=st.lists(st.integers(0, 90), min_size=6, max_size=12),
    lost=st.integers(0, 10**6),
    wrong=st.integers(0, 10**6),
    at=st.integers(-4_000, 90_000),
)
def test_no_one_wrong_time_puts_a_hole_where_it_is_not(
    es: Any, waits: list[int], lost: int, wrong: int, at: int
) -> None:
    times = list(accumulate(waits))
    lost = 1 + lost % (len(times) - 2)
    kept = [number for number in range(len(times)) if number != lost]
    stray = kept[wrong % len(kept)]
    lines = [dated(es, number, at if number == stray else times[number]) for number in kept]
    found = [gap for gap in es.decode(*lines).coverage.gaps if gap.counter != "restart"]
    assert found
    truth = BASE_S * 10**9 + times[lost] * 10**9
    for gap in found:
        assert gap.since_ns is None or gap.since_ns <= truth
        assert gap.time_ns is None or gap.time_ns >= truth


def test_each_event_type_has_its_own_counter(es: Any) -> None:
    lines = [
        es.line("exit", {"stat": 0}, global_seq_num=0, seq_num=10),
        es.line("fork", {"child": es.process(9)}, global_seq_num=1, seq_num=3),
        es.line("exit", {"stat": 0}, global_seq_num=2, seq_num=12),
    ]
    stream = es.decode(*lines)
    assert gaps(stream) == []
    assert gaps(stream, "exit") == [(3, 1)]
    assert gaps(stream, "fork") == []


def test_late_line_fills_its_hole(es: Any) -> None:
    stream = es.decode(*es.numbered(0, 3, 1, 2))
    assert stream.coverage.gaps == ()
    assert stream.coverage.out_of_order == 2


def test_late_line_may_split_a_hole(es: Any) -> None:
    assert gaps(es.decode(*es.numbered(0, 5, 3))) == [(2, 2), (2, 1)]


def test_line_from_before_the_baseline(es: Any) -> None:
    assert es.decode(*es.numbered(2, 3, 1, 0)).coverage.gaps == ()
    assert gaps(es.decode(*es.numbered(9, 5))) == [(2, 3)]


def test_duplicates_are_counted_and_left_out(es: Any) -> None:
    lines = es.numbered(0, 1, 1, 0, 2)
    stream = es.decode(*lines)
    assert stream.coverage.duplicates == 2
    assert [event.line for event in stream.events] == [1, 2, 5]
    assert stream.coverage.gaps == ()


def test_same_number_with_other_bytes_is_no_duplicate(es: Any) -> None:
    first = es.line("exit", {"stat": 0})
    other = es.line("exit", {"stat": 9})
    stream = es.decode(first, other)
    assert (stream.coverage.duplicates, len(stream.events)) == (0, 2)


def test_restarted_sensor_is_a_gap(es: Any) -> None:
    later = [line.replace(b":21:35", b":40:00") for line in es.numbered(0, 1, 2)]
    stream = es.decode(*es.numbered(50, 51), *later)
    assert gaps(stream, "restart") == [(3, 1)]
    assert gaps(stream) == []
    assert gaps(stream, "exit") == []


def test_restart_does_not_fill_old_holes(es: Any) -> None:
    later = [line.replace(b":21:35", b":40:00") for line in es.numbered(2, 3)]
    stream = es.decode(*es.numbered(0, 9), *later)
    assert gaps(stream) == [(2, 8)]
    assert gaps(stream, "restart") == [(3, 1)]


def test_records_without_numbers_have_no_gaps(es: Any) -> None:
    line = es.line("exit", {"stat": 0}, seq_num=None, global_seq_num=None)
    stream = es.decode(line, line)
    assert (stream.coverage.gaps, len(stream.events)) == ((), 2)


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_a_whole_stream_has_no_gap(es: Any, seed: int) -> None:
    lines = es.numbered(*range(40))
    random.Random(seed).shuffle(lines)
    stream = es.decode(*lines)
    assert stream.coverage.gaps == ()


@pytest.mark.parametrize("seed", range(20))
def test_any_order_misses_exactly_what_is_missing(es: Any, seed: int) -> None:
    dice = random.Random(seed)
    kept = sorted(dice.sample(range(1, 60), 30))
    numbers = [0, *kept, 60]
    dice.shuffle(numbers)
    stream = es.decode(*es.numbered(*numbers))
    assert sum(missing for _, missing in gaps(stream)) == 61 - len(numbers)


def test_names_are_bounded(es: Any) -> None:
    lines = [
        es.line(f"kind{number}", {}, global_seq_num=number, seq_num=0) for number in range(600)
    ]
    cover = decode(eslogger, lines, host="m", source="s").coverage
    assert len(cover.kinds) == 501
    assert cover.other == 600
