"""Runs one rule of any form; whatever is wrong with it becomes one sentence about it."""

from __future__ import annotations

import importlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.compare.outcome import Form, Outcome, Unrunnable
from witnessmark.compare.timelimit import OutOfTime, processor_time
from witnessmark.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from witnessmark.compare.files import Rule
    from witnessmark.compare.rows import Row

LIMIT_S = 60.0
"""Processor time that a rule may take over one stream."""
LONGEST = 300
_MODULES = {Form.SIGMA: "sigma_rules", Form.EQL: "eql_rules"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs rules, each within its share of processor time."""

    limit_s: float = LIMIT_S

    def run(self, rule: Rule, rows: Sequence[Row]) -> Outcome:
        """The outcome of a rule, or the problem that kept it from being run."""
        if rule.problem is not None or rule.form is None:
            return Outcome(problem=rule.problem or "is of no known form")
        missing = _missing(rule.form)
        if missing is not None:
            return Outcome(problem=missing)
        module = importlib.import_module(f"witnessmark.compare.{_MODULES[rule.form]}")
        try:
            with processor_time(self.limit_s) as limit:
                outcome: Outcome = module.run(rule, rows, limit)
        except OutOfTime:
            return self._too_long()
        except Unrunnable as error:
            return Outcome(problem=str(error))
        except sqlite3.Error as error:
            return self._too_long() if limit.passed else Outcome(problem=_sentence(error))
        except Exception as error:  # noqa: BLE001 - two libraries over anybody's text: one sentence
            return Outcome(problem=_sentence(error))
        return outcome

    def _too_long(self) -> Outcome:
        return Outcome(problem=f"took more than {self.limit_s:g} s of processor time")


def ready(rules: Iterable[Rule]) -> None:
    """See that what runs these rules is installed, or at least what runs some of them.

    Raises:
        Unsupported: nothing is, with what to install.
    """
    forms = dict.fromkeys(rule.form for rule in rules if rule.form is not None)
    missing = [_missing(form) for form in forms]
    if missing and None not in missing:
        raise Unsupported("; ".join(str(text) for text in missing))


def _missing(form: Form) -> str | None:
    """What to install before rules of a form can be run; None if it is there."""
    try:
        importlib.import_module(f"witnessmark.compare.{_MODULES[form]}")
    except ImportError as error:
        extra = "compare" if form is Form.SIGMA else "eql"
        return f"{form} rules cannot be run without {error.name}: install witnessmark[{extra}]"
    return None


def _sentence(error: Exception) -> str:
    said = " ".join(str(error).split())
    text = (
        f"cannot be run: {type(error).__name__}: {said}"
        if said
        else (f"cannot be run: {type(error).__name__}")
    )
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
