"""Every weakened rule is noticed by an example of that very rule. ``make mutate`` asks the
scenarios and the tests as well."""

from __future__ import annotations

import pytest
from tests.rules.examples import EXAMPLES, RULES, answers
from tests.rules.mutants import MUTANTS, Mutant
from tests.rules.score import noticed_by_examples


def test_every_rule_is_weakened() -> None:
    assert {item.rule for item in MUTANTS} == set(RULES)
    assert len({(item.rule, item.name) for item in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda item: f"{item.rule}-{item.name}")
def test_a_weakened_rule_is_noticed(mutant: Mutant) -> None:
    own = [item for item in EXAMPLES if item.rule == mutant.rule]
    assert noticed_by_examples(mutant, own), [item.name for item in own]


def test_nothing_of_a_mutant_is_left_when_it_ends() -> None:
    for mutant in MUTANTS:
        with mutant.in_force():
            pass
    assert all(item.holds(answers(item)) for item in EXAMPLES)


def test_a_mutant_that_finds_nothing_to_replace_fails() -> None:
    lost = Mutant(rule="A1", name="x", changes=((Mutant, "no_such_name", None),))
    with pytest.raises(AttributeError), lost.in_force():
        pass


def test_what_changes_nothing_is_not_noticed() -> None:
    assert noticed_by_examples(Mutant(rule="A1", name="the analytic itself")) == []
