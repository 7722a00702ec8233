"""A source of alerts only can answer nothing by records, and has none to read."""

import pytest

from witnessmark.model.hosts import ALERTS_ONLY
from witnessmark.telemetry.decoder import decode
from witnessmark.telemetry.format import branches
from witnessmark.telemetry.kinds import KINDS, decoder_of, records_runs


def test_it_answers_nothing() -> None:
    form = decoder_of(ALERTS_ONLY)
    assert form.KIND == ALERTS_ONLY
    assert branches(form.FILLS) == frozenset()
    assert not records_runs(ALERTS_ONLY)
    assert ALERTS_ONLY not in KINDS, "nobody decodes it"


def test_a_line_of_it_is_bad() -> None:
    stream = decode(decoder_of(ALERTS_ONLY), [b"{}\n"], host="mac", source="siem")
    assert [bad.reason for bad in stream.coverage.bad] == ["a source of alerts only has no records"]


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no kind of telemetry"):
        decoder_of("no_records")
