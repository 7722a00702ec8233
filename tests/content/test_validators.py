"""Every validator keeps its own promises: its EXAMPLES are what it says."""

import importlib

import pytest

from witnessmark.judge.api import Example, Validator
from witnessmark.judge.table import link_status
from witnessmark.model.verdicts import Status
from witnessmark.validators import NAMES

CASES = [
    pytest.param(name, example, id=f"{name}-{example.name}")
    for name in NAMES
    for example in importlib.import_module(f"witnessmark.validators.{name}").EXAMPLES
]


def load(name: str) -> Validator:
    return importlib.import_module(f"witnessmark.validators.{name}").check


@pytest.mark.parametrize(("name", "example"), CASES)
def test_example_gets_the_status_it_names(name: str, example: Example) -> None:
    check = load(name)
    findings = check(example.evidence)
    assert link_status(findings)[check.link] is example.status, [f.message for f in findings]


@pytest.mark.parametrize("name", NAMES)
def test_examples_hold_a_pass_a_fail_and_a_cannot_tell(name: str) -> None:
    module = importlib.import_module(f"witnessmark.validators.{name}")
    assert {item.status for item in module.EXAMPLES} >= {Status.PASS, Status.FAIL, Status.ERROR}


@pytest.mark.parametrize("name", NAMES)
def test_an_auditor_can_read_what_it_proves(name: str) -> None:
    first = load(name).doc.splitlines()[0]
    assert len(first) > 40
    assert first[0].isupper()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_named_after_its_file_and_every_finding_after_it(name: str) -> None:
    check = load(name)
    example = importlib.import_module(f"witnessmark.validators.{name}").EXAMPLES[0]
    assert check.name == name
    assert {item.validator for item in check(example.evidence)} == {name}
