"""No case that a fault touches ends as it should be, whichever fault and whatever it met.

What a case needs is taken from its scenario and receipts, and what was broken from the stand-ins'
own journals, which nothing that judges may read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.broken import CLEAN, FAULTS

from witnessmark.standin.faults.lines import described
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.e2e.broken import Run

    from witnessmark.model.run import Act, Case

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(600),
]

RESTORED = {"duplicate", "delay"}
"""Nothing is missing or false after these: the sequence numbers restore what was written."""
FROM_THE_START = {"no-rights", "login-refused", "wrong-host-key", "read-only-downloads"}
ENDS = {"power-off", "reboot", "cut"}
"""From this moment on the host is gone."""
MUTES = {"stop", "full"}
"""From this moment on nothing is recorded; what was before stays recorded."""


def played(run: Run, host: str) -> Iterator[tuple[Case, Act]]:
    """The ordinary cases of a host, each with what it really did."""
    acts = {act.case_id: act for act in run.bag.record.acts}
    for case in run.bag.record.plan.cases:
        if case.host == host and not case.control:
            yield case, acts[case.id]


def needed(case: Case) -> set[str]:
    """The events without which the case cannot be judged."""
    return {event for pattern in case.scenario.records for event in pattern.event}


def over_ns(act: Act) -> int:
    """When the last phase of a case was over, on this machine's clock; late if nobody knows."""
    return max((item.finished_ns for item in act.phases), default=1 << 62)


def attacked_ns(act: Act) -> int:
    """When its attack began; late if it never did."""
    return next((item.started_ns for item in act.phases if item.phase == "attack"), 1 << 62)


def journal_touches(run: Run, case: Case, act: Act, entry: Mapping[str, Any]) -> bool:
    """Whether one entry of the stand-in's own journal touches a case."""
    if entry["action"] in MUTES:
        return attacked_ns(act) > entry["at_ns"]
    if entry["action"] in ENDS:
        return over_ns(act) > entry["at_ns"]
    mark = f"wm-{run.bag.record.plan.run_id}-{case.index:03d}"
    # Receipts and evidence carry the mark too; no record of them is needed.
    ours = [name for name in entry["names"] if mark in name and "/.witnessmark/" not in name]
    if entry["event"] not in needed(case) or not ours:
        return False
    if entry["action"] in ("drop", "lose"):  # unless another record of the same is there
        return tuple(entry["names"]) not in stored(run, case.host, entry["event"])
    return entry["action"] not in RESTORED


def stored(run: Run, host: str, event: str) -> set[tuple[str, ...]]:
    """The names in all records of one kind that a host's store has, read from the raw lines."""
    raw = (run.bag.raw(host, "eslogger") or b"").splitlines()
    return {names for name, names in map(described, raw) if name == event}


@pytest.mark.parametrize("host", FAULTS)
def test_no_case_that_its_hosts_journal_says_was_touched_is_good(run: Run, host: str) -> None:
    for case, act in played(run, host):
        touched = host in FROM_THE_START or any(
            journal_touches(run, case, act, entry) for entry in run.broken[host]
        )
        if touched:
            assert not run.said(case.id.rpartition(":")[0], host)[2], case.id


def test_the_journals_touch_many_cases_and_the_clean_host_has_none(run: Run) -> None:
    touched = [
        (host, case.id)
        for host in FAULTS
        for case, act in played(run, host)
        if any(journal_touches(run, case, act, entry) for entry in run.broken[host])
    ]
    assert len(touched) > 20
    assert len({host for host, _ in touched}) > 8
    assert not run.broken[CLEAN]
