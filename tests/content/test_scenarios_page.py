"""docs/scenarios.md says what the scenarios and the step library say of themselves."""

import re
import runpy
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from witnessmark.content import describe, scenarios
from witnessmark.model.scenario import Attack, Expectation, RecordPattern, Scenario

PAGE = Path(__file__).parents[2] / "docs/scenarios.md"
ALL = {item.id: item for item in scenarios.load_all()}
ORDINARY = [item for item in ALL.values() if item.family != "controls"]
BENIGN = ("silent", "suppressed")


def where(item: Scenario) -> set[str]:
    return set(describe.directories(item, describe.script(item)))


def test_the_page_is_what_the_content_says_of_itself() -> None:
    page = PAGE.read_text("utf-8")
    assert page == describe.rewritten(page), (
        "write it anew: python -m witnessmark.content.describe docs/scenarios.md"
    )


@pytest.mark.parametrize("item", ALL.values(), ids=lambda item: item.id)
def test_every_scenario_has_a_row_with_its_answer_its_twin_and_its_limits(item: Scenario) -> None:
    (row,) = [line for line in PAGE.read_text("utf-8").splitlines() if f"| `{item.id}` |" in line]
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    assert len(cells) == 7
    assert cells[2] == item.branch
    assert ("**GAP**" if item.expect.answer == "gap" else item.expect.answer.value) in cells[4]
    assert cells[5].endswith(f"`{item.twin}`") or item.family == "controls"
    assert cells[6].replace("\\|", "|") == " ".join(item.limits.split())


@pytest.mark.parametrize(
    ("owner", "prefix"),
    [(Scenario, ""), (Expectation, "expect."), (RecordPattern, "records."), (Attack, "")],
)
def test_every_key_of_a_scenario_is_documented(owner: type, prefix: str) -> None:
    text = PAGE.read_text("utf-8").partition("### scenario.yaml")[2].partition("### run.sh")[0]
    for field in fields(owner):
        assert f"`{prefix}{field.name}`" in text, f"{prefix}{field.name}"


def test_every_function_of_the_library_has_one_definition() -> None:
    names = Counter(item.name for item in describe.functions())
    assert [name for name, count in names.items() if count > 1] == []


def test_every_step_that_a_script_calls_is_documented_and_exists() -> None:
    known = {item.name: item for item in describe.functions()}
    calls = describe.called(describe.script(item) for item in ALL.values())
    assert calls <= known.keys()
    assert [name for name in sorted(calls) if not known[name].text] == []


@pytest.mark.parametrize("item", ORDINARY, ids=lambda item: item.id)
def test_a_positive_has_a_benign_twin_and_the_others_a_positive_one(item: Scenario) -> None:
    twin = ALL[str(item.twin)]
    if item.expect.answer == "fires":
        assert twin.expect.answer in BENIGN, f"{twin.id} is not benign"
    else:
        assert twin.expect.answer == "fires", f"{twin.id} shows nothing"


@pytest.mark.parametrize("item", ORDINARY, ids=lambda item: item.id)
def test_a_positives_twin_is_played_wherever_it_is_and_on_its_branch(item: Scenario) -> None:
    twin = ALL[str(item.twin)]
    if item.expect.answer == "fires":
        assert where(item) <= where(twin)
        assert item.branch == twin.branch


@pytest.mark.parametrize("place", ["downloads", "caches"])
@pytest.mark.parametrize("answers", [("fires",), BENIGN])
def test_both_directories_have_positive_and_benign_cases(
    place: str, answers: tuple[str, ...]
) -> None:
    assert any(place in where(item) and item.expect.answer in answers for item in ORDINARY)


@pytest.mark.parametrize("branch", ["A", "B"])
@pytest.mark.parametrize("answers", [("fires",), BENIGN])
def test_both_branches_have_positive_and_benign_cases(
    branch: str, answers: tuple[str, ...]
) -> None:
    assert any(branch in item.branch and item.expect.answer in answers for item in ORDINARY)


def test_a_page_without_a_place_for_a_table_is_said_so() -> None:
    with pytest.raises(ValueError, match="no place for the table 'steps'"):
        describe.rewritten("<!-- table: catalogue -->\n<!-- end -->\n")


@pytest.mark.parametrize("item", ALL.values(), ids=lambda item: item.id)
def test_a_script_sets_no_variable_of_the_librarys_own(item: Scenario) -> None:
    assert re.findall(r"(?m)^\s*(?:for )?(wm_\w+)(?:=| in )", describe.script(item)) == []


def test_the_command_that_the_page_names_writes_its_tables_and_leaves_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = PAGE.read_text("utf-8")
    ours = tmp_path / "page.md"
    row = next(line for line in text.splitlines() if line.startswith(f"| `{ORDINARY[0].id}`"))
    ours.write_text(text.replace(row, "| old |"), "utf-8")
    monkeypatch.setattr("sys.argv", ["describe", str(ours)])
    runpy.run_path(describe.__file__, run_name="__main__")
    assert ours.read_text("utf-8") == text
