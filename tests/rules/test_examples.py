"""Every example of a rule gets the answer that it is an example of."""

from __future__ import annotations

import pytest
from tests.rules.examples import EXAMPLES, RULES, Example, answers


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda item: f"{item.rule}-{item.name}")
def test_the_analytic_answers_as_the_example_says(example: Example) -> None:
    found = answers(example)
    assert example.holds(found), found


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_an_example_that_fires_and_one_that_differs(rule: str) -> None:
    ours = {
        (item.alerts, item.undetermined, item.severity) for item in EXAMPLES if item.rule == rule
    }
    assert len(ours) > 1, "nothing tells this rule from its absence"
    assert rule == "A7" or any(item[0] for item in ours)
