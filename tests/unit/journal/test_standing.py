"""How a run stands is asked without touching it; ``latest`` is not always the newest run."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from witnessmark.errors import BagError
from witnessmark.journal.standing import Standing, newer, open_run, standing

OLD, NEW = "20261124t042002z-1f0c9a", "20261125t042002z-1f0c9a"


def journal(folder: Path, *entries: str, **more: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "journal.jsonl"
    lines = [json.dumps({"entry": entry, **more}) + "\n" for entry in entries]
    file.write_text("".join(lines) + '{"entry": "jud')
    return file


@pytest.mark.parametrize(
    ("entries", "how"),
    [
        ((), Standing.UNTOUCHED),
        (("begun",), Standing.UNFINISHED),
        (("begun", "sealed"), Standing.UNFINISHED),
        (("begun", "sealed", "judged"), Standing.JUDGED),
        (("begun", "reverted"), Standing.REVERTED),
    ],
)
def test_the_last_whole_entry_says_how_a_run_stands(
    entries: tuple[str, ...], how: Standing, tmp_path: Path
) -> None:
    file = journal(tmp_path, *entries)
    before = file.read_bytes()
    assert standing(tmp_path) is how
    assert file.read_bytes() == before


def test_without_a_journal_nothing_is_known_and_nonsense_is_not_over(tmp_path: Path) -> None:
    assert standing(tmp_path) is None
    for text in (b"\xff\n", b"[]\n", b"{}\n"):
        (tmp_path / "journal.jsonl").write_bytes(text)
        assert standing(tmp_path) is Standing.UNFINISHED


def test_a_run_that_a_controller_holds_is_going_on(tmp_path: Path) -> None:
    file = journal(tmp_path / NEW, "begun")
    (tmp_path / OLD / "bag").mkdir(parents=True)
    (tmp_path / "latest").symlink_to(OLD)
    fd = os.open(file, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        assert standing(tmp_path / NEW) is Standing.GOING_ON
        assert str(newer(tmp_path / "latest")).endswith(f"{NEW} is newer and still going on")
        with pytest.raises(BagError, match="still going on"):
            open_run(tmp_path / NEW)
    finally:
        os.close(fd)
    assert standing(tmp_path / NEW) is Standing.UNFINISHED


def test_a_newer_unfinished_run_is_named_and_nothing_else_is(tmp_path: Path) -> None:
    latest = tmp_path / "latest"
    journal(tmp_path / OLD, "begun", "judged")
    assert newer(latest) is None
    journal(tmp_path / NEW, "begun")
    assert newer(latest) == (
        f"no {latest} yet; {NEW} is newer and unfinished: finish it with `witnessmark resume {NEW}`"
    )
    latest.symlink_to(OLD)
    assert newer(latest) == (
        f"{latest} is {OLD}; {NEW} is newer and unfinished: finish it with "
        f"`witnessmark resume {NEW}`"
    )
    assert newer(tmp_path / OLD) is None
    for last in ("judged", "reverted"):
        journal(tmp_path / NEW, "begun", last)
        assert newer(latest) is None


@pytest.mark.parametrize("inside", ["", "bag"])
def test_why_there_is_no_sealed_bag(inside: str, tmp_path: Path) -> None:
    run = tmp_path / NEW
    (run / "bag").mkdir(parents=True)

    def said() -> str:
        with pytest.raises(BagError) as caught:
            open_run(run / inside)
        return str(caught.value)

    assert "no evidence bag here; name a run folder" in said()
    journal(run, "begun")
    assert said().endswith(f"sealed yet: finish it with `witnessmark resume {NEW}`")
    journal(run, "begun", "reverted", why="it was interrupted")
    assert "this run was interrupted and reverted; its bag was never sealed" in said()
    journal(run, "begun", "reverted", why="as asked")
    assert "interrupted and reverted (as asked); its bag was never sealed" in said()
    journal(run)
    assert said().endswith("no evidence bag here: it ended before it touched any host")


def test_judge_report_and_explain_say_so_on_stderr(run_folder: Path) -> None:
    reports = run_folder.parent
    (reports / "latest").symlink_to(run_folder.name)
    for command in (["judge"], ["report", "--format", "json"], ["explain", "x01-watched"]):
        latest = str(reports / "latest")
        argv = [sys.executable, "-m", "witnessmark", command[0], latest, *command[1:]]
        quiet = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert quiet.stderr == ""
        journal(reports / NEW, "begun")
        told = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert told.stdout == quiet.stdout
        assert told.returncode == quiet.returncode
        assert told.stderr.splitlines() == [
            f"witnessmark: {latest} is {run_folder.name}; {NEW} is newer and unfinished: finish it "
            f"with `witnessmark resume {NEW}`"
        ]
        (reports / NEW / "journal.jsonl").unlink()
