"""Every rule of the analytic is told, tested by name, and weakened once."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.rules.examples import EXAMPLES, RULES
from tests.rules.mutants import MUTANTS

TOP = Path(__file__).parents[2]
TESTS = [
    node.name
    for file in (TOP / "tests/unit/analytic").glob("test_*.py")
    for node in ast.parse(file.read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef)
]


def test_the_page_tells_these_rules() -> None:
    page = (TOP / "docs/analytic.md").read_text("utf-8")
    assert tuple(re.findall(r"(?m)^\| ([KAB]\d) \|", page)) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_tests_named_after_it(rule: str) -> None:
    assert len([name for name in TESTS if re.match(rf"test_{rule}(?![0-9])", name)]) >= 2


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_examples_and_is_weakened(rule: str) -> None:
    assert len([item for item in EXAMPLES if item.rule == rule]) >= 2
    assert any(item.rule == rule for item in MUTANTS)
