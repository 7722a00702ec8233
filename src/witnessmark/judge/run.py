"""Judges every case of a bag on every source, and totals what was found."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from witnessmark.judge import asked, blame, evidence, known, match, matrix, told
from witnessmark.judge.answer import Answered
from witnessmark.judge.host_findings import host_findings
from witnessmark.judge.log_findings import log_findings
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
from witnessmark.telemetry.format import lacks
from witnessmark.telemetry.kinds import decoder_of
from witnessmark.validators import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from witnessmark.bag.read import Bag
    from witnessmark.judge.api import CaseEvidence, Validator
    from witnessmark.model.hosts import Source
    from witnessmark.model.matrix import Quality


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
    played = [item for each in sets for item in each.cases if not item.case.control]
    cases = [judge_case(item, checks) for item in played]
    return RunVerdict(
        run_id=record.plan.run_id,
        origin=_origin(record.plan.hosts),
        started=told.moment(record.started_ns),
        finished=told.moment(record.finished_ns),
        as_of=told.moment(moment),
        tool=record.tool,
        bag_sha256=bag.digest,
        cases=blame.settled(cases),
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
            if (branch == "B" or (control.before, control.after) != (None, None))
            and _controlled(each.source, branch)
        ),
        hosts=tuple(evidence.host_row(item) for item in record.facts),
        sources=told.sources(bag),
        quality=_quality(played, cases),
        notes=told.notes(bag),
        profile=record.plan.profile,
        window_s=record.plan.window_s,
        notice_sha256=record.plan.notice.sha256 if record.plan.notice else None,
        host_findings=(
            *host_findings(record, evidence.parameters(bag).clock_skew_tolerance),
            *log_findings(played),
        ),
    )


def _controlled(source: Source, branch: str) -> bool:
    """Whether a control could fire at all: by alerts, or by records that can tell of it."""
    return source.alerts is not None or not lacks(decoder_of(source.kind).FILLS, branch)


def _quality(
    played: Sequence[CaseEvidence], verdicts: Sequence[CaseVerdict]
) -> tuple[Quality, ...]:
    names = dict.fromkeys(
        item.source.name for item in played if item.source and item.source.records
    )
    return tuple(
        matrix.quality(
            name,
            [item for item in played if item.source and item.source.name == name],
            [item for item in verdicts if item.source == name],
        )
        for name in names
    )


def judge_case(case: CaseEvidence, checks: tuple[Validator, ...]) -> CaseVerdict:
    """One case on one source: every validator's findings, the links, and the table's verdict."""
    findings = [found for check in checks for found in check(case)]
    links = link_status(findings)
    acted = match.attack(case) is not None and not (case.act.skipped or case.act.error)
    analysed = case.analysed
    got = asked.answered(case) if acted and case.source else _unasked()
    ours = asked.reference(case) if acted and case.source and case.source.alerts else None
    scenario = case.case.scenario
    result = verdict(
        links,
        expect=scenario.expect.answer,
        answer=got.answer,
        denied=links[Link.ACTED] is Status.FAIL and known.stopped(case) is not None,
        judged=case.judged,
        late=got.late,
        workflow=got.workflow is not None and got.workflow == scenario.expect.workflow,
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
        reference=_reference(case, ours or got) if acted or not case.judged else None,
        related=told.related(case),
        title=scenario.title,
        family=scenario.family,
        near_misses=analysed.misses,
        timeline=timeline(case, findings, got),
        reference_clauses=blame.clauses(ours),
        blame=blame.blame(case, result, got) if acted else None,
        fields=matrix.cells(case),
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


def _assessed(result: Verdict, links: Mapping[Link, Status], got: Answered) -> bool:
    unjudged = result in (Verdict.NOT_APPLICABLE, Verdict.NOT_ASSESSED)
    return not (unjudged or links[Link.ACTED] is Status.ERROR or got.simulated)


def _unasked() -> Answered:
    return Answered(answer=Answer.UNDETERMINED, reason="nothing was acted")


def _reference(case: CaseEvidence, got: Answered) -> str | None:
    if case.source is None or (case.judged and case.source.alerts is None):
        return None
    return {Answer.FIRED: "fires"}.get(got.answer, got.answer.value)


def _origin(hosts: tuple[object, ...]) -> str:
    kinds = sorted({str(getattr(host, "origin", "")) for host in hosts})
    return "+".join(kinds)
