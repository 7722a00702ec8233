"""Test data that looks like a Mac's says `synthetic`, until a lab's pack takes its place."""

import ast
import re
from pathlib import Path

import pytest

from witnessmark.analytic import parameters
from witnessmark.qualify.finds import VENDORS
from witnessmark.telemetry.kinds import KINDS, looks_like

TESTS = Path(__file__).parents[1]
LIKE_A_MACS = re.compile(
    r"audit_token|\] I santad: |eventMessage|es_process_events|es_process_file_events|"
    r"ProcessRollup2|DeviceProcessEvents|ProcessCreated|event\.action|GPProcessEvent|glob_seq_num"
)
# The records of tests/e2e are those of stand-ins, and say so themselves (x_standin).
PACKS = TESTS / "unit/telemetry/data/packs"
MODULES = [
    path
    for path in sorted(TESTS.glob("unit/**/*.py"))
    if LIKE_A_MACS.search(path.read_text("utf-8"))
]


def test_there_is_something_to_hold() -> None:
    assert len(MODULES) > 10


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_a_module_with_records_like_a_macs_says_what_they_are(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    assert re.search(r"\b(synthetic|stand-in|real)\b", told), f"{path}: what are its records?"


def test_every_file_of_telemetry_says_what_it_is() -> None:
    found = [item for item in TESTS.rglob("*") if item.is_file() and item.suffix != ".py"]
    for item in found:
        if item.is_relative_to(PACKS) or item.suffix in (".pyc", ".svg", ".html"):
            continue
        line = item.read_bytes().split(b"\n", 1)[0]
        if looks_like(line) is not None:
            assert item.suffix == ".synthetic", f"{item}: rename it, or hand it in as a pack"
    assert {item.stem for item in found if item.suffix == ".synthetic"} == set(KINDS)


def test_the_public_teams_are_those_of_the_browsers_that_the_analytic_knows() -> None:
    known = {item.team_id for item in parameters.load().parameters.browsers} - {None}
    assert known == VENDORS
