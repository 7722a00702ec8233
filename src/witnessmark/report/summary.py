"""The sentences that every report closes or opens with, so that all of them tell the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge.run import exit_code
from witnessmark.model.verdicts import Link, Status, Verdict
from witnessmark.report.verdicts_json import totals

if TYPE_CHECKING:
    from witnessmark.model.verdicts import CaseVerdict, Finding, HostFinding, RunVerdict

LEGEND = {
    Status.PASS: ("ok", "proved"),
    Status.FAIL: ("FAIL", "a broken link"),
    Status.ERROR: ("?", "nobody could look, which is never the same as no"),
    Status.SKIP: ("-", "does not apply"),
    Status.PENDING: ("later", "can be proved only by a later look"),
}
"""The word of a status, and what it means."""

QUIET = (Verdict.NOT_APPLICABLE, Verdict.NOT_ASSESSED)


def headline(run: RunVerdict) -> tuple[str, bool]:
    """The totals in one sentence, and whether all is as it should be (exit status 0)."""
    count = totals(run)
    if not count["assessed"]:
        return "No case was assessed: this run says nothing about coverage.", False
    text = f"{count['ok']} of {count['assessed']} assessed cases are as they should be"
    if count["not_assessed"]:
        text += f"; {count['not_assessed']} not assessed"
        broken = sum(tone(case) == "bad" for case in run.cases if not (case.assessed or case.lab))
        text += f", {broken} of them not as they should be" if broken else ""
    text += f"; {count['lab']} lab" if count["lab"] else ""
    return text + ".", exit_code(run) == 0


def tone(case: CaseVerdict) -> str:
    """How a case is to be read: ``good``, ``bad``, or ``quiet`` where nothing was judged."""
    if case.verdict in QUIET and case.first_broken_link is None:
        return "quiet"
    return "good" if case.ok else "bad"


def verdict(case: CaseVerdict) -> str:
    """The verdict in words, with how long the alert took or what the reference answered."""
    said = case.reference and not (case.ok and case.assessed)
    text = case.verdict.value + (f" (reference: {case.reference})" if said else "")
    return text if case.latency_s is None else f"{text} in {case.latency_s:.2f} s"


def reasons(case: CaseVerdict) -> list[Finding]:
    """Why a case is not ok, or why it does not apply: the findings that say so."""
    if case.ok and case.verdict is not Verdict.NOT_APPLICABLE:
        return []
    if case.verdict is Verdict.NOT_ASSESSED and case.first_broken_link is None:
        return []
    skipped = case.verdict is Verdict.NOT_APPLICABLE
    return [
        found
        for found in case.findings
        if found.status in (Status.FAIL, Status.ERROR) or (skipped and found.link is Link.ACTED)
    ]


def wrong_hosts(run: RunVerdict) -> list[HostFinding]:
    """What is wrong with a host itself; it stands beside the cases and changes no verdict."""
    return [item for item in run.host_findings if item.status is Status.FAIL]


def not_claimed(run: RunVerdict) -> list[str]:
    """What a reader must not take from this run (docs/claims.md says more)."""
    told = [
        "That AN0994 is covered as a technique: each case is one behaviour, and a miss elsewhere "
        "stays possible.",
        "Network content: AN0994 names three log-source references; process creation and file "
        "creation are exercised, NSM:Flow never is (2 of 3 at most).",
        "Retention beyond what was seen: a store too young to prove its required time is pending, "
        "neither a pass nor a fail.",
    ]
    if "stand-in" in run.origin:
        told.insert(
            0,
            "Your coverage: on a stand-in the recorder plays the sensor and the embedded engine "
            "plays the deployed analytic. This proves the suite alone. Signing is unknown there.",
        )
    if any(case.lab for case in run.cases):
        told.append(
            "Lab cases: they run with parameters or a browser that nobody deploys, so they are "
            "totalled apart and never count as coverage."
        )
    simulated = sorted({name for case in run.cases for name in case.simulated})
    if simulated:
        told.append(
            "Answers that needed simulated fields (" + ", ".join(simulated) + "): not assessed."
        )
    return told
