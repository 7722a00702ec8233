"""``witnessmark explain``: what it prints, what it refuses, and what a shell may complete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from witnessmark.cli import cli
from witnessmark.errors import WitnessmarkError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ESCAPE = "/Users/kim/Downloads/\x1b[2J\u202e\n##[error]x.sh"


def explain(*args: str) -> Result:
    return CliRunner().invoke(cli, ["explain", *args], standalone_mode=False)


def refused(*args: str) -> str:
    result = explain(*args)
    assert isinstance(result.exception, WitnessmarkError), result
    assert result.exception.exit_code == 2
    assert result.stdout == ""
    return str(result.exception)


@pytest.fixture
def events(tmp_path: Path, drop_and_run: Callable[..., bytes]) -> Path:
    file = tmp_path / "mac.ndjson"
    file.write_bytes(drop_and_run())
    return file


def test_an_exec_is_explained_rule_by_rule(events: Path) -> None:
    told = explain("--events", str(events), "1").stdout
    for line in (
        "record mac/eslogger/2 (seq 1), 2026-10-04T00:00:07.000000001Z",
        "branch A: silent",
        "  A1       stops    no browser is among its spawn-time ancestors or responsible for it",
        "branch B: fired, severity high, by B1, B3, B5",
        "  B5       holds    2 s <= 600 s",
    ):
        assert line in told.splitlines(), told


def test_a_drop_is_explained_by_its_history(events: Path) -> None:
    told = explain("--events", str(events), "mac/eslogger/1").stdout
    assert "  B1       holds    the close establishes content: a drop" in told.splitlines()
    assert "    +2.000 s  seq 1  exec /bin/sh -> /Users/kim/Downloads/x.sh (pid 500)" in told


def test_a_near_miss_says_by_how_much(events: Path, tmp_path: Path) -> None:
    override = tmp_path / "short.yaml"
    override.write_text("drop_exec_window: 1s\nhigh_severity_within: 1s\n")
    told = explain("--events", str(events), "1", "--params", str(override)).stdout
    assert "branch B: silent" in told
    assert "  B5       stops    2 s > 1 s" in told.splitlines()


def test_telemetry_is_explained_with_what_detect_would_be_told(
    tmp_path: Path, drop_and_run: Callable[..., bytes]
) -> None:
    file = tmp_path / "mac.ndjson"
    lines = drop_and_run().replace(b'{"pid": 1, "pidversion": 1', b'{"pid": 77, "pidversion": 1')
    file.write_bytes(lines.replace(b'"original_ppid": 1,', b'"original_ppid": 77,'))
    told = explain("--events", str(file), "1").stdout
    assert "  A7       unknown  parent unknown" in told.splitlines()
    listing = tmp_path / "ps.txt"
    listing.write_text("77 1 /Applications/Firefox.app/Contents/MacOS/firefox\n")
    told = explain("--events", str(file), "1", "--processes", str(listing)).stdout
    assert "branch A: fired, severity high, by A1, A4" in told.splitlines()
    assert "    /Applications/Firefox.app/Contents/MacOS/firefox (pid 77)" in told.splitlines()
    assert "no such file or folder" in refused(
        "--events", str(file), "1", "--workflows", str(tmp_path / "none")
    )
    assert "--processes does not go with a bag" in refused("x", "p11", "--processes", str(listing))


def test_json_tells_the_same(events: Path) -> None:
    (item,) = json.loads(explain("--events", str(events), "1", "--format", "json").stdout)
    assert item["id"] == "mac/eslogger/2"
    assert item["branches"]["B"]["answer"] == "fired"
    assert {"rule": "B5", "holds": True, "text": "2 s <= 600 s"} in item["branches"]["B"]["steps"]
    assert item["branches"]["A"]["answer"] == "silent"
    assert item["history"][0]["kind"] == "close"
    assert item["lineage"]["processes"][0]["pid"] == 500


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_text_stays_inert(
    tmp_path: Path, drop_and_run: Callable[..., bytes], form: str
) -> None:
    file = tmp_path / "mac.ndjson"
    file.write_bytes(drop_and_run(ESCAPE))
    told = explain("--events", str(file), "1", "--format", form).stdout
    assert "Downloads/" in told
    assert told.replace("\n", "").isprintable()
    assert form == "json" or "##[" not in told
    assert not any(line.startswith("##[") for line in told.splitlines())


def test_what_cannot_be_explained_is_refused(events: Path, tmp_path: Path) -> None:
    assert "no record is 7" in refused("--events", str(events), "7")
    assert "'abc' names no record: give its number" in refused("--events", str(events), "abc")
    assert "No such file" in refused("--events", str(tmp_path / "no"), "1")
    assert "name a BAG and a CASE or SEQ" in refused("--events", str(events))
    assert "name a BAG and a CASE or SEQ" in refused("reports/latest")
    assert "--host does not go with --events" in refused(
        "--events", str(events), "1", "--host", "x"
    )
    assert "no evidence bag here" in refused(str(tmp_path), "p11")


def test_a_hole_in_the_numbers_is_told(tmp_path: Path, drop_and_run: Callable[..., bytes]) -> None:
    first, second, *_ = drop_and_run().splitlines(keepends=True)
    file = tmp_path / "mac.ndjson"
    file.write_bytes(first + second.replace(b'"global_seq_num": 1', b'"global_seq_num": 9'))
    assert refused("--events", str(file), "5") == (
        "no record is 5 (8 records are missing before line 2); the numbers here are 0 to 9: "
        "each record's own global_seq_num, not its line"
    )


def test_a_number_that_two_records_have_asks_for_the_id(
    tmp_path: Path, drop_and_run: Callable[..., bytes]
) -> None:
    first, second, *_ = drop_and_run().splitlines(keepends=True)
    file = tmp_path / "mac.ndjson"
    file.write_bytes(first + second.replace(b'"global_seq_num": 1', b'"global_seq_num": 0'))
    assert refused("--events", str(file), "0") == (
        "more than one record is 0; name one of mac/eslogger/1, mac/eslogger/2"
    )


def test_a_case_without_evidence_says_so(run_folder: Path) -> None:
    told = explain(str(run_folder), "x03").stdout
    assert told.splitlines()[0] == "x03-absent:example on eslogger: not applicable"
    assert "  acted skip: example has no zsh" in told.splitlines()
    told = explain(str(run_folder), "x01").stdout
    assert "x01-watched:example on eslogger: inconclusive" in told
    assert "  missing: silence proves nothing here: source eslogger was not collected" in told
    assert "example has no zsh" not in told


def test_a_case_is_named_by_a_beginning_of_its_own(run_folder: Path) -> None:
    assert "more than one case begins with 'x0': x01-watched:example, " in refused(
        str(run_folder), "x0"
    )
    assert (
        "no case begins with 'x02-borken'; this bag has 3 cases, such as x02-broken:example"
        in refused(str(run_folder), "x02-borken")
    )
    assert "nothing was collected" in refused(str(run_folder), "12")
    assert "no such host and source in this bag; there are: example/eslogger" in refused(
        str(run_folder), "12", "--host", "other"
    )
    assert "--host does not go with a CASE" in refused(str(run_folder), "x01", "--host", "example")


def completed(args: list[str], incomplete: str) -> list[str]:
    found = ShellComplete(cli, {}, "witnessmark", "_X").get_completions(args, incomplete)
    return [item.value for item in found if item.type == "plain"]


@pytest.mark.parametrize("command", ["run", "plan", "demo"])
def test_scenarios_are_completed(command: str) -> None:
    assert completed([command, "-s"], "p11") == ["p11-quarantined-download"]
    assert "c01-drop-pulse" not in completed([command, "-s"], "")
    assert completed([command, "--scenario"], "zz") == []


def test_cases_of_the_named_bag_are_completed(run_folder: Path) -> None:
    assert completed(["explain", str(run_folder)], "x0") == [
        "x01-watched:example",
        "x02-broken:example",
        "x03-absent:example",
    ]
    assert completed(["explain", str(run_folder)], "x02") == ["x02-broken:example"]
    assert completed(["explain", str(run_folder / "bag")], "x02") == ["x02-broken:example"]
    (run_folder / "bag/data/run.json").write_text("{")
    assert completed(["explain", str(run_folder)], "x0") == []


def test_the_command_is_known() -> None:
    assert cli.get_command(click.Context(cli), "explain") is not None
