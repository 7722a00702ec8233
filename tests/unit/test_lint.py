"""Lint tells every problem at once, each with its place, and nothing of good content."""

import shutil
from pathlib import Path

import pytest

from witnessmark import lint as lint_module
from witnessmark.content import root, scenarios
from witnessmark.errors import ContentError
from witnessmark.lint import lint


def test_what_ships_has_no_problem() -> None:
    assert lint([]) == ()


def said(*paths: Path, inventories: tuple[Path, ...] = ()) -> list[str]:
    return [str(item) for item in lint(paths, inventories)]


def broken(folder: Path) -> Path:
    """A copy of a shipped scenario with one fault in each of its parts."""
    family = folder / "scenarios" / "drop-exec" / "p11-quarantined-download"
    family.mkdir(parents=True)
    shipped = root() / "scenarios/drop-exec/p11-quarantined-download"
    text = (shipped / "scenario.yaml").read_text("utf-8")
    assert "timeout: 30s" in text
    assert "twin:" in text
    text = text.replace("timeout: 30s", "timeout: soon").replace("event: [close]", "event: [shut]")
    (family / "scenario.yaml").write_text(text, "utf-8")
    (family / "run.sh").write_text("if true; then\n", "utf-8")
    return family


def test_every_problem_of_a_folder_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    family = broken(tmp_path)
    for name in ("faults", "retention", "workflows"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.yaml").write_text("id: y\ncolour: red\n")
    (tmp_path / "analytic.yaml").write_text("analytic: x\n")
    found = said(tmp_path / "scenarios", tmp_path)
    text = (family / "scenario.yaml").read_text("utf-8").splitlines()
    line = next(number for number, item in enumerate(text, 1) if item.startswith("timeout"))
    assert any(item.startswith(f"{family / 'scenario.yaml'}:{line}: timeout: ") for item in found)
    assert any("unknown event kind 'shut'" in item for item in found)
    assert any(
        item.startswith(f"{family / 'run.sh'}") and "cannot read it" in item for item in found
    )
    for name in ("faults", "retention", "workflows"):
        assert f"{tmp_path / name / 'x.yaml'}:2: colour: unknown key" in found
        assert f"{tmp_path / name / 'x.yaml'}:1: id y must be the file's name, x" in found
    assert any(item.startswith(f"{tmp_path / 'analytic.yaml'}:") for item in found)


def test_a_single_scenario_and_a_script_can_be_named(tmp_path: Path) -> None:
    family = broken(tmp_path)
    assert any("timeout" in item for item in said(family / "scenario.yaml"))
    assert all("run.sh" in item for item in said(family / "run.sh"))


@pytest.mark.parametrize("name", ["nowhere.yaml", "other.txt"])
def test_what_lint_cannot_judge_is_said_and_never_good(name: str, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("x")
    (item,) = said(tmp_path / name)
    assert str(tmp_path / name) in item


def test_an_inventory_s_problems_are_told_with_the_rest(tmp_path: Path) -> None:
    lab = tmp_path / "lab.yaml"
    lab.write_text("all:\n  hosts:\n    mac1:\n      witnessmark_lab: maybe\n")
    found = said(root() / "analytics", inventories=(lab,))
    assert any("lab.yaml:4" in item and "witnessmark_lab" in item for item in found)


def test_content_that_is_no_yaml_is_told_once(tmp_path: Path) -> None:
    for name in ("faults", "retention", "workflows"):
        (tmp_path / name).mkdir()
        file = tmp_path / name / "x.yaml"
        file.write_text("id: [\n")
        (item,) = said(file)
        assert item.startswith(f"{file}:2: ")


def test_an_id_that_is_none_is_a_problem_of_its_own_and_no_wrong_name(tmp_path: Path) -> None:
    (tmp_path / "faults").mkdir()
    file = tmp_path / "faults" / "x.yaml"
    file.write_text("- a\n")
    assert not any("must be the file's name" in item for item in said(file))
    assert said(file)


def test_a_retention_profile_says_how_long(tmp_path: Path) -> None:
    (tmp_path / "retention").mkdir()
    file = tmp_path / "retention" / "x.yaml"
    file.write_text("id: x\ntitle: t\nrequired: long\nwhy: w\n")
    (item,) = said(file)
    assert item.startswith(f"{file}: required: ")
    file.write_text("id: x\ntitle: t\nrequired: 30d\nwhy: w\n")
    assert said(file) == []


def test_a_shell_that_this_machine_lacks_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "x.sh"
    script.write_text("if true; then\n")
    monkeypatch.setattr(lint_module, "SHELLS", ("no-such-shell", "sh"))
    (item,) = said(script)
    assert ": sh cannot read it: " in item


def test_a_problem_without_a_place_is_told_all_the_same(tmp_path: Path) -> None:
    (item,) = lint([root() / "analytics"], [tmp_path / "nowhere.yaml"])
    assert (item.line, str(tmp_path / "nowhere.yaml") in str(item)) == (0, True)


def misspelt(folder: Path, old: str, new: str) -> tuple[Path, int]:
    """A copy of a shipped scenario whose script says ``new`` for ``old``, and the line of that."""
    own = folder / "scenarios/drop-exec/p13-fetched-and-stripped"
    shutil.copytree(root() / "scenarios/drop-exec/p13-fetched-and-stripped", own)
    text = (own / "run.sh").read_text("utf-8")
    assert old in text
    text = text.replace(old, new)
    (own / "run.sh").write_text(text, "utf-8")
    return own / "run.sh", 1 + text[: text.index(new)].count("\n")


@pytest.mark.parametrize(
    ("old", "new", "name", "meant"),
    [
        ("wm_strip ", "wm_stripp ", "wm_stripp", "wm_strip"),
        ("wm_need curl", "[ -x / ] || wm_neeed curl", "wm_neeed", "wm_need"),
        ("wm_need curl", ": && \\\n  wm_neeed curl", None, "wm_need"),
        ('"$(wm_url "$wm_away/', '"$(wm_urll "$wm_away/', "wm_urll", "wm_url"),
        ("wm_folder\n", "case x in *) wm_foldr ;; esac\n", "wm_foldr", "wm_folder"),
        ("wm_folder\n", "if :; then wm_foldr; fi\n", "wm_foldr", "wm_folder"),
    ],
)
def test_a_misspelt_step_is_told_with_the_one_that_was_meant(
    old: str, new: str, name: str | None, meant: str, tmp_path: Path
) -> None:
    file, line = misspelt(tmp_path, old, new)
    line, name = (line, name) if name else (line + 1, "wm_neeed")
    told = f"{file}:{line}: no step {name}; did you mean {meant}?"
    assert told in said(tmp_path / "scenarios")
    assert said(file) == [told]
    with pytest.raises(ContentError) as caught:
        scenarios.load_all(tmp_path / "scenarios")
    assert told in caught.value.problems


def test_what_is_no_call_of_a_step_is_none(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text(
        "# wm_stripp: a word of a comment\nwm_x=1 # ; wm_y\n"
        "printf '%s' \"$wm_x ${wm_x}\" $((wm_x + 1))\n"
        "for wm_z in a; do read -r wm_line; done\nwm_mine() {\n  :\n}\nwm_mine\n: \\\n  wm_word\n"
    )
    assert said(tmp_path / "run.sh") == []


def test_a_file_of_the_library_is_held_against_its_own_library(tmp_path: Path) -> None:
    lib = tmp_path / "scenarios/lib"
    shutil.copytree(root() / "scenarios/lib", lib)
    text = (lib / "files.sh").read_text("utf-8")
    (lib / "files.sh").write_text(text + "\nwm_more() {\n  wm_insid x\n}\n")
    line = text.count("\n") + 3
    told = f"{lib / 'files.sh'}:{line}: no step wm_insid; did you mean wm_inside?"
    assert said(tmp_path / "scenarios") == [told]


def test_a_file_whose_name_breaks_a_line_is_told_whole_and_never_good(tmp_path: Path) -> None:
    file = tmp_path / "a\nb.txt"
    file.write_text("x")
    (item,) = lint([file])
    assert (item.file, item.line) == ("-", 0)
    assert item.what.startswith(f"{file}: is no content that lint knows")


def test_an_inventory_that_this_machine_could_not_read_is_a_problem_of_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, child = tmp_path / "lab.yaml", tmp_path / "child.py"
    lab.write_text("all:\n  hosts:\n    mac1:\n")
    child.write_text("raise SystemExit('no room')\n")
    monkeypatch.setattr("witnessmark.ansible._CHILD", child)
    (item,) = lint([root() / "analytics"], [lab])
    assert (item.file, item.line) == ("-", 0)
    assert item.what == "ansible-runner failed on this machine: no room"
