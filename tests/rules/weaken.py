"""A pytest plugin that weakens the analytic for a whole session: ``-p tests.rules.weaken``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.rules.mutants import MUTANTS, Around, Mutant

from witnessmark.analytic import engine

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--weaken", type=int, help="the place of a mutant in the list of all")


def _told(mutant: Mutant) -> Around:
    """Let an engine be told the mutant's parameters, whatever a test gives it."""

    def make(old: Any) -> Any:
        def init(self: Any, params: Any, **given: Any) -> None:
            old(self, mutant.parameters(params), **given)

        return init

    return Around(make)


@pytest.fixture(autouse=True, scope="session")
def _weakened(request: pytest.FixtureRequest) -> Iterator[None]:
    place = request.config.getoption("--weaken")
    mutant = Mutant(rule="", name="none") if place is None else MUTANTS[place]
    told = Mutant(
        rule=mutant.rule,
        name=mutant.name,
        changes=(*mutant.changes, (engine.Engine, "__init__", _told(mutant))),
    )
    with told.in_force():
        _leave_out_the_sql(told)
        yield


def _leave_out_the_sql(mutant: Mutant) -> None:
    """The SQL knows of no mutant, so its tests would notice each: only the engine's own count."""
    for module in tuple(sys.modules.values()):
        if hasattr(module, "assert_same_in_sql") and mutant.rule:
            module.assert_same_in_sql = lambda *_: None
