"""A validator says something about every case, and has a text that an auditor can read."""

from collections.abc import Iterator

import pytest

from witnessmark.judge import examples
from witnessmark.judge.api import CaseEvidence, finding, validator
from witnessmark.model.verdicts import Finding, Link, Status


def test_a_validator_has_its_modules_name_its_link_and_its_text() -> None:
    def check(case: CaseEvidence) -> Iterator[Finding]:
        """The sentence an auditor reads."""
        yield finding("x", "recorded", "pass", f"all of {case.case.id}")

    made = validator(link="recorded")(check)
    assert (made.name, made.link) == ("test_api", Link.RECORDED)
    assert made.doc == "The sentence an auditor reads."
    (found,) = made(examples.drop_exec())
    assert (found.status, found.message) == (Status.PASS, "all of x01-example:example")


def test_a_validator_that_says_nothing_is_a_mistake() -> None:
    def check(case: CaseEvidence) -> Iterator[Finding]:
        """Nothing."""
        return iter(())

    with pytest.raises(ValueError, match="test_api said nothing about x01-example:example"):
        validator(link="acted")(check)(examples.drop_exec())


def test_a_validator_without_a_text_is_refused() -> None:
    def check(case: CaseEvidence) -> Iterator[Finding]:
        return iter(())

    with pytest.raises(ValueError, match="has no docstring for the auditor to read"):
        validator(link="acted")(check)
    assert list(check(examples.drop_exec())) == []
