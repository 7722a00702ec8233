"""Documented workflows are loaded with all their problems at once, and never by a path alone."""

from datetime import date
from pathlib import Path

import pytest

from witnessmark.content import workflows
from witnessmark.errors import ContentError, UsageError

GOOD = """\
id: {id}
owner: o
reason: r
subject: script
match: {{path: ~/Downloads/x, sha256: "{digest}"}}
branch: B
first_seen: 2026-01-01
review_by: 2026-06-01
expires: 2027-01-01
evidence: e
"""


def entry(folder: Path, name: str, more: str = "", **changes: str) -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(GOOD.format(**{"id": name, "digest": "ab" * 32, **changes}) + more, "utf-8")
    return file


def test_every_shipped_entry_loads_and_the_examples_are_disabled() -> None:
    found = workflows.load_all()
    assert [item.id for item in found] == sorted(item.id for item in found)
    assert {item.id for item in found if item.enabled} == {"developer-configure", "lab-mdm-agent"}
    assert all(item.placeholders for item in found if not item.enabled)


def test_an_entry_is_read_as_it_stands(tmp_path: Path) -> None:
    (found,) = workflows.load_files([entry(tmp_path, "one")])
    assert (found.id, found.subject, found.enabled) == ("one", "script", True)
    assert (found.match.path, found.match.sha256) == ("~/Downloads/x", "ab" * 32)
    assert (found.first_seen, found.expires) == (date(2026, 1, 1), date(2027, 1, 1))


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    entry(tmp_path, "named", id="other")
    entry(tmp_path, "extra", more="surprise: 1\n")
    (tmp_path / "path-only.yaml").write_text(
        GOOD.format(id="path-only", digest="x").replace(', sha256: "x"', ""), "utf-8"
    )
    entry(tmp_path, "waiting", more="placeholders: [match.sha256]\n")
    entry(tmp_path, "good")
    with pytest.raises(ContentError) as caught:
        workflows.load_files(tmp_path.glob("*.yaml"))
    said = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 4, said
    for words in (
        "named.yaml:1: id other must be its file's name, named",
        "surprise",
        "a path alone can be forged",
        "placeholders must be filled in",
    ):
        assert words in said


def test_given_entries_come_from_files_and_folders_without_the_disabled(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    entry(folder, "two")
    entry(folder, "idle", more="enabled: false\n")
    (folder / "notes.txt").write_text("no workflow")
    found = workflows.given([entry(tmp_path, "one"), folder])
    assert sorted(item.id for item in found) == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "said"), [("gone", "no such file or folder"), (".", "no workflow")]
)
def test_a_path_without_an_entry_is_said_so(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        workflows.given([tmp_path / name])
