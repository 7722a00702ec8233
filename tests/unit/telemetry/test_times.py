"""RFC 3339 to integer nanoseconds, exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from witnessmark.telemetry.times import nanoseconds, whole_second


@pytest.mark.parametrize("digits", range(1, 10))
def test_one_to_nine_digits(digits: int) -> None:
    text = "123456789"[:digits]
    assert nanoseconds(f"1970-01-01T00:00:01.{text}Z") == 10**9 + int(text.ljust(9, "0"))


def test_a_fraction_of_other_digits_than_ascii_is_no_time() -> None:
    for text in ("2025-08-07T13:21:35.1x3Z", "2025-08-07T13:21:35.\u0661Z"):
        with pytest.raises(ValueError, match="is not an RFC 3339 time"):
            nanoseconds(text)


def test_offsets_and_no_fraction() -> None:
    assert nanoseconds("1970-01-01T02:30:00+02:30") == 0
    assert nanoseconds("1969-12-31T19:00:00-05:00") == 0
    assert nanoseconds("1969-12-31T23:59:59.5Z") == -500_000_000


@pytest.mark.parametrize(
    "text",
    ["", "now", "2025-08-07", "2025-08-07T13:21:35", "2025-08-07T13:21:35.Z",
     "2025-08-07T13:21:35.1234567890Z", "2025-13-07T13:21:35Z", "2025-02-30T13:21:35Z",
     "2025-08-07T25:21:35Z", "2025-08-07T13:21:61Z", "2025-08-07T13:21:35Z\n",
     "\u0662025-08-07T13:21:35Z"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|second|date|data|range"):
        nanoseconds(text)


@given(st.integers(min_value=-2_000_000_000_000_000_000, max_value=4_000_000_000_000_000_000))
def test_every_nanosecond_survives(moment: int) -> None:
    seconds, rest = divmod(moment, 10**9)
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert nanoseconds(f"{whole:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z") == moment


def test_a_leap_second_is_the_next_one_and_a_whole_second_needs_no_fraction() -> None:
    assert nanoseconds("2016-12-31T23:59:60.5Z") == nanoseconds("2017-01-01T00:00:00.5Z")
    assert whole_second("2016-12-31T23:59:59") == nanoseconds("2016-12-31T23:59:59Z")
    for text in ("2016-12-31T23:59:6x", "2016-12-31T23:59.59", "", "x"):
        with pytest.raises(ValueError, match="time"):
            whole_second(text)
