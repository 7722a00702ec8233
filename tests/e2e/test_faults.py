"""Each shipped fault gives exactly its verdict: one run, one broken stand-in per fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.e2e.broken import CACHES, CLEAN, FAULTS, N14, P07, P11

from witnessmark.model.verdicts import Link, Status
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from tests.e2e.broken import Run

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(600),
]

UNSURE = ("inconclusive", "recorded", False)
UNHEARD = ("inconclusive", "detected", False)
BLIND = ("blind (not recorded)", "recorded", False)
DETECTED = ("detected", None, True)
NO_ACT = ("inconclusive", "acted", False)
NOT_HERE = ("not applicable", None, True)
SILENT = ("silent as expected", None, True)
# fault: P11 (both directories), N14, P07
EXACTLY = {
    CLEAN: (DETECTED, SILENT, DETECTED),
    "browser-missing": (DETECTED, SILENT, NOT_HERE),
    "browser-promised": (DETECTED, SILENT, NO_ACT),
    "clock-behind": (UNSURE, UNSURE, UNSURE),
    "corrupt-line": (UNSURE, UNSURE, DETECTED),
    "drop-closes": (UNSURE, UNSURE, DETECTED),
    "drop-exec": (BLIND, BLIND, DETECTED),
    "duplicate": (DETECTED, SILENT, DETECTED),
    "login-refused": (NO_ACT, NO_ACT, NO_ACT),
    "lose-clock": (DETECTED, UNHEARD, DETECTED),
    "lose-exec": (UNSURE, UNSURE, DETECTED),
    "no-rights": (UNSURE, UNSURE, UNSURE),
    "read-only-downloads": (NO_ACT, NO_ACT, NO_ACT),
    "reorder": (DETECTED, SILENT, DETECTED),
    "sensor-dead": (UNSURE, UNSURE, UNSURE),
    "slow-host": (DETECTED, SILENT, DETECTED),
    "strip-parent": (BLIND, BLIND, BLIND),
    "strip-script": (UNSURE, UNSURE, BLIND),
    "unknown-schema": (UNSURE, UNSURE, DETECTED),
    "unknown-shape": (UNSURE, UNSURE, DETECTED),
    "wrong-host-key": (NO_ACT, NO_ACT, NO_ACT),
}
BY_CHANCE = (
    "disk-full",
    "drop-payload-exec",
    "drop-twentieth",
    "lose-twentieth",
    "power-off",
    "reboot",
    "sensor-dies",
    "ssh-cut",
)
"""Judged one by one below: what they touch depends on what happened when, or on the case."""


def test_every_fault_that_is_played_is_judged_here() -> None:
    assert sorted((*EXACTLY, *BY_CHANCE)) == sorted((CLEAN, *FAULTS))


@pytest.mark.parametrize("fault", EXACTLY)
def test_each_fault_gives_exactly_its_verdict(run: Run, fault: str) -> None:
    p11, n14, p07 = EXACTLY[fault]
    assert {case: run.said(case, fault) for case in (P11, CACHES, N14, P07)} == {
        P11: p11,
        CACHES: p11,
        N14: n14,
        P07: p07,
    }


QUIET = {CLEAN, "no-rights", "login-refused", "wrong-host-key", "read-only-downloads"}
QUIET |= {"browser-missing", "browser-promised", "slow-host"}
"""Here nothing is broken at an event: from the start nobody may look, or nobody comes in."""


@pytest.mark.parametrize("fault", [*EXACTLY, *BY_CHANCE])
def test_each_fault_really_broke_something(run: Run, fault: str) -> None:
    assert bool(run.broken[fault]) is (fault not in QUIET)


def test_only_the_download_is_blind(run: Run) -> None:
    host = "drop-payload-exec"
    said = {case: run.said(case, host) for case in (P11, CACHES, N14, P07)}
    assert said == {P11: BLIND, CACHES: DETECTED, N14: SILENT, P07: DETECTED}


def test_a_sensor_that_dies_leaves_nobody_good_who_came_later(run: Run) -> None:
    host = "sensor-dies"
    assert {run.said(case, host) for case in (P11, CACHES, N14)} == {UNSURE}
    assert run.said(P07, host) in (DETECTED, UNSURE)


@pytest.mark.parametrize("host", ["power-off", "reboot", "ssh-cut"])
def test_a_host_that_is_gone_leaves_no_case_good(run: Run, host: str) -> None:
    assert {run.said(case, host) for case in (P11, CACHES, N14)} == {NO_ACT}
    # Played before: what was seen counts, but nobody could look a second time.
    assert run.said(P07, host) in (("detected", "retained", False), NO_ACT)


def test_teardown_comes_in_anew_where_ssh_was_cut_in_the_middle(run: Run) -> None:
    assert run.broken["ssh-cut"]
    assert run.left == []


def test_a_host_that_comes_back_is_cleaned_and_one_that_does_not_is_not_called_clean(
    run: Run,
) -> None:
    assert run.facts("reboot").left_behind == ()
    assert run.facts("power-off").left_behind is None


def test_on_a_full_disk_nothing_is_played_and_the_reason_is_told(run: Run) -> None:
    host, unplayed = "disk-full", (NO_ACT, ("not executed", "acted", False))
    assert {run.said(case, host) for case in (P11, CACHES, N14)} <= set(unplayed)
    assert run.said(P07, host) in (DETECTED, UNSURE, *unplayed)
    told = [item.message for case in (P11, CACHES, N14) for item in run.cases[case, host].findings]
    assert any("No space left on device" in message for message in told)
    for case in (P11, CACHES, N14):  # removing files needs no room
        messages = [item.message for item in run.cases[case, host].findings]
        assert not any("not as before" in message for message in messages), messages
    assert run.facts(host).left_behind == ()


PAYLOADS = {
    P11: "*/Downloads/witnessmark/*/invoice-*",
    CACHES: "*/Caches/*/invoice-*",
    N14: "*/notes-*",
}


def test_a_gap_is_never_blindness_nor_silence(run: Run) -> None:
    host = "lose-twentieth"
    for case in (P11, CACHES, P07):
        found = run.said(case, host)
        assert found == DETECTED or found[0] == "inconclusive", case
    assert run.said(N14, host)[0] == "inconclusive"
    for case, path in PAYLOADS.items():
        if run.lost(host, "exec", path):
            assert run.said(case, host) == UNSURE


@pytest.mark.parametrize("case", [*PAYLOADS, P07])
def test_what_vanished_without_a_gap_is_blind_and_the_rest_is_as_it_should_be(
    run: Run, case: str
) -> None:
    host = "drop-twentieth"
    found = run.said(case, host)
    assert found in (SILENT if case == N14 else DETECTED, BLIND) or found[0] == "inconclusive"
    if case in PAYLOADS and run.lost(host, "exec", PAYLOADS[case]):
        assert found in (BLIND, UNSURE)
    for item in run.cases[case, host].findings:
        if found == BLIND and item.link is Link.RECORDED and item.status is Status.FAIL:
            missing = re.match(r"no (\w+) of (.+?)(?: by pid \d+)? in the source", item.message)
            assert missing, item.message
            assert run.lost(host, missing[1], missing[2])


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("no-rights", "Not permitted to create an ES Client"),
        ("login-refused", "login as purple was refused"),
        ("wrong-host-key", "its host key is not the one in "),
        ("read-only-downloads", "may not write in ~/Downloads"),
        ("reboot", "the SSH connection was lost"),
        ("power-off", "the SSH connection was lost"),
    ],
)
def test_the_reason_is_told(run: Run, host: str, words: str) -> None:
    assert any(words in item.message for item in run.cases[N14, host].findings)


def test_a_browser_that_is_missing_is_told(run: Run) -> None:
    assert any(
        "has no browser" in item.message for item in run.cases[P07, "browser-missing"].findings
    )
    promised = [item.message for item in run.cases[P07, "browser-promised"].findings]
    assert any("Google Chrome is no executable on the host" in message for message in promised)
