"""Scenarios that do not fit each other or themselves are refused, all of them at once."""

import shutil
from pathlib import Path

import pytest

from witnessmark.content import fields, root, scenarios
from witnessmark.errors import ContentError, UsageError

ONE = "p11-quarantined-download"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(root() / "scenarios" / "drop-exec" / ONE, tmp_path / "drop-exec" / ONE)
    return tmp_path


def edit(folder: Path, *changes: tuple[str, str]) -> None:
    file = folder / "drop-exec" / ONE / "scenario.yaml"
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def problems(folder: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        scenarios.load_all(folder)
    return list(caught.value.problems)


def twin(folder: Path) -> str:
    text = (folder / "drop-exec" / ONE / "scenario.yaml").read_text("utf-8")
    return next(line for line in text.splitlines() if line.startswith("twin:"))


def test_a_folder_without_scenarios_is_no_catalogue(tmp_path: Path) -> None:
    assert problems(tmp_path) == [f"{tmp_path}: no <family>/<name>/scenario.yaml found here"]


def test_a_twin_must_exist(folder: Path) -> None:
    name = twin(folder).removeprefix("twin: ")
    assert problems(folder) == [f"scenario {ONE}: twin {name} does not exist"]
    edit(folder, (twin(folder), ""))
    assert [item.id for item in scenarios.load_all(folder)] == [ONE]


def test_an_id_is_used_once(folder: Path) -> None:
    edit(folder, (twin(folder), ""), ("family: drop-exec", "family: other"))
    other = folder / "other" / ONE
    shutil.move(folder / "drop-exec" / ONE, other)
    again = shutil.copytree(other, folder / "drop-exec" / ONE)
    text = (other / "scenario.yaml").read_text("utf-8")
    (again / "scenario.yaml").write_text(text.replace("family: other", "family: drop-exec"))
    assert problems(folder) == [f"{other / 'scenario.yaml'}: id {ONE} is used by another scenario"]


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ("{Big: [a]}", "'Big' is not a plain lower-case name"),
        ("{home: [a]}", "'home' is a variable of the suite's own"),
        ("{way: []}", "give at least one value"),
        ("{way: [a, b, a]}", "'a' is given more than once"),
        ("{way: [A]}", "'A' may hold only a-z, 0-9 and _"),
    ],
)
def test_an_axis_is_named_and_valued_plainly(folder: Path, axes: str, said: str) -> None:
    edit(folder, (twin(folder), ""), ("axes:\n  directory: [downloads, caches]", f"axes: {axes}"))
    (problem,) = problems(folder)
    assert said in problem


def test_a_field_that_no_record_has_is_refused(folder: Path) -> None:
    text = (folder / "drop-exec" / ONE / "scenario.yaml").read_text("utf-8")
    at = text.index("fields: [") + len("fields: [")
    (folder / "drop-exec" / ONE / "scenario.yaml").write_text(
        f"{text[:at]}no.such, {text[at:]}".replace(twin(folder), ""), "utf-8"
    )
    (problem,) = problems(folder)
    assert problem.endswith("the event model has no field 'no.such'")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("path", True),
        ("target.parent.pid", True),
        ("process.token.pidversion", True),
        ("args", True),
        ("target.nothing", False),
        ("args.first", False),
        ("file.path.more", False),
        ("", False),
    ],
)
def test_a_dotted_name_leads_to_a_field_or_nowhere(name: str, known: bool) -> None:
    assert fields.known(name) is known


def test_scenarios_are_chosen_by_id_or_its_short_form_once_each() -> None:
    every = scenarios.load_all()
    assert [item.id for item in scenarios.select(every, ["p11", ONE])] == [ONE]
    ordinary = scenarios.select(every, [])
    assert {item.id for item in every} - {item.id for item in ordinary} == {
        item.id for item in every if item.family == "controls"
    }
    with pytest.raises(UsageError, match=rf"no scenario is called 'p999'; there are: .*{ONE}"):
        scenarios.select(every, ["p999"])
