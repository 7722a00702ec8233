"""Judges every case of a bag on every source, and totals what was found."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import TYPE_CHECKING

from witnessmark.judge import evidence, known, match
from witnessmark.judge.answer import Answered, answered
from witnessmark.judge.host_findings import host_findings
from witnessmark.judge.table import first_broken, link_status, ok, verdict
from witnessmark.judge.timeline import timeline
from witnessmark.model.detections import Answer
from witnessmark.model.verdicts import (
    CaseVerdict,
    ControlVerdict,
    Link,
    RunVerdict,
    Status,
    Verdict,
)
from witnessmark.validators import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from witnessmark.bag.read import Bag
    from witnessmark.judge.api import CaseEvidence, Validator
    from witnessmark.model.detections import Detection

TIME_FORM = "%Y-%m-%dT%H:%M:%SZ"


def validators() -> tuple[Validator, ...]:
    """Every validator, in the order of the links."""
    return tuple(importlib.import_module(f"witnessmark.validators.{name}").check for name in NAMES)


def judge(bag: Bag, as_of_ns: int | None = None) -> RunVerdict:
    """Judge a verified bag as of a moment (default: when its collection ended).

    Pure: the same bag and moment always give the same verdicts.
    """
    record = bag.record
    moment = record.finished_ns if as_of_ns is None else as_of_ns
    checks = validators()
    sets = evidence.assemble(bag, moment)
    cases = [
        judge_case(item, checks) for each in sets for item in each.cases if not item.case.control
    ]
    return RunVerdict(
        run_id=record.plan.run_id,
        origin=_origin(record.plan.hosts),
        started=_time(record.started_ns),
        finished=_time(record.finished_ns),
        as_of=_time(moment),
        tool=record.tool,
        bag_sha256=bag.digest,
        cases=tuple(cases),
        controls=tuple(
            ControlVerdict(
                host=each.host,
                source=each.source.name,
                branch=branch,
                before=control.before,
                after=control.after,
                reason=control.reason,
            )
            for each in sets
            if each.source is not None
            for branch, control in each.controls.items()
            if branch == "B" or (control.before, control.after) != (None, None)
        ),
        hosts=tuple(evidence.host_row(item) for item in record.facts),
        sources=_sources(bag),
        notes=_notes(bag),
        profile=record.plan.profile,
        window_s=record.plan.window_s,
        notice_sha256=record.plan.notice.sha256 if record.plan.notice else None,
        host_findings=host_findings(record, evidence.parameters(bag).clock_skew_tolerance),
    )


def judge_case(case: CaseEvidence, checks: tuple[Validator, ...]) -> CaseVerdict:
    """One case on one source: every validator's findings, the links, and the table's verdict."""
    findings = [found for check in checks for found in check(case)]
    links = link_status(findings)
    acted = match.attack(case) is not None and not (case.act.skipped or case.act.error)
    analysed = case.analysed
    got = answered(analysed) if acted and case.source else _unasked()
    scenario = case.case.scenario
    result = verdict(
        links,
        expect=scenario.expect.answer,
        answer=got.answer,
        denied=links[Link.ACTED] is Status.FAIL and known.stopped(case) is not None,
        judged=case.judged,
        late=got.late,
        workflow=bool(got.detection and got.detection.workflow == scenario.expect.workflow),
        proven=got.proven,
        simulated=bool(got.simulated),
    )
    assessed = _assessed(result, links, got)
    return CaseVerdict(
        id=case.case.id,
        scenario=scenario.id,
        host=case.case.host,
        source=case.source.name if case.source else None,
        expect=scenario.expect.answer.value,
        answer=got.answer.value if acted and case.source else "not asked",
        verdict=result,
        ok=ok(result, links, prevented_allowed=scenario.expect.or_prevented),
        assessed=assessed,
        lab=case.case.lab,
        first_broken_link=first_broken(links),
        links=tuple(links.items()),
        latency_s=got.latency_s,
        findings=tuple(findings),
        simulated=got.simulated,
        reference=_reference(case, got),
        related=tuple(_told(item) for item in match.related(analysed)),
        title=scenario.title,
        family=scenario.family,
        near_misses=analysed.misses,
        timeline=timeline(case, findings, got),
    )


def exit_code(run: RunVerdict, *, strict: bool = False) -> int:
    """What a run or judgement tells its caller.

    0 all assessed cases are ok; 1 some case is not; 3 no case was acted; 4 nothing failed, but no
    case was assessed or (strict) something required is pending or not assessed.
    """
    if not any(dict(case.links)[Link.ACTED] in (Status.PASS, Status.FAIL) for case in run.cases):
        return 3
    if any(not case.ok and case.verdict is not Verdict.NOT_ASSESSED for case in run.cases):
        return 1
    if any(case.verdict is Verdict.NOT_ASSESSED and case.first_broken_link for case in run.cases):
        return 1
    unproved = any(
        not case.assessed or Status.PENDING in dict(case.links).values()
        for case in run.cases
        if case.verdict is not Verdict.NOT_APPLICABLE
    )
    assessed = any(case.assessed and not case.lab for case in run.cases)
    return 4 if not assessed or (strict and unproved) else 0


def _told(item: Detection) -> str:
    what = item.exec.script or item.exec.path
    return f"branch {item.branch.value} {item.answer.value} on {what} (pid {item.exec.pid})"


def _assessed(result: Verdict, links: Mapping[Link, Status], got: Answered) -> bool:
    unjudged = result in (Verdict.NOT_APPLICABLE, Verdict.NOT_ASSESSED)
    return not (unjudged or links[Link.ACTED] is Status.ERROR or got.simulated)


def _unasked() -> Answered:
    return Answered(answer=Answer.UNDETERMINED, reason="nothing was acted")


def _reference(case: CaseEvidence, got: Answered) -> str | None:
    if case.source is None or case.judged:
        return None
    return {Answer.FIRED: "fires"}.get(got.answer, got.answer.value)


def _origin(hosts: tuple[object, ...]) -> str:
    kinds = sorted({str(getattr(host, "origin", "")) for host in hosts})
    return "+".join(kinds)


def _sources(bag: Bag) -> tuple[dict[str, str], ...]:
    rows = {
        (source.name, source.kind, source.role.value)
        for host in bag.record.plan.hosts
        for source in host.sources
    }
    return tuple({"name": name, "kind": kind, "role": role} for name, kind, role in sorted(rows))


def _notes(bag: Bag) -> tuple[str, ...]:
    record = bag.record
    played = any(act.phases for act in record.acts)
    exercised = "2 of 3" if played else "0 of 3"
    notes = [f"{exercised} ATT&CK log-source references exercised; NSM:Flow never is."]
    if any(host.origin.value == "stand-in" for host in record.plan.hosts):
        notes.append(
            "Origin stand-in: the stand-in plays the organisation; its recorder is the sensor and "
            "the embedded engine the deployed analytic. This proves the suite, not your coverage."
        )
    notes += [
        f"Resumed: the controller was gone from {_time(item.since_ns)} to {_time(item.until_ns)}; "
        "what was under way then is inconclusive."
        for item in record.absences
    ]
    if record.plan.notice is not None:
        told = record.plan.notice
        notes.append(
            f"Announced to the SOC by notice {told.sha256}, signed by {told.signer} ({told.key}), "
            f"for {_time(told.begins_ns)} to {_time(told.ends_ns)}."
        )
    notes += [f"Injected on purpose: {fault}" for fault in record.faults]
    return tuple(notes)


def _time(moment_ns: int) -> str:
    return dt.datetime.fromtimestamp(moment_ns / 1e9, dt.UTC).strftime(TIME_FORM)
