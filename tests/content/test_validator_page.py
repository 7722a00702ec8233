"""docs/validators.md says what the validators say, and every retention profile says whose it is."""

import runpy
from pathlib import Path

import pytest

from witnessmark.content import root
from witnessmark.content.durations import seconds
from witnessmark.content.located import load
from witnessmark.judge import describe
from witnessmark.judge.describe import page
from witnessmark.model.run import RetentionProfile
from witnessmark.validators import NAMES

PAGE = Path(__file__).parents[2] / "docs/validators.md"
PROFILES = sorted((root() / "inventory/retention").glob("*.yaml"))


def test_the_page_is_what_the_validators_say_of_themselves() -> None:
    assert PAGE.read_text("utf-8") == page(), (
        "write it anew: python -m witnessmark.judge.describe > docs/validators.md"
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_validator_has_a_section_with_its_examples(name: str) -> None:
    _, _, rest = PAGE.read_text("utf-8").partition(f"## {name}\n")
    section = rest.partition("\n## ")[0]
    assert "Link: **" in section
    for status in ("`pass`", "`fail`", "`error`"):
        assert status in section


@pytest.mark.parametrize("file", PROFILES, ids=lambda file: file.stem)
def test_a_retention_profile_names_itself_its_length_and_whose_number_it_is(file: Path) -> None:
    profile = load(file, RetentionProfile)
    assert profile.id == file.stem
    assert seconds(profile.required) >= 86_400
    assert profile.source or "own choice" in profile.status
    assert len(profile.why) > 40


def test_the_profiles_reach_from_a_month_to_a_year() -> None:
    days = {seconds(load(file, RetentionProfile).required) / 86_400 for file in PROFILES}
    assert {30, 90, 183, 366} <= days


def test_the_command_that_the_page_names_writes_the_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runpy.run_path(describe.__file__, run_name="__main__")
    assert capsys.readouterr().out == PAGE.read_text("utf-8")
