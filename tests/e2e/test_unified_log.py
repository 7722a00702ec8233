"""The unified log as a source, over whole hosts: canaries, what it keeps, and what it hides."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from witnessmark.bag.read import open_bag
from witnessmark.content import faults, root
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(240),
]

CLEAN, FAULTS = "clean", ("log-canary-dropped", "log-purged", "log-private")
P11, N14 = "p11-quarantined-download.downloads", "n14-run-after-window"
LOG, EVENTS = "unified-log", "unified-log-es"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One run over a clean host and one for each fault; its reports."""
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        state, reports = Path(name, "state"), Path(name, "reports")
        given = {item: list(map(dict, faults.load(item).faults)) for item in FAULTS}
        standin.boot(state, [CLEAN, *FAULTS], given, tied=True, oslog=True, timeout_s=120)
        try:
            subprocess.run(
                [
                    *(sys.executable, "-m", "witnessmark", "run", "--profile", "demo", "-q"),
                    *("-i", str(root() / "inventory/standin-unifiedlog.yaml")),
                    *("-i", str(state / "inventory.yaml"), "--reports", str(reports)),
                    *("-s", "p11", "-s", "n14"),
                ],
                env=dict(os.environ),
                check=False,
                capture_output=True,
                timeout=200,
            )
        finally:
            standin.shutdown(state, remove=True)
        yield reports / "latest"


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "verdicts.json").read_text("utf-8"))
    return found


def case(told: dict[str, Any], name: str, host: str, source: str) -> dict[str, Any]:
    (found,) = (
        item for item in told["cases"] if (item["id"], item["source"]) == (f"{name}:{host}", source)
    )
    return dict(found)


def finding(told: dict[str, Any], host: str, source: str, what: str) -> tuple[str, str]:
    (found,) = (
        item
        for item in told["host_findings"]
        if (item["host"], item["name"]) == (host, f"{what} {source}")
    )
    return found["status"], found["observed"]


EXPECTED = {
    # host: (verdict and first broken link of the log alone, first broken link with eslogger in it)
    CLEAN: ("not assessed", None, None),
    "log-canary-dropped": ("blind (not recorded)", "recorded", None),
    "log-purged": ("not assessed", "retained", "retained"),
    "log-private": ("not assessed", None, None),
}


@pytest.mark.parametrize("host", EXPECTED)
@pytest.mark.parametrize(("name", "verdict"), [(P11, "detected"), (N14, "silent as expected")])
def test_each_host_gets_exactly_its_verdict(
    told: dict[str, Any], host: str, name: str, verdict: str
) -> None:
    alone, broken, there = EXPECTED[host]
    found = case(told, name, host, LOG)
    assert (found["verdict"], found["first_broken_link"]) == (alone, broken), found["findings"]
    found = case(told, name, host, EVENTS)
    assert (found["verdict"], found["first_broken_link"]) == (verdict, there), found["findings"]
    assert found["ok"] is (there is None)


def test_what_the_log_can_never_show_is_its_coverage_gap(told: dict[str, Any]) -> None:
    found = case(told, P11, CLEAN, LOG)
    said = [item for item in found["findings"] if item["link"] == "recorded"]
    assert {item["status"] for item in said} == {"pass", "skip"}
    gaps = [item["message"] for item in said if item["message"].startswith("coverage gap of the")]
    assert any("words of a command line" in item for item in gaps)
    assert any("never records exec" in item for item in gaps)
    states = {(item["record"], item["state"]) for item in found["fields"]}
    assert {("canary", "present"), ("drop", "never"), ("exec", "never")} <= states


def test_what_is_said_of_each_log(told: dict[str, Any]) -> None:
    assert finding(told, CLEAN, LOG, "canary") == ("pass", "2 of 2")
    assert finding(told, CLEAN, LOG, "redaction")[1].startswith("clear; 0 of ")
    assert finding(told, CLEAN, LOG, "log-config") == ("error", ""), "a stand-in cannot know it"
    status, reach = finding(told, CLEAN, LOG, "reach")
    assert (status, reach.startswith("0.0 h")) == ("pass", True)
    assert finding(told, "log-canary-dropped", LOG, "canary") == ("fail", "0 of 2")
    assert finding(told, "log-canary-dropped", LOG, "redaction")[0] == "error"
    assert finding(told, "log-private", LOG, "canary") == ("pass", "2 of 2")
    assert finding(told, "log-private", LOG, "redaction")[1].startswith("private; ")
    assert finding(told, "log-purged", LOG, "canary") == ("pass", "2 of 2")


def test_the_bag_holds_a_receipt_of_each_chunk_and_what_was_asked(folder: Path) -> None:
    bag = open_bag(folder)
    for source in (LOG, EVENTS):
        raw = bag.raw(CLEAN, source) or b""
        rows = [
            json.loads(x) for x in (bag.raw(CLEAN, source, "chunks.ndjson") or b"").splitlines()
        ]
        assert sum(row["size"] for row in rows) == len(raw) > 0
        asked = [json.loads(x) for x in (bag.raw(CLEAN, source, "log.ndjson") or b"").splitlines()]
        argv = next(item["argv"] for item in asked if "argv" in item)
        assert argv[0].endswith("/usr/bin/log")
        assert argv[1:4] == ["show", "--style", "ndjson"]
        assert sum("canary" in item for item in asked) == 2
