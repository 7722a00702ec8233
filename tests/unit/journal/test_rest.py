"""What a dead controller left undone: only what never began is played, and between controls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.journal.conftest import CASES, CONTROL, plan, played

from witnessmark.journal.rest import filled, rest, under_way
from witnessmark.model.journal import Acted, PhaseBegan, Resumed
from witnessmark.model.scenario import Phase

BEFORE, AFTER = CONTROL


def todo(journal: Any) -> tuple[list[str], list[str]]:
    cases, more = rest(journal.read(), ["mac1"])
    return [item.id for item in cases], [item.id for item in more]


def test_where_nothing_began_all_is_played_as_planned(journal: Any) -> None:
    found, more = todo(journal)
    assert (sorted(found), more) == (sorted((*CONTROL, *CASES)), [])
    assert rest(journal.read(), []) == ([], [])


def test_what_is_left_is_played_between_controls_of_its_own(journal: Any) -> None:
    journal.add(Acted, act=played(BEFORE))
    journal.add(Acted, act=played(CASES[0]))
    found, more = todo(journal)
    assert more == ["c01.before-2:mac1"]
    assert sorted(found) == sorted(["c01.before-2:mac1", AFTER, CASES[1]])
    cases, _ = rest(journal.read(), ["mac1"])
    fresh = next(item for item in cases if item.id == more[0])
    assert (fresh.index, fresh.control) == (5, "before")


def test_a_case_that_was_half_played_is_not_played_again(journal: Any) -> None:
    journal.add(Acted, act=played(BEFORE))
    journal.add(PhaseBegan, mark=journal.mark(CASES[0], Phase.ATTACK))
    found, _ = todo(journal)
    assert CASES[0] not in found
    assert CASES[1] in found
    ((case, why),) = under_way(journal.read())["mac1"]
    assert case.id == CASES[0]
    assert why.startswith("mac1: the controller died during the attack phase")


@pytest.mark.parametrize("error", [None, "the host went away"])
def test_with_all_cases_played_only_a_control_that_is_missing_after_them_is(
    journal: Any, error: str | None
) -> None:
    for name in (BEFORE, *CASES):
        journal.add(Acted, act=played(name))
    assert todo(journal) == ([AFTER], [])
    journal.add(Acted, act=played(AFTER, error=error))
    again = ["c01.after-2:mac1"]
    assert todo(journal) == (([], []) if error is None else (again, again))


def test_every_case_has_one_act_in_the_plans_order(journal: Any) -> None:
    journal.add(Acted, act=played(BEFORE))
    journal.add(PhaseBegan, mark=journal.mark(CASES[0], Phase.SETUP))
    journal.add(Resumed)
    acts = filled(journal.read(), plan(), [played(CASES[1]), played(BEFORE, error="again")], 1)
    assert [item.case_id for item in acts] == [item.id for item in plan().cases]
    first, half, fresh, missing = acts
    assert (first.error, first.part, fresh.error, fresh.part) == (None, 0, None, 1)
    assert "died during the setup phase" in str(half.error)
    assert half.started
    assert missing == replace(
        played(AFTER), error="mac1: the controller died before it was played", started=False
    )
