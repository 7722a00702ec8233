"""The whole chain, as its user runs it: a stand-in boots, acts, is judged, and is gone again."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from witnessmark.content import scenarios
from witnessmark.model.scenario import ExpectedAnswer, Scenario
from witnessmark.standin.launch import refusal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(180),
]

VERDICTS = {
    ExpectedAnswer.FIRES: "detected",
    ExpectedAnswer.SILENT: "silent as expected",
    ExpectedAnswer.SUPPRESSED: "suppressed as documented",
    ExpectedAnswer.GAP: "gap as documented",
}
CATALOGUE = scenarios.select(scenarios.load_all(), [])
P11 = "p11-quarantined-download"
N14 = "n14-run-after-window"
P07 = "p07-browser-runs-shell"


def witnessmark(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "witnessmark", *args],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


def verdicts(folder: Path) -> dict[str, dict[str, object]]:
    found = json.loads((folder / "reports/latest/verdicts.json").read_text("utf-8"))
    return {case["id"]: case for case in found["cases"]}


def command_lines() -> Iterator[bytes]:
    for item in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield item.read_bytes()


@pytest.fixture(scope="module")
def good(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Path, subprocess.CompletedProcess[str]]]:
    """One demo in a folder with a space, with a home and a temp folder of its own."""
    folder = tmp_path_factory.mktemp("a demo")
    home = folder / "home"
    home.mkdir()
    with tempfile.TemporaryDirectory(prefix="t ") as temp:
        done = witnessmark("demo", cwd=folder, HOME=str(home), TMPDIR=temp)
        assert list(Path(temp).iterdir()) == [], "something was left in the temp folder"
        yield folder, done
    assert list(home.iterdir()) == [], "something was left in the home"


def test_every_case_is_as_it_should_be(good: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = good
    assert done.returncode == 0, done.stdout + done.stderr
    cases = verdicts(folder)
    assert cases[f"{P11}.downloads:mac1"]["verdict"] == "detected"
    assert cases[f"{P11}.caches:mac1"]["verdict"] == "detected"
    assert cases[f"{P07}.sh:mac1"]["verdict"] == "detected"
    assert cases[f"{N14}:mac1"]["verdict"] == "silent as expected"
    # A stand-in cannot know signatures, so what a signed workflow suppresses is not assessed there.
    unassessed = {key for key, case in cases.items() if case["verdict"] == "not assessed"}
    assert unassessed <= {"n11-managed-by-an-agent:mac1"}
    assert all(case["ok"] for key, case in cases.items() if key not in unassessed)


def cases_of(scenario: Scenario) -> set[str]:
    """Every case that a scenario has on the demo's one host."""
    values = itertools.product(*scenario.axes.values())
    return {f"{scenario.id}.{'-'.join(each)}:mac1".replace(".:", ":") for each in values}


def surprises(cases: dict[str, dict[str, object]], catalogue: Sequence[Scenario]) -> set[str]:
    """Cases that are missing, too many, or whose verdict is another than their scenario expects."""
    expected = {key: item for item in catalogue for key in cases_of(item)}
    found = expected.keys() ^ cases.keys()
    for key, item in expected.items():
        if key in found:
            continue
        case = cases[key]
        unplayed = case["verdict"] == "not applicable" and case["links"]["acted"] == "skip"
        unknown = case["verdict"] == "not assessed" and bool(case["simulated"])
        if case["verdict"] != VERDICTS[item.expect.answer] and not unplayed and not unknown:
            found.add(key)
    return found


def test_every_case_of_the_catalogue_has_the_verdict_that_its_scenario_expects(
    good: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    cases = verdicts(good[0])
    assert surprises(cases, CATALOGUE) == set()
    for item in CATALOGUE:
        played = [key for key in cases_of(item) if cases[key]["verdict"] != "not applicable"]
        assert played or "macos" in item.needs, f"{item.id}: not one of its cases was played"


@pytest.mark.parametrize("item", CATALOGUE, ids=lambda item: item.id)
def test_a_verdict_that_its_scenario_does_not_expect_is_a_surprise(
    item: Scenario, good: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    cases = verdicts(good[0])
    played = {key for key in cases_of(item) if cases[key]["verdict"] in VERDICTS.values()}
    others = [each for each in CATALOGUE if each is not item]
    assert surprises(cases, others) == cases_of(item)
    for answer in set(VERDICTS) - {item.expect.answer}:
        wrong = replace(item, expect=replace(item.expect, answer=answer))
        assert surprises(cases, [*others, wrong]) == played


def test_every_link_was_really_judged(good: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    cases = verdicts(good[0])
    for case in cases.values():
        if case["verdict"] == "not applicable":
            continue
        assert case["links"] == {
            "acted": "pass",
            "recorded": "pass",
            "delivered": "pass",
            "detected": "skip" if case["verdict"] == "not assessed" else "pass",
            "retained": "pending",
            "cleaned": "pass",
        }
        assert case["first_broken_link"] is None
        recorded = [item for item in case["findings"] if item["link"] == "recorded"]
        assert all(item["evidence"] for item in recorded if item["status"] == "pass")
        assert {item["status"] for item in recorded} == {"pass", "skip"}


def test_evidence_names_real_lines_of_the_raw_telemetry(
    good: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder = good[0]
    raw = (folder / "reports/latest/bag/data/raw/mac1/eslogger.ndjson").read_bytes().splitlines()
    case = verdicts(folder)[f"{P11}.downloads:mac1"]
    (run,) = [item for item in case["findings"] if item["validator"] == "recorded_script"]
    host, source, line = run["evidence"][0].split("/")
    assert (host, source) == ("mac1", "eslogger")
    record = json.loads(raw[int(line) - 1])
    assert "/Downloads/witnessmark/" in record["event"]["exec"]["script"]["path"]


def test_no_machine_path_or_key_is_in_the_bag(
    good: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    for path in (good[0] / "reports/latest/bag").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"client_key" not in data, path
            assert b"PRIVATE KEY" not in data, path


def test_output_in_a_pipe_is_plain_and_names_everything(
    good: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    done = good[1]
    assert "\x1b" not in done.stdout + done.stderr
    for word in ("acted", "recorded", "first broken link", "silent as expected", "stand-in"):
        assert word in done.stdout
    assert "control of branch B fired before and after" in done.stdout


def test_the_bag_is_judged_again_offline_to_the_same_verdicts(
    good: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder = good[0]
    ledger = folder / "reports/latest/ledger.jsonl"
    before = len(ledger.read_text().splitlines())
    again = witnessmark("judge", "reports/latest", "--format", "json", cwd=folder)
    assert again.returncode == 0
    assert again.stdout == (folder / "reports/latest/verdicts.json").read_text("utf-8")
    assert len(ledger.read_text().splitlines()) == before + 1
    later = witnessmark("judge", "reports/latest", "--as-of", "2099-01-01", "--strict", cwd=folder)
    assert later.returncode == 4, "time that passes is no new look into the store"
    before_it = witnessmark("judge", "reports/latest", "--as-of", "2020-01-01", cwd=folder)
    assert before_it.returncode == 2
    strict = witnessmark("judge", "reports/latest", "--strict", cwd=folder)
    assert strict.returncode == 4


def test_the_bag_is_tests_for_pytest(good: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder = good[0]
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".",
            "--witnessmark-bag", "reports/latest", "-m", "recorded", "-k", "p11",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "8 passed, 6 skipped" in done.stdout, (
        "exec, script and one write each, and the scenario's; the other write, executable and log"
    )
    (folder / "test_other.py").write_text("def test_other(): raise AssertionError\n")
    every = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", ".", "--witnessmark-bag", "reports/latest"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert every.returncode == 0, "with a bag and no path, the bag alone is the suite"
    cases = verdicts(folder).values()
    items = sum(len({item["validator"] for item in case["findings"]}) for case in cases)
    assert f"collected {items} items" in every.stdout
    assert "retained" not in "".join(
        line for line in every.stdout.splitlines() if " PASSED" in line
    )
    (folder / "test_other.py").unlink()


def test_one_dropped_record_is_named_and_nothing_else_changes(tmp_path: Path) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    chosen = ("-s", "p11", "-s", "p07")
    done = witnessmark(
        "demo", "--fault", "drop-payload-exec", *chosen, cwd=tmp_path, TMPDIR=str(temp)
    )
    assert done.returncode == 1, done.stdout + done.stderr
    cases = verdicts(tmp_path)
    broken = cases.pop(f"{P11}.downloads:mac1")
    assert broken["verdict"] == "blind (not recorded)"
    assert broken["first_broken_link"] == "recorded"
    assert broken["ok"] is False
    assert broken["links"]["acted"] == "pass"
    assert all(case["ok"] for case in cases.values())
    assert "Injected on purpose: mac1: " in done.stdout
    assert "path */Downloads/witnessmark/*/invoice-*" in done.stdout
    missing = [item["message"] for item in broken["findings"] if item["status"] == "fail"]
    assert any("no exec of /Users/purple/Downloads/witnessmark/" in text for text in missing)
    dropped = [
        item for item in broken["findings"] if item["validator"] == "recorded_write_downloads"
    ]
    assert [item["status"] for item in dropped] == ["pass"], "only the exec may be missing"
    tests = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".",
            "--witnessmark-bag", "reports/latest", "--junitxml", "tests.xml",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert tests.returncode == 1, tests.stdout
    assert f"FAILED ::recorded@{P11}.downloads:mac1" in tests.stdout.replace("witnessmark::", "::")
    assert "4 failed" in tests.stdout, "recorded, recorded_exec, recorded_script and detected"
    assert list(temp.iterdir()) == []
    assert [line for line in command_lines() if str(temp).encode() in line] == []


def test_two_hosts_in_one_run(tmp_path: Path) -> None:
    done = witnessmark("demo", "--hosts", "2", "-s", "p07", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert {case["host"] for case in verdicts(tmp_path).values()} == {"mac1", "mac2"}


def ordinary_user_cannot(base: Path) -> str | None:
    """Why uid 65534 cannot run this Python with this checkout, or None."""
    try:
        probe = subprocess.run(
            [sys.executable, "-c", "import witnessmark.cli.demo"],
            user=65534,
            group=65534,
            extra_groups=[],
            cwd="/",
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return f"an ordinary user may not run {sys.executable}"
    return None if probe.returncode == 0 else f"an ordinary user may not read {base}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user here")
def test_it_works_for_an_ordinary_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        base = Path(__file__).parents[2]
        reason = ordinary_user_cannot(base)
        if reason:
            pytest.skip(reason)
        done = subprocess.run(
            [sys.executable, "-m", "witnessmark", "demo", "-s", "p11"],
            user=65534,
            group=65534,
            extra_groups=[],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": name, "TMPDIR": name},
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert sorted(item.name for item in folder.iterdir()) == ["reports"]
