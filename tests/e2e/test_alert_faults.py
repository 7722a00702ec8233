"""An organisation's own alerts on stand-ins: one run, each host's alerts broken otherwise."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from witnessmark.content import faults, root
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(400),
]

WELL = "as-it-should-be"
BROKEN = (
    "alerts-drop",
    "alerts-late",
    "alerts-duplicate",
    "alerts-dead",
    "alerts-merged",
    "alerts-weak-rule",
)
P11, N14 = "p11-quarantined-download.downloads", "n14-run-after-window"
V19 = "v19-relative-path"
Case = dict[str, object]


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, Case]]:
    """Every case of one run, by id."""
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        state, reports = Path(name, "state"), Path(name, "reports")
        given = {item: list(map(dict, faults.load(item).faults)) for item in BROKEN}
        standin.boot(state, [WELL, *BROKEN], given, tied=True, alerts=4.0, timeout_s=200)
        try:
            subprocess.run(
                [
                    *(sys.executable, "-m", "witnessmark", "run", "--profile", "demo", "-q"),
                    *("-i", str(root() / "inventory/standin-alerts.yaml")),
                    *("-i", str(state / "inventory.yaml"), "--reports", str(reports)),
                    *("-s", "p11", "-s", "n14", "-s", "v19"),
                ],
                env=dict(os.environ),
                check=False,
                capture_output=True,
                timeout=350,
            )
        finally:
            standin.shutdown(state, remove=True)
        cases = json.loads((reports / "latest/verdicts.json").read_text("utf-8"))["cases"]
        yield {case["id"]: case for case in cases}


def outcome(case: Case) -> tuple[object, object, object]:
    return case["verdict"], case["first_broken_link"], case["ok"]


def told(case: Case) -> str:
    findings = case["findings"]
    assert isinstance(findings, list)
    return " ".join(item["message"] for item in findings if item["link"] == "detected")


def test_with_rules_that_work_all_is_as_it_should_be(found: dict[str, Case]) -> None:
    assert outcome(found[f"{P11}:{WELL}"]) == ("detected", None, True)
    assert outcome(found[f"{N14}:{WELL}"]) == ("silent as expected", None, True)
    assert "alert as-it-should-be/eslogger.alerts/" in told(found[f"{P11}:{WELL}"])


def test_an_alert_that_is_not_raised_is_a_miss_and_their_rule_s_fault(
    found: dict[str, Case],
) -> None:
    case = found[f"{P11}:alerts-drop"]
    assert outcome(case) == ("missed", "detected", False)
    assert case["reference"] == "fires"
    blame = case["blame"]
    assert isinstance(blame, dict)
    assert blame["fault"] == "rule"
    assert outcome(found[f"{N14}:alerts-drop"]) == ("silent as expected", None, True)


def test_an_alert_after_its_deadline_is_never_a_detection(found: dict[str, Case]) -> None:
    verdict, broken, ok = outcome(found[f"{P11}:alerts-late"])
    assert verdict in ("detected late", "inconclusive", "missed")
    assert (broken, ok) == ("detected", False)


def test_copies_change_nothing_and_are_said(found: dict[str, Case]) -> None:
    case = found[f"{P11}:alerts-duplicate"]
    assert outcome(case) == ("detected", None, True)
    assert "2 copies of it came" in told(case)


def test_nothing_is_silent_where_the_alerts_died(found: dict[str, Case]) -> None:
    for case in (P11, N14):
        assert outcome(found[f"{case}:alerts-dead"]) == ("inconclusive", "detected", False)
    assert "positive control" in told(found[f"{N14}:alerts-dead"])


def test_a_merged_alert_hides_no_case(found: dict[str, Case]) -> None:
    for name, case in found.items():
        if name.endswith(":alerts-merged") and case["verdict"] != "not applicable":
            assert case["verdict"] in ("detected", "inconclusive"), name
    assert outcome(found[f"{N14}:alerts-merged"]) == ("inconclusive", "detected", False)


def test_a_weaker_rule_misses_what_only_its_lost_clause_would_find(found: dict[str, Case]) -> None:
    ids = [name for name in found if name.startswith(V19) and name.endswith(":alerts-weak-rule")]
    assert len(ids) > 1
    for name in ids:
        if "operand" not in name:
            assert outcome(found[name]) == ("detected", None, True)
            continue
        assert outcome(found[name]) == ("missed", "detected", False)
        blame = found[name]["blame"]
        assert isinstance(blame, dict)
        assert (blame["fault"], blame["lacks"]) == ("rule", ["B3 operand"])
        assert outcome(found[name.replace("alerts-weak-rule", WELL)]) == ("detected", None, True)
