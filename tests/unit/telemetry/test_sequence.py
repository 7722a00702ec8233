"""Gaps, duplicates, late lines and restarts: what makes silence mean something, or not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from witnessmark.telemetry import eslogger
from witnessmark.telemetry.decoder import decode


def gaps(stream: Any, counter: str = "global") -> list[tuple[int, int]]:
    return [(gap.line, gap.missing) for gap in stream.coverage.gaps if gap.counter == counter]


def test_first_number_is_the_baseline(es: Any) -> None:
    assert es.decode(*es.numbered(700, 701)).coverage.gaps == ()


def test_jump_is_a_gap_between_two_times(es: Any) -> None:
    stream = es.decode(*es.numbered(0, 1, 5, 6))
    assert gaps(stream) == [(3, 3)]
    found = stream.coverage.gaps[0]
    assert (found.since_ns % 10**9, found.time_ns % 10**9) == (1_000, 5_000)


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
