"""Rules over small tapes, and over a whole bag of one Mac."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.analytic import conftest as tapes
from tests.unit.judge import conftest as runs

from witnessmark.analytic import Engine, load
from witnessmark.compare import files
from witnessmark.compare.rows import rows
from witnessmark.compare.run import Runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.analytic.conftest import Tape

    from witnessmark.analytic import Parameters
    from witnessmark.compare.outcome import Outcome
    from witnessmark.compare.rows import Row

tape, standin, played = tapes.tape, tapes.standin, runs.played
PROCESS = "logsource: {product: macos, category: process_creation}\n"


def told(tape: Tape) -> tuple[Row, ...]:
    """A tape's rows."""
    stream = tape.stream()
    return rows(stream, lambda trace: Engine.of(stream, _parameters(), trace=trace))


@cache
def _parameters() -> Parameters:
    return load().parameters


def sigma(detection: str, logsource: str = PROCESS) -> str:
    return f"title: t\n{logsource}detection:\n{detection}"


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Outcome]:
    """What a rule's text says over a tape."""

    def asked(text: str, tape: Tape, *, suffix: str = "yml", **given: Any) -> Outcome:
        file = tmp_path / f"rule.{suffix}"
        file.write_text(text)
        (rule,) = files.find(file)
        return Runner(**given).run(rule, told(tape))

    return asked
