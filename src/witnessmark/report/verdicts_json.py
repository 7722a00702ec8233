"""verdicts.json: every verdict with its links and findings, in the form of contracts.md."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from witnessmark.report.times import rfc3339

if TYPE_CHECKING:
    from witnessmark.model.verdicts import Blame, CaseVerdict, Finding, Moment, RunVerdict


def render(run: RunVerdict) -> str:
    """The whole run as JSON text; the same run always gives the same bytes.

    ``##[`` begins a command wherever a GitHub runner sees it in a job's output, so it is written
    with an escape that JSON readers undo.
    """
    text = json.dumps(document(run), indent=1, ensure_ascii=True)
    return text.replace("##[", "#\\u0023[") + "\n"


def document(run: RunVerdict) -> dict[str, object]:
    """The whole run as plain data."""
    return {
        "run_id": run.run_id,
        "origin": run.origin,
        "started": run.started,
        "finished": run.finished,
        "as_of": run.as_of,
        "tool": run.tool,
        "bag_sha256": run.bag_sha256,
        "notice_sha256": run.notice_sha256,
        "profile": run.profile,
        "window_s": run.window_s,
        "totals": totals(run),
        "notes": list(run.notes),
        "hosts": list(run.hosts),
        "host_findings": [
            {
                "host": item.host,
                "name": item.name,
                "status": item.status.value,
                "message": item.message,
                "observed": item.observed,
            }
            for item in run.host_findings
        ],
        "sources": list(run.sources),
        "quality": [
            {
                "source": item.source,
                "dimensions": [
                    {"name": each.name, "share": each.share, "text": each.text}
                    for each in item.dimensions
                ],
            }
            for item in run.quality
        ],
        "controls": [
            {
                "host": item.host,
                "source": item.source,
                "branch": item.branch,
                "before": item.before,
                "after": item.after,
                "reason": item.reason,
            }
            for item in run.controls
        ],
        "cases": [_case(item) for item in run.cases],
    }


def totals(run: RunVerdict) -> dict[str, object]:
    """Counts by verdict; lab cases and cases that are not assessed are totalled apart."""
    counted = [item for item in run.cases if not item.lab]
    return {
        "cases": len(run.cases),
        "by_verdict": dict(sorted(Counter(item.verdict.value for item in counted).items())),
        "assessed": sum(item.assessed for item in counted),
        "ok": sum(item.ok for item in counted if item.assessed),
        "not_assessed": sum(not item.assessed for item in counted),
        "lab": sum(item.lab for item in run.cases),
    }


def _case(item: CaseVerdict) -> dict[str, object]:
    return {
        "id": item.id,
        "scenario": item.scenario,
        "title": item.title,
        "family": item.family,
        "host": item.host,
        "source": item.source,
        "expect": item.expect,
        "answer": item.answer,
        "verdict": item.verdict.value,
        "ok": item.ok,
        "assessed": item.assessed,
        "simulated": list(item.simulated),
        "lab": item.lab,
        "reference": item.reference,
        "first_broken_link": item.first_broken_link.value if item.first_broken_link else None,
        "links": {link.value: status.value for link, status in item.links},
        "latency_s": item.latency_s,
        "related_alerts": list(item.related),
        "near_misses": list(item.near_misses),
        "findings": [_finding(found) for found in item.findings],
        "fields": [
            {"record": cell.record, "field": cell.field, "state": cell.state.value}
            for cell in item.fields
        ],
        "blame": item.blame and _blame(item.blame),
        "timeline": [_moment(moment) for moment in item.timeline],
    }


def _blame(item: Blame) -> dict[str, object]:
    return {
        "fault": item.fault.value,
        "reason": item.reason,
        "rules": list(item.rules),
        "lacks": list(item.lacks),
        "fields": list(item.fields),
    }


def _moment(item: Moment) -> dict[str, object]:
    row: dict[str, object] = {
        "kind": item.kind.value,
        "label": item.label,
        "at": rfc3339(item.start_ns),
    }
    if item.end_ns is not None:
        row["until"] = rfc3339(item.end_ns)
    if item.evidence is not None:
        row["evidence"] = item.evidence
    return row


def _finding(found: Finding) -> dict[str, object]:
    row: dict[str, object] = {
        "validator": found.validator,
        "link": found.link.value,
        "status": found.status.value,
        "message": found.message,
        "expected": found.expected,
        "observed": found.observed,
        "evidence": list(found.evidence),
    }
    if found.first_provable:
        row["first_provable"] = found.first_provable
    return row
