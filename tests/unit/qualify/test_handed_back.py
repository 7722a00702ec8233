"""Packs that labs hand back: each is whole, scrubbed, of where it says, and read by its decoder."""

from pathlib import Path

import pytest

from witnessmark.qualify.store import check

PACKS = Path(__file__).parents[1] / "telemetry/data/packs"


def test_every_pack_is_as_it_was_made() -> None:
    found = sorted(PACKS.glob("*/pack.json"))
    if not found:
        pytest.skip("no Mac has been qualified yet: all data is synthetic")
    assert [problem for item in found for problem in check(item.parent)] == []
