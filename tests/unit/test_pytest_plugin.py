"""A bag as tests, in real pytest processes: selected, rerun, shared out, written down, refused."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from witnessmark.bag.manifest import seal

CALLED = re.compile(r"(?m)^(PASSED|FAILED|ERROR|SKIPPED) (?:\[1\] )?(\S+)")


def run(folder: Path, *args: str, bag: str | None = "bag") -> subprocess.CompletedProcess[str]:
    named = ["--witnessmark-bag", bag] if bag else []
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", ".", "-p", "no:randomly", *named, *args],
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": "", "COLUMNS": "400", "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {name: word for word, name in CALLED.findall(done.stdout)}


def totals(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    return {word.rstrip("s"): int(n) for n, word in re.findall(r"(\d+) ([a-z]+)", last(done))}


def last(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.rstrip().splitlines()[-1]


def change(folder: Path, **replaced: str) -> None:
    """Write the bag's record anew with every one of some words replaced, and seal it again."""
    path = folder / "bag/data/run.json"
    text = path.read_text("utf-8")
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    seal(folder / "bag", {})


def test_pass_fail_could_not_look_and_skip_each_have_their_outcome(run_folder: Path) -> None:
    done = run(run_folder, "-rA")
    assert done.returncode == 1
    told = outcomes(done)
    assert told["witnessmark::acted@x01-watched:example"] == "PASSED"
    assert told["witnessmark::acted@x02-broken:example"] == "FAILED"
    assert told["witnessmark::recorded_exec@x01-watched:example"] == "ERROR"
    assert "was not collected" in done.stdout
    assert "example has no zsh" in done.stdout
    assert "Traceback" not in done.stdout
    count = totals(done)
    assert count["passed"] > 0
    assert count["failed"] == 1
    assert count["error"] > 0
    assert count["skipped"] > 0


def test_one_item_per_validator_and_case(run_folder: Path) -> None:
    from witnessmark.pipeline import look

    verdicts = look(run_folder)
    wanted = {
        f"witnessmark::{found.validator}@{case.id}"
        for case in verdicts.cases
        for found in case.findings
    }
    listed = run(run_folder, "--collect-only", "-q").stdout.splitlines()
    assert {line for line in listed if "::" in line} == wanted


def test_marks_and_words_select(run_folder: Path) -> None:
    by_mark = run(run_folder, "-m", "acted", "--collect-only", "-q").stdout
    assert len(re.findall(r"(?m)^witnessmark::acted@", by_mark)) == 3
    assert "recorded" not in by_mark.split("3/")[0]
    by_word = run(run_folder, "-k", "x02 and cleaned", "--collect-only", "-q").stdout
    assert re.findall(r"(?m)^witnessmark::(\S+)", by_word) == ["cleaned@x02-broken:example"]
    assert "acted: findings about the link" in run(run_folder, "--markers").stdout


def test_last_failed_runs_those_again_and_no_others(run_folder: Path) -> None:
    first = run(run_folder, "-rA")
    bad = {name for name, word in outcomes(first).items() if word in ("FAILED", "ERROR")}
    again = run(run_folder, "-rA", "--lf")
    assert set(outcomes(again)) == bad
    change(run_folder, **{"20261124t042002z-1f0c9a": "20261125t042002z-2f0c9b"})
    other_run = run(run_folder, "-rA", "--lf")
    assert set(outcomes(other_run)) == bad, "node ids must not change from run to run"


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is missing")
def test_workers_share_the_items_and_tell_the_same(run_folder: Path) -> None:
    (run_folder / "test_other.py").write_text("def test_other(): raise AssertionError\n")
    alone, shared = run(run_folder, "-rA"), run(run_folder, "-rA", "-n", "2")
    assert shared.returncode == 1
    assert outcomes(shared) == outcomes(alone)
    assert "test_other" not in shared.stdout


def test_junitxml_keeps_errors_apart_from_failures(run_folder: Path) -> None:
    run(run_folder, "--junitxml", "out.xml")
    suite = ET.parse(run_folder / "out.xml").getroot().find("testsuite")
    assert suite is not None
    assert suite.get("failures") == "1"
    assert int(suite.get("errors") or 0) > 0
    (failed,) = [item for item in suite if item.find("failure") is not None]
    assert failed.get("name") == "acted@x02-broken:example"
    properties = {item.get("name"): item.get("value") for item in failed.iter("property")}
    assert properties == {"verdict": "not executed"}


def test_a_path_runs_its_tests_beside_the_bag(run_folder: Path) -> None:
    (run_folder / "test_own.py").write_text("def test_own(): pass\n")
    assert "test_own" not in run(run_folder, "-rA").stdout
    assert outcomes(run(run_folder, "-rA", "test_own.py"))["test_own.py::test_own"] == "PASSED"
    assert "witnessmark" not in outcomes(run(run_folder, "-rA", "test_own.py", bag=None))


def test_two_bags_are_told_apart(run_folder: Path) -> None:
    done = run(run_folder, "--witnessmark-bag", ".", "-rA", "-m", "acted")
    names = outcomes(done)
    assert names["witnessmark::acted@x02-broken:example"] == "FAILED"
    assert names["witnessmark-2::acted@x02-broken:example"] == "FAILED"


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_no_bag_is_one_usage_error(workers: tuple[str, ...], tmp_path: Path) -> None:
    if workers and importlib.util.find_spec("xdist") is None:
        pytest.skip("pytest-xdist is missing")
    done = run(tmp_path, *workers, bag="no/such\x1b[31m")
    assert done.returncode == 4
    said = [line for line in done.stderr.splitlines() if line]
    assert said == [
        "ERROR: no/such\\x1b[31m: no evidence bag here; name a run folder such as reports/latest"
    ]
    assert done.stdout == ""


def test_an_altered_bag_is_one_usage_error(run_folder: Path) -> None:
    with (run_folder / "bag/data/run.json").open("a") as file:
        file.write(" ")
    done = run(run_folder)
    assert done.returncode == 4
    assert done.stderr.count("ERROR: ") == 1
    assert "run.json was altered" in done.stderr


def test_a_bag_in_which_nothing_was_acted_is_refused(run_folder: Path) -> None:
    path = run_folder / "bag/data/run.json"
    record = json.loads(path.read_text("utf-8"))
    for act in record["acts"]:
        act.update(phases=[], witnesses=[], skipped="no zsh")
    path.write_text(json.dumps(record))
    seal(run_folder / "bag", {})
    done = run(run_folder)
    assert done.returncode == 4
    assert "nothing to test" in done.stderr


def test_hostile_names_and_messages_stay_inert(run_folder: Path) -> None:
    change(
        run_folder,
        **{"x02-broken:example": "x02[a]::b:example", "example has no zsh": "\\u001b[31m::error::"},
    )
    done = run(run_folder, "-rA", "--color=no")
    assert "\x1b" not in done.stdout
    assert "\\x1b[31m::error::" in done.stdout
    bad = {name for name, word in outcomes(done).items() if word in ("FAILED", "ERROR")}
    assert "witnessmark::acted@x02%5Ba%5D:%3Ab:example" in bad
    assert set(outcomes(run(run_folder, "-rA", "--lf", "--color=no"))) == bad


def test_without_a_bag_the_plugin_imports_nothing_of_ours(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        "import sys\n"
        "def test_a():\n"
        "    ours = [name for name in sys.modules if name.startswith('witnessmark.')]\n"
        "    assert ours == ['witnessmark.pytest_plugin']\n"
    )
    assert run(tmp_path, bag=None).returncode == 0


def test_a_bag_of_which_nothing_was_assessed_is_never_green(run_folder: Path) -> None:
    path = run_folder / "bag/data/run.json"
    record = json.loads(path.read_text("utf-8"))
    record["plan"]["hosts"][0]["sources"] = []
    record["plan"]["cases"] = [x for x in record["plan"]["cases"] if "x02" not in x["id"]]
    record["acts"] = [x for x in record["acts"] if "x02" not in x["case_id"]]
    path.write_text(json.dumps(record), "utf-8")
    seal(run_folder / "bag", {})
    done = run(run_folder, "-rA")
    told = outcomes(done)
    assert told.pop("witnessmark::assessed") == "ERROR"
    assert set(told.values()) == {"PASSED", "SKIPPED"}
    assert "no case was assessed" in done.stdout
    assert done.returncode == 1
