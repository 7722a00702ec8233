"""The deployed forms of the analytic: what each file claims, and what it does when executed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from tests.rules.examples import EXAMPLES, RULES, Example
from tests.unit.analytic.conftest import answers_in_sql

from witnessmark.analytic import Engine
from witnessmark.compare import files
from witnessmark.compare.rows import rows
from witnessmark.compare.run import Runner
from witnessmark.content import root

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from witnessmark.compare.files import Rule
    from witnessmark.compare.rows import Row

FOLDER = root() / "analytics/an0994/forms"
EXECUTED = (".yml", ".eql")
TITLES = {".yml": "Sigma", ".eql": "EQL", ".spl": "SPL", ".kql": "KQL"}
CLAIM = re.compile(r"^\W*(Covers|Partly|Cannot): ([KAB][1-7](?:, [KAB][1-7])*)(?:: (.+))?$")


class Cover(StrEnum):
    """How far a form has a rule."""

    COVERS = "Covers"
    PARTLY = "Partly"
    CANNOT = "Cannot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a file says of a rule, and why."""

    cover: Cover
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How many of a rule's examples a form answers as AN0994 does."""

    agree: int
    of: int
    telling: int
    """Of those that agree, how many are no mere silence."""

    @property
    def cover(self) -> Cover:
        if self.agree == self.of:
            return Cover.COVERS
        return Cover.PARTLY if self.telling else Cover.CANNOT


def forms() -> list[Path]:
    """Every file, the executable ones first."""
    order = list(TITLES)
    return sorted(FOLDER.iterdir(), key=lambda item: (order.index(item.suffix), item.name))


def claims(file: Path) -> dict[str, Claim]:
    """What the head of a file says of each rule.

    Raises:
        ValueError: it says two things of one rule, or why not of none.
    """
    found: dict[str, Claim] = {}
    for line in file.read_text("utf-8").splitlines():
        said = CLAIM.match(line)
        if said is None:
            continue
        for rule in said[2].split(", "):
            if rule in found:
                raise ValueError(f"{file.name} says two things of {rule}")
            found[rule] = Claim(cover=Cover(said[1]), why=said[3] or "")
    return found


@cache
def told(example: Example) -> tuple[Row, ...]:
    """An example as a rule sees it: a sensor that tells scripts recorded it."""
    stream, params = example.stream, example.parameters
    return rows(stream, lambda trace: Engine.of(stream, params, trace=trace), tells_scripts=True)


@cache
def executed(file: Path) -> dict[str, Seen]:
    """A form on all examples of every rule."""
    rules = files.find(file)
    agree = {(item.rule, item.name): _agrees(rules, item, told(item)) for item in EXAMPLES}
    return {rule: _seen(rule, agree) for rule in RULES}


SQL = root() / "src/witnessmark/lake/sql/an0994.sql"
"""The text for a lake; what it is executed on is made by the analytic's own keys."""


@cache
def executed_sql() -> dict[str, Seen]:
    """The SQL of a lake on all examples of every rule, on SQLite."""
    agree = {
        (item.rule, item.name): item.holds(answers_in_sql(item.stream, item.parameters, {}))
        for item in EXAMPLES
    }
    return {rule: _seen(rule, agree) for rule in RULES}


def _seen(rule: str, agree: Mapping[tuple[str, str], bool]) -> Seen:
    ours = [item for item in EXAMPLES if item.rule == rule]
    good = [item for item in ours if agree[item.rule, item.name]]
    telling = [item for item in good if item.alerts or item.undetermined]
    return Seen(agree=len(good), of=len(ours), telling=len(telling))


def _agrees(rules: Sequence[Rule], example: Example, told: tuple[Row, ...]) -> bool:
    """Whether a form says of an example what AN0994 says.

    What AN0994 leaves undetermined, a form that is silent does not: silence is all it has.
    """
    hits = 0
    for rule in rules:
        outcome = Runner().run(rule, told)
        assert outcome.problem is None, (rule.file, outcome.problem)
        hits += len(outcome.hits)
    if example.undetermined:
        return False
    if example.severity is not None and example.severity not in _levels(rules):
        return False
    return hits == example.alerts if example.counted else bool(hits) == bool(example.alerts)


def _levels(rules: Sequence[Rule]) -> set[str]:
    return {str(item.documents[0].get("level")) for item in rules if item.documents}
