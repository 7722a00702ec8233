"""The score itself: a mutant is noticed by whoever answers otherwise, and by nobody else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.rules import score
from tests.rules.mutants import MUTANTS, Mutant
from tests.rules.score import Played, main

if TYPE_CHECKING:
    from tests.unit.judge import conftest as runs

SAME = Mutant(rule="A1", name="the analytic itself")


def named(name: str) -> Mutant:
    return next(item for item in MUTANTS if item.name == name)


def test_a_run_is_judged_anew_by_each_mutant(played: runs.Played) -> None:
    cases = Played(played.seal())
    assert len(cases) == 1
    assert cases.noticed(SAME) == ()
    assert cases.noticed(named("the script does not count")) == ("x01-played",)
    assert cases.noticed(named("nothing is a browser")) == ()


def test_the_tests_of_a_rule_are_run_with_its_mutant() -> None:
    failed = score.noticed_by_tests(named("an inode outlives its file"))
    assert failed == "test_K2_inode_ends_at_the_last_unlink"


def test_the_sql_that_knows_no_mutant_notices_none() -> None:
    """No test of K3 asks for a severity; the engine's sameness with the SQL would fail them all."""
    place = str(MUTANTS.index(named("always medium")))
    assert score._first_failure("K3", "--weaken", place) is None


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No stand-in is booted and no test is run."""
    monkeypatch.setattr(score, "refusal", lambda: "nothing can be booted here")
    monkeypatch.setattr(score, "noticed_by_tests", lambda _: None)
    monkeypatch.setattr(score, "unsound", lambda: None)
    monkeypatch.setattr(sys, "argv", ["score"])
    return monkeypatch


def test_a_mutant_that_nobody_notices_is_a_failure(
    quick: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quick.setattr(score, "MUTANTS", (named("no name is temporary"), SAME))
    assert main() == 1
    told = capsys.readouterr().out
    assert "1 of 2 mutants are noticed: 0 by the scenarios (no case, for nothing can be" in told
    quick.setattr(score, "MUTANTS", (named("no name is temporary"),))
    assert main() == 0


def test_nothing_is_scored_where_the_analytic_itself_fails(
    quick: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quick.setattr(score, "unsound", lambda: "test_A1_x")
    assert main() == 2
    assert "without any mutant this fails already: test_A1_x" in capsys.readouterr().err


def test_what_fails_without_a_mutant_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(score, "_first_failure", lambda rule: asked.append(rule))
    assert score.unsound() is None
    assert asked == [""]
    monkeypatch.setattr(score, "noticed_by_examples", lambda _: [score.EXAMPLES[0]])
    assert score.unsound() == "K1: a browser's pid, used again by a shell"
