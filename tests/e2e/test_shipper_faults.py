"""A pipeline that loses, delays, repeats or shuffles records: one run, each host with its fault."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from witnessmark.content import faults
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(300),
]

BROKEN = (
    "shipper-drop",
    "shipper-delay",
    "shipper-delay-long",
    "shipper-duplicate",
    "shipper-reorder",
    "shipper-stall",
)
P11 = "p11-quarantined-download.downloads"
N14 = "n14-run-after-window"
Case = dict[str, object]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One run over a host for each fault; the run's folder."""
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        state, reports = Path(name, "state"), Path(name, "reports")
        given = {item: list(map(dict, faults.load(item).faults)) for item in BROKEN}
        standin.boot(state, list(BROKEN), given, tied=True, timeout_s=120)
        try:
            subprocess.run(
                [
                    *(sys.executable, "-m", "witnessmark", "run", "--profile", "demo", "-q"),
                    *("--state", str(state), "--reports", str(reports), "-s", "p11", "-s", "n14"),
                ],
                env=dict(os.environ),
                check=False,
                capture_output=True,
                timeout=250,
            )
        finally:
            standin.shutdown(state, remove=True)
        yield reports / "latest"


@pytest.fixture(scope="module")
def cases(folder: Path) -> dict[str, Case]:
    found = json.loads((folder / "verdicts.json").read_text("utf-8"))
    return {case["id"]: case for case in found["cases"]}


def told(case: Case, link: str) -> list[str]:
    findings = case["findings"]
    assert isinstance(findings, list)
    return [item["message"] for item in findings if item["link"] == link]


def outcome(case: Case) -> tuple[object, object, object]:
    return case["verdict"], case["first_broken_link"], case["ok"]


@pytest.mark.parametrize("case", [P11, N14])
def test_a_record_that_never_arrives_is_lost_in_delivery(cases: dict[str, Case], case: str) -> None:
    found = cases[f"{case}:shipper-drop"]
    assert outcome(found) == ("lost in delivery", "delivered", False)
    assert any("never arrived" in item for item in told(found, "delivered"))


@pytest.mark.parametrize("case", [P11, N14])
def test_a_record_after_the_deadline_is_lost_and_how_late_is_said(
    cases: dict[str, Case], case: str
) -> None:
    found = cases[f"{case}:shipper-delay-long"]
    assert outcome(found) == ("lost in delivery", "delivered", False)
    assert any("too late" in item for item in told(found, "delivered"))


def test_a_record_after_the_alert_deadline_makes_the_alert_late_or_is_missed(
    cases: dict[str, Case],
) -> None:
    found = cases[f"{P11}:shipper-delay"]
    if any("too late" in item for item in told(found, "delivered")):  # this machine was very slow
        assert outcome(found) == ("lost in delivery", "delivered", False)
        return
    verdict, *rest = outcome(found)
    assert verdict in ("detected late", "missed")
    assert rest == ["detected", False]
    latency = found["latency_s"]
    assert (latency is None) == (verdict == "missed")
    assert latency is None or float(str(latency)) > 5.9


def test_silence_about_a_record_that_the_analytic_did_not_wait_for_is_not_earned(
    cases: dict[str, Case],
) -> None:
    found = cases[f"{N14}:shipper-delay"]
    if any("too late" in item for item in told(found, "delivered")):
        assert outcome(found) == ("lost in delivery", "delivered", False)
        return
    assert outcome(found) == ("inconclusive", "detected", False)
    assert any("waits for late records 5 s" in item for item in told(found, "detected"))


@pytest.mark.parametrize("fault", ["shipper-duplicate", "shipper-reorder"])
@pytest.mark.parametrize(("case", "verdict"), [(P11, "detected"), (N14, "silent as expected")])
def test_the_order_and_number_of_copies_change_nothing(
    cases: dict[str, Case], fault: str, case: str, verdict: str
) -> None:
    assert outcome(cases[f"{case}:{fault}"]) == (verdict, None, True)


def test_the_copies_and_the_new_order_are_really_there(folder: Path) -> None:
    raw = folder / "bag/data/raw"

    def lines(host: str, suffix: str) -> list[bytes]:
        return (raw / host / f"eslogger.{suffix}").read_bytes().splitlines()

    twice = lines("shipper-duplicate", "delivered.ndjson")
    assert len(twice) > len(set(twice))
    assert set(twice) >= set(lines("shipper-duplicate", "ndjson"))
    kept = lines("shipper-reorder", "ndjson")
    # What was on its way when collection began may come on top.
    shuffled = [line for line in lines("shipper-reorder", "delivered.ndjson") if line in kept]
    assert shuffled != kept
    assert sorted(shuffled) == sorted(kept)


@pytest.mark.parametrize("case", [P11, N14])
def test_a_pipeline_that_died_leaves_nobody_who_could_look(
    cases: dict[str, Case], case: str
) -> None:
    assert outcome(cases[f"{case}:shipper-stall"]) == ("inconclusive", "delivered", False)


def test_no_fault_of_the_pipeline_is_seen_in_what_was_recorded(cases: dict[str, Case]) -> None:
    for case in cases.values():
        links = case["links"]
        assert isinstance(links, dict)
        assert (links["acted"], links["recorded"]) == ("pass", "pass"), case["id"]
