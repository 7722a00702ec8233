"""Acted: the behaviour really took place on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import examples, match
from witnessmark.judge.api import CaseEvidence, Example, finding, validator
from witnessmark.model.scenario import Phase
from witnessmark.model.verdicts import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.run import PhaseResult


@validator(link="acted")
def check(case: CaseEvidence) -> Iterator[Finding]:
    """The behaviour really took place: the script finished, and its payload itself left evidence.

    Judged from receipts and host state alone, never from telemetry, so that a blind sensor cannot
    hide a scenario that was never played.
    """
    act = case.act
    if act.skipped:
        yield finding("acted", "acted", Status.SKIP, act.skipped)
        return
    if act.error:
        yield finding("acted", "acted", Status.ERROR, act.error)
        return
    attack = match.attack(case)
    if attack is None:
        yield _not_started(case)
    elif attack.problem:
        yield finding("acted", "acted", Status.ERROR, _unread(attack))
    elif attack.timed_out:
        yield finding(
            "acted", "acted", Status.FAIL, f"the attack phase ran past {case.case.timeout_s:.0f} s"
        )
    elif attack.status is None:
        yield finding(
            "acted", "acted", Status.ERROR, "the connection was lost during the attack phase"
        )
    elif attack.status != 0:
        yield finding(
            "acted",
            "acted",
            Status.FAIL,
            f"the attack ended with exit {attack.status}: {attack.stderr.strip() or 'silent'}",
            expected="exit 0",
            observed=f"exit {attack.status}",
        )
    else:
        yield _witnessed(case)


def _unread(attack: PhaseResult) -> str:
    """Why its receipt cannot be read; a script that failed says better what the matter is."""
    if not attack.status:
        return str(attack.problem)
    said = attack.stderr.strip() or "silent"
    return f"{attack.problem}; the attack ended with exit {attack.status}: {said}"


def _not_started(case: CaseEvidence) -> Finding:
    setup = case.act.phase(Phase.SETUP)
    if setup is None:
        return finding("acted", "acted", Status.ERROR, "no phase was ever started")
    said = setup.stderr.strip() or "silent"
    return finding("acted", "acted", Status.FAIL, f"setup ended with exit {setup.status}: {said}")


def _witnessed(case: CaseEvidence) -> Finding:
    ran, missing = match.witnessed(case)
    failed = [item for item in ran if item.status != 0]
    if failed:
        return finding(
            "acted",
            "acted",
            Status.FAIL,
            f"{failed[0].path} ended with exit {failed[0].status}",
            expected="exit 0",
            observed=f"exit {failed[0].status}",
        )
    if not ran or missing:
        return finding(
            "acted",
            "acted",
            Status.FAIL,
            "the payload left no evidence of having run",
            expected="mark, pid and parent written by the payload itself",
            observed=f"{len(case.act.witnesses)} evidence lines, none for this process",
        )
    names = ", ".join(f"pid {item.pid} (parent {item.ppid})" for item in ran)
    return finding("acted", "acted", Status.PASS, f"the payload ran as {names}")


EXAMPLES = (
    Example(name="ran", evidence=examples.drop_exec(), status=Status.PASS),
    Example(name="no-evidence", evidence=examples.drop_exec(witnesses=()), status=Status.FAIL),
    Example(name="exit-126", evidence=examples.drop_exec(status=126), status=Status.FAIL),
    Example(name="lost", evidence=examples.drop_exec(status=None), status=Status.ERROR),
)
