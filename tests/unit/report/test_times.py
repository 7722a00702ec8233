"""Times as reports write them, also those that no calendar has."""

import pytest

from witnessmark.report.times import rfc3339


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (1_800_000_000_000_000_007, "2027-01-15T08:00:00.000000007Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (10**30, f"{10**30} ns"),
        (-(10**30), f"{-(10**30)} ns"),
    ],
)
def test_a_time_is_written_to_the_nanosecond_or_as_the_number_it_is(moment: int, text: str) -> None:
    assert rfc3339(moment) == text
