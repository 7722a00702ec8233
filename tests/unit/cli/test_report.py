"""``report``: every format from a bag, offline; and what a GitHub job is told."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from witnessmark.cli.report import FORMATS

BARE = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}


def call(*args: object, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "witnessmark", *map(str, args)],
        env={**BARE, **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_goes_to_stdout_or_to_a_file_alike(
    form: str, run_folder: Path, tmp_path: Path
) -> None:
    shown = call("report", run_folder, "--format", form)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "x01-watched" in shown.stdout
    file = tmp_path / "out"
    kept = call("report", run_folder, "--format", form, "-o", file)
    assert kept.returncode == 0, kept.stderr
    assert kept.stdout + file.read_text("utf-8") == shown.stdout
    assert (kept.stdout == "") == (form != "github")


def test_what_comes_out_is_what_its_reader_expects(run_folder: Path) -> None:
    found = json.loads(call("report", run_folder, "--format", "json").stdout)
    assert [case["verdict"] for case in found["cases"]] == [
        "inconclusive", "not executed", "not applicable",
    ]  # fmt: skip
    assert found["cases"][0]["timeline"][1]["kind"] == "attack"
    assert found["cases"][0]["timeline"][1]["until"] == "2027-01-15T08:00:07.000000000Z"
    ET.fromstring(call("report", run_folder, "--format", "junit").stdout)
    assert call("report", run_folder, "--format", "html").stdout.startswith("<!DOCTYPE html>")
    lines = call("report", run_folder, "--format", "github").stdout.splitlines()
    assert lines[0].startswith("::error file=scenarios/drop-exec/x01-example/scenario.yaml,title=")
    assert lines[2].startswith("### ")


def test_a_report_leaves_run_and_bag_as_they_were(run_folder: Path) -> None:
    before = sorted(run_folder.rglob("*"))
    assert call("report", run_folder, "--as-of", "2030-01-01", "--format", "json").returncode == 0
    assert sorted(run_folder.rglob("*")) == before
    assert call("judge", run_folder).returncode == 1
    assert (run_folder / "ledger.jsonl").is_file()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--as-of", "2020-01-01"), "before the run's end"),
        (("-o", "bag/report.html"), "must stay as it was sealed"),
        (("-o", "bag/../bag/data/x"), "must stay as it was sealed"),
        (("-o", "no/such/folder/x", "--format", "html"), "cannot be written"),
        (("--format", "sarif"), "'sarif' is not one of"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    args: tuple[str, str], said: str, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run_folder)
    done = call("report", ".", *args)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bag_that_was_altered_gives_no_report(run_folder: Path) -> None:
    with (run_folder / "bag/data/run.json").open("a") as file:
        file.write(" ")
    done = call("report", run_folder, "--format", "html")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "run.json" in done.stderr


def test_judge_tells_a_github_job_and_keeps_stdout_clean(run_folder: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("what was there\n")
    job = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = call("judge", run_folder, "--format", "json", **job)
    assert done.returncode == 1
    json.loads(done.stdout)
    errors = [line for line in done.stderr.splitlines() if line.startswith("::error ")]
    assert len(errors) == 2
    assert summary.read_text("utf-8").startswith("what was there\n### \u274c witnessmark: ")


def test_a_full_summary_is_not_overfilled(run_folder: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * (1024 * 1024 - 8000))
    job = {"GITHUB_STEP_SUMMARY": str(summary)}
    assert call("report", run_folder, "--format", "github", **job).returncode == 0
    assert summary.stat().st_size <= 1024 * 1024


def test_a_summary_that_cannot_be_written_costs_no_verdict(run_folder: Path) -> None:
    done = call("judge", run_folder, GITHUB_STEP_SUMMARY="/no/such/folder/x")
    assert done.returncode == 1
    assert "no job summary" in done.stderr
    assert "not executed" in done.stdout


def test_outside_a_job_nothing_is_annotated(run_folder: Path) -> None:
    done = call("judge", run_folder)
    assert "::error" not in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_judge_and_report_write_nothing_through_what_lies_in_a_run_folder(
    kind: str, run_folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine\n")
    for name in ("ledger.jsonl", "report.html"):
        (run_folder / name).unlink(missing_ok=True)
        if kind == "link":
            (run_folder / name).symlink_to(outside)
        else:
            os.mkfifo(run_folder / name)
    judged = call("judge", run_folder)
    assert f"not noted in {run_folder / 'ledger.jsonl'} (it is a " in judged.stderr
    made = call("report", run_folder, "--format", "html", "-o", run_folder / "report.html")
    assert (made.returncode, made.stdout) == (2, "")
    assert "report.html: the report cannot be written: it is a " in made.stderr
    assert outside.read_text() == "mine\n"


def test_a_report_goes_through_a_link_that_the_user_names_elsewhere(run_folder: Path) -> None:
    made = call("report", run_folder, "-o", "/dev/stdout")
    assert made.returncode == 0
    assert "x01-watched" in made.stdout
