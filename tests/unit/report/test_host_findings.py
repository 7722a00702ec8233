"""Findings about a host are told everywhere, and nowhere as if they were a verdict."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

from rich.console import Console

from witnessmark.judge.run import exit_code
from witnessmark.model.verdicts import CaseVerdict, RunVerdict
from witnessmark.report import junit, table, verdicts_json
from witnessmark.report.summary import headline


def shown(run: RunVerdict) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=200, highlight=False, markup=False).print(table.render(run, 200))
    return [line.strip() for line in stream.getvalue().splitlines()]


def test_the_terminal_names_what_is_wrong_and_sums_up_what_is_unknown(
    a_run: Callable[..., RunVerdict],
) -> None:
    lines = shown(a_run())
    assert "example, clock: it jumped" in lines
    assert "not known of example: gatekeeper" in lines
    assert not any("it is on" in line for line in lines)


def test_verdicts_json_has_every_one(a_run: Callable[..., RunVerdict]) -> None:
    rows = json.loads(verdicts_json.render(a_run()))["host_findings"]
    assert [(row["host"], row["name"], row["status"]) for row in rows] == [
        ("example", "sip", "pass"),
        ("example", "clock", "fail"),
        ("example", "gatekeeper", "error"),
    ]


def test_junit_has_them_in_a_suite_of_their_own_that_fails_no_build(
    a_run: Callable[..., RunVerdict],
) -> None:
    suites = ET.fromstring(junit.render(a_run())).findall("testsuite")
    (suite,) = [item for item in suites if item.get("name") == "host.example"]
    said = {
        test.get("name"): [(part.tag, part.get("message")) for part in test]
        for test in suite.iter("testcase")
    }
    assert said == {
        "sip": [],
        "clock": [("skipped", "finding: it jumped")],
        "gatekeeper": [("skipped", "unknown: untold")],
    }


def test_no_finding_about_a_host_changes_a_verdict(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    run = a_run(judged())
    assert (exit_code(run, strict=True), headline(run)[1]) == (0, True)
    assert headline(run) == headline(replace(run, host_findings=()))
