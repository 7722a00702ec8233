"""A documented workflow that could be forged, or that contradicts itself, cannot even be built."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from witnessmark.model.workflows import Match, Workflow

SIGNED = Match(path="/opt/x", team_id="TEAM123456")
PATH = Match(path="/opt/x")
GOOD = Workflow(
    id="x",
    owner="o",
    reason="r",
    subject="image",
    match=SIGNED,
    branch="B",
    first_seen=date(2026, 1, 1),
    review_by=date(2026, 6, 1),
    expires=date(2027, 1, 1),
    evidence="e",
)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "ancestor"},
        {"match": Match(path="/opt/x", signing_id="x")},
        {"match": Match(path="/opt/x", cdhash="ab" * 20)},
        {"subject": "script", "match": Match(path="/opt/x", sha256="ab" * 32)},
        {"ancestor": SIGNED, "writer": SIGNED},
        {"enabled": False, "placeholders": ("match.team_id",)},
    ],
)
def test_what_a_forger_lacks_makes_an_entry(changes: dict[str, Any]) -> None:
    assert replace(GOOD, **changes).id == "x"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"match": PATH}, "a path alone can be forged"),
        ({"subject": "ancestor", "match": PATH}, "a path alone can be forged"),
        ({"subject": "script", "match": SIGNED}, "a script entry needs its sha256"),
        ({"match": replace(SIGNED, sha256="ab" * 32)}, "sha256 is for scripts"),
        ({"ancestor": PATH}, "ancestor and writer need"),
        ({"writer": PATH}, "ancestor and writer need"),
        ({"placeholders": ("match.team_id",)}, "placeholders must be filled in"),
        ({"review_by": date(2025, 1, 1)}, "must follow in this order"),
        ({"expires": date(2026, 5, 1)}, "must follow in this order"),
    ],
)
def test_what_could_be_forged_or_contradicts_itself_is_refused(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        replace(GOOD, **changes)
