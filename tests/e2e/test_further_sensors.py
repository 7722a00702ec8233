"""One host whose kernel stops eslogger, Santa and osquery tell; each is judged for itself."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.content import faults
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(240),
]

SOURCES = ("eslogger", "santa", "osquery")
P11, CACHES = "p11-quarantined-download.downloads", "p11-quarantined-download.caches"
P07, N14 = "p07-browser-runs-shell.sh", "n14-run-after-window"
BLIND, DOUBT = "blind", "doubt"
CLEAN = "clean"
GIVEN = {BLIND: "osquery-drop-exec", DOUBT: "santa-drop-exec"}


@pytest.fixture(scope="module")
def run() -> Iterator[dict[str, Any]]:
    """verdicts.json of one run over a clean host and two of which one sensor is broken."""
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        state, reports = Path(name, "state"), Path(name, "reports")
        given = {host: list(map(dict, faults.load(item).faults)) for host, item in GIVEN.items()}
        standin.boot(
            state, [CLEAN, *GIVEN], given, tied=True, also=["osquery", "santa"], timeout_s=90.0
        )
        try:
            words = [sys.executable, "-m", "witnessmark", "run", "--profile", "demo", "-q"]
            words += ["--state", str(state), "--reports", str(reports)]
            words += ["-s", "p11", "-s", "p07", "-s", "n14"]
            subprocess.run(words, check=False, capture_output=True, timeout=200)
        finally:
            standin.shutdown(state, remove=True)
        yield json.loads((reports / "latest/verdicts.json").read_text())


def case(run: dict[str, Any], source: str, scenario: str, host: str = CLEAN) -> dict[str, Any]:
    found: dict[str, Any] = next(
        item
        for item in run["cases"]
        if (item["id"], item["source"]) == (f"{scenario}:{host}", source)
    )
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_records_and_detects_what_was_played(run: dict[str, Any], source: str) -> None:
    for scenario in (P11, CACHES, P07):
        found = case(run, source, scenario)
        assert found["verdict"] == "detected", found
        assert found["links"]["recorded"] == "pass"


def test_silence_is_earned_only_where_a_hole_would_show(run: dict[str, Any]) -> None:
    said = {source: case(run, source, N14)["verdict"] for source in SOURCES}
    assert said == {
        "eslogger": "silent as expected",
        "osquery": "silent as expected",
        "santa": "inconclusive",
    }


def test_the_matrix_says_what_each_source_does_not_tell(run: dict[str, Any]) -> None:
    def lacking(source: str) -> set[str]:
        cells = case(run, source, P11)["fields"]
        return {item["field"] for item in cells if item["state"] != "present"}

    assert lacking("eslogger") == set()
    assert lacking("osquery") == {"script"}
    assert lacking("santa") == {"cwd", "script"}


def test_a_sensor_that_misses_a_record_is_the_only_one_that_is_blind(run: dict[str, Any]) -> None:
    said = {source: case(run, source, P11, BLIND)["verdict"] for source in SOURCES}
    assert said == {
        "eslogger": "detected",
        "santa": "detected",
        "osquery": "blind (not recorded)",
    }
    assert case(run, "osquery", P11, BLIND)["first_broken_link"] == "recorded"
    assert case(run, "osquery", CACHES, BLIND)["verdict"] == "detected"


def test_a_sensor_that_numbers_nothing_is_in_doubt_and_never_blind(run: dict[str, Any]) -> None:
    said = {source: case(run, source, P11, DOUBT)["verdict"] for source in SOURCES}
    assert said == {"eslogger": "detected", "santa": "inconclusive", "osquery": "detected"}
    assert case(run, "santa", P11, DOUBT)["first_broken_link"] == "recorded"
