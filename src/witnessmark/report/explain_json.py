"""The same explanation as JSON, in ASCII: no byte of telemetry can act on a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from witnessmark.model.detections import Branch
from witnessmark.model.events import Kind
from witnessmark.report.explain import branch_of
from witnessmark.report.lineage import forest
from witnessmark.report.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable

    from witnessmark.analytic.explanation import Explanation
    from witnessmark.analytic.trace import Account, Step
    from witnessmark.judge.why import CaseWhy


def of_case(items: Iterable[CaseWhy]) -> str:
    """One object per source of the case."""
    return _dump([_case(item) for item in items])


def of_records(items: Iterable[Explanation]) -> str:
    """One object per record."""
    return _dump([_record(item) for item in items])


def _dump(data: object) -> str:
    return json.dumps(data, indent=1) + "\n"


def _case(item: CaseWhy) -> dict[str, object]:
    case = item.case
    broken = case.first_broken_link
    return {
        "case": case.id,
        "source": case.source,
        "expect": case.expect,
        "answer": case.answer,
        "verdict": case.verdict.value,
        "first_broken_link": broken.value if broken else None,
        "reason": item.reason,
        "missing": list(item.missing),
        "near_misses": list(case.near_misses),
        "links": {link.value: status.value for link, status in case.links},
        "records": [_record(each) for each in item.records],
    }


def _record(item: Explanation) -> dict[str, object]:
    account = item.account
    data: dict[str, object] = {**_told(account), "steps": _steps(account.steps)}
    if account.event.kind is Kind.EXEC:
        data["branches"] = {branch.value: _branch(item, branch) for branch in Branch}
        data["lineage"] = forest(item)
    data["history"] = [
        {**_told(each), "steps": _steps(each.steps)} for each in item.history if each is not account
    ]
    return data


def _told(account: Account) -> dict[str, object]:
    event = account.event
    target = event.target
    return {
        "id": event.id,
        "seq": event.global_seq,
        "time": rfc3339(event.time_ns),
        "kind": event.kind.value,
        "pid": (target or event.process).token.pid,
        "image": (target or event.process).path,
        "script": account.script,
        "path": event.file.path if event.file else None,
        "from": event.source_file.path if event.source_file else None,
    }


def _branch(item: Explanation, branch: Branch) -> dict[str, object]:
    found = item.detection(branch)
    steps = [step for step in item.account.steps if branch_of(step) is branch]
    return {
        "answer": found.answer.value if found else "silent",
        "rules": list(found.rules) if found else [],
        "severity": found.severity if found else None,
        "gap_s": found.gap_s if found else None,
        "workflow": found.workflow if found else None,
        "reason": found.reason if found else None,
        "missing": list(found.simulated) if found else [],
        "steps": _steps(steps),
    }


def _steps(steps: Iterable[Step]) -> list[dict[str, object]]:
    return [{"rule": step.rule, "holds": step.holds, "text": step.text} for step in steps]
