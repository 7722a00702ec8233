"""Each shipped fault gives exactly its verdict: one run, one broken stand-in per fault."""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from witnessmark import inventory, pipeline, stages
from witnessmark.content import faults, root, scenarios
from witnessmark.model.verdicts import Link, Status
from witnessmark.plan import build, new_run_id
from witnessmark.standin import state as standin
from witnessmark.standin.faults.journal import NAME as JOURNAL
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.model.verdicts import CaseVerdict

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(600),
]

P11, CACHES = "p11-quarantined-download.downloads", "p11-quarantined-download.caches"
N14, P07 = "n14-run-after-window", "p07-browser-runs-shell.sh"
CLEAN = "as-it-should-be"
PLACES = (".witnessmark", "Downloads/witnessmark", "Library/Caches/org.witnessmark")
WINDOW_S, LATE_S = 12.0, 8.0
"""Wide, because many hosts act at once: no verdict may depend on how fast this machine is."""
PROFILE = f"""
  wide:
    drop_exec_window: {WINDOW_S:g}s
    high_severity_within: 2s
    spawn_load_window: 30s
    late_arrival: {LATE_S:g}s
"""


UNSURE = ("inconclusive", "recorded", False)
BLIND = ("blind (not recorded)", "recorded", False)
DETECTED = ("detected", None, True)
NO_ACT = ("inconclusive", "acted", False)
SILENT = ("silent as expected", None, True)
# fault: P11 (both directories), N14, P07
EXACTLY = {
    CLEAN: (DETECTED, SILENT, DETECTED),
    "clock-behind": (UNSURE, UNSURE, UNSURE),
    "corrupt-line": (UNSURE, UNSURE, DETECTED),
    "drop-closes": (UNSURE, UNSURE, DETECTED),
    "drop-exec": (BLIND, BLIND, DETECTED),
    "duplicate": (DETECTED, SILENT, DETECTED),
    "login-refused": (NO_ACT, NO_ACT, NO_ACT),
    "lose-exec": (UNSURE, UNSURE, DETECTED),
    "no-rights": (UNSURE, UNSURE, UNSURE),
    "read-only-downloads": (NO_ACT, NO_ACT, NO_ACT),
    "reorder": (DETECTED, SILENT, DETECTED),
    "sensor-dead": (UNSURE, UNSURE, UNSURE),
    "strip-parent": (BLIND, BLIND, BLIND),
    "strip-script": (UNSURE, UNSURE, BLIND),
    "unknown-schema": (UNSURE, UNSURE, DETECTED),
    "unknown-shape": (UNSURE, UNSURE, DETECTED),
    "wrong-host-key": (NO_ACT, NO_ACT, NO_ACT),
}
BY_CHANCE = (
    "drop-payload-exec",
    "drop-twentieth",
    "lose-twentieth",
    "power-off",
    "sensor-dies",
    "ssh-cut",
)
"""Judged one by one below: what they touch depends on what happened when, or on the case."""


class Run(NamedTuple):
    """What came of one run: (case, host) -> verdict, and what was really broken on each host."""

    cases: dict[tuple[str, str], CaseVerdict]
    broken: dict[str, list[dict[str, Any]]]
    left: list[Path]
    """What the run left in the home of the host whose SSH was cut."""

    def said(self, case: str, host: str) -> tuple[str, str | None, bool]:
        """Verdict, first broken link and ok."""
        found = self.cases[case, host]
        link = found.first_broken_link
        return found.verdict.value, link.value if link else None, found.ok

    def lost(self, host: str, event: str, path: str) -> bool:
        """Whether a fault touched such an event."""
        return any(
            item["event"] == event and any(fnmatchcase(name, path) for name in item["names"])
            for item in self.broken[host]
        )


def play(folder: Path, broken: Sequence[str]) -> Run:
    """One clean stand-in and one per fault, played together."""
    state, names = folder / "st", [CLEAN, *broken]
    given = {name: [dict(item) for item in faults.load(name).faults] for name in broken}
    standin.boot(state, names, given, tied=True, timeout_s=90.0)
    files = [root() / "inventory/standin.yaml", state / "inventory.yaml"]
    catalogue = scenarios.load_all()
    plan = build(
        run_id=new_run_id(dt.datetime.now(dt.UTC)),
        hosts=inventory.load(files).hosts,
        scenarios=scenarios.select(catalogue, ["p11", "n14", "p07"]),
        catalogue=catalogue,
        window_s=WINDOW_S,
        late_arrival_s=LATE_S,
        profile="wide",
    )
    text = (root() / "analytics/an0994/analytic.yaml").read_text() + PROFILE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "_analytic", lambda: {"analytic.yaml": text.encode()})
        _, verdicts = pipeline.run(plan, folder / "reports")
    cut = [state / "ssh-cut/root/Users/purple" / place / plan.run_id for place in PLACES]
    cases = {(item.id.rpartition(":")[0], item.host): item for item in verdicts.cases}
    broke = {name: _journal(state / name / JOURNAL) for name in names}
    return Run(cases, broke, [path for path in cut if path.exists()])


def _journal(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """All of them at once."""
    with tempfile.TemporaryDirectory(prefix="wm-") as name:
        try:
            yield play(Path(name), [*(item for item in EXACTLY if item != CLEAN), *BY_CHANCE])
        finally:
            standin.shutdown(Path(name) / "st", remove=True)


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


@pytest.mark.parametrize("host", ["power-off", "ssh-cut"])
def test_a_host_that_is_gone_leaves_no_case_good(run: Run, host: str) -> None:
    assert {run.said(case, host) for case in (P11, CACHES, N14)} == {NO_ACT}
    # Played before: what was seen counts, but nobody could look a second time.
    assert run.said(P07, host) in (("detected", "retained", False), NO_ACT)


def test_teardown_comes_in_anew_where_ssh_was_cut_in_the_middle(run: Run) -> None:
    assert run.broken["ssh-cut"]
    assert run.left == []


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
        ("power-off", "the SSH connection was lost"),
    ],
)
def test_the_reason_is_told(run: Run, host: str, words: str) -> None:
    assert any(words in item.message for item in run.cases[N14, host].findings)
