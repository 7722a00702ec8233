"""What a verdict tells beside its findings: who answered, what was related, what a run was like."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from witnessmark.bag.agreement import described
from witnessmark.judge import naming, tied
from witnessmark.model.hosts import Role

if TYPE_CHECKING:
    from witnessmark.bag.read import Bag
    from witnessmark.judge.api import CaseEvidence
    from witnessmark.model.alerts import Alert
    from witnessmark.model.detections import Detection
    from witnessmark.model.hosts import Source

TIME_FORM = "%Y-%m-%dT%H:%M:%SZ"
OURS = "the embedded engine the deployed analytic"


def related(case: CaseEvidence) -> tuple[str, ...]:
    """Alerts that belong to a case and never count, in words."""
    if case.alerted is not None:
        return tuple(_alert(case, item) for item in naming.related(case))
    return tuple(_detection(item) for item in tied.related(case.analysed))


def _alert(case: CaseEvidence, item: Alert) -> str:
    who = [
        f"{run.script or run.path or 'a process'}{'' if run.pid is None else f' (pid {run.pid})'}"
        for run in item.runs[:3]
    ]
    how = naming.tie(case, item)
    why = f"{how.value}" if how is naming.Tie.ELSEWHERE else "it names another process"
    if not naming.stands_for(case, item):
        why = "its rule does not stand for the analytic"
    return f"{item.id} of {item.rules[0]} on {', '.join(who) or 'no process'}: {why}"


def _detection(item: Detection) -> str:
    what = item.exec.script or item.exec.path
    return f"branch {item.branch.value} {item.answer.value} on {what} (pid {item.exec.pid})"


def _who_answers(source: Source) -> str | None:
    """Who is judged as the analytic of an organisation's source."""
    if source.role is not Role.ORGANISATION:
        return None
    if source.alerts is not None:
        rest = (
            "the embedded engine is the reference that splits blame."
            if source.records
            else "it has no records, so nothing more is judged, nor whose fault a miss is."
        )
        return (
            f"Source {source.name}: detected is judged on its own alerts of "
            f"{', '.join(name for name, _ in source.alerts.rules)}; {rest}"
        )
    if source.analytic == "embedded":
        return (
            f"Source {source.name}: no alerts of its own are declared, so detected is what the "
            "embedded engine makes of its telemetry, not what a rule of yours raised."
        )
    return None


def sources(bag: Bag) -> tuple[dict[str, str], ...]:
    """Every source with its kind and role, and who answers for it."""
    rows = {
        (source.name, source.kind, source.role.value, _answered_by(source))
        for host in bag.record.plan.hosts
        for source in host.sources
    }
    return tuple(
        {"name": name, "kind": kind, "role": role, "answered_by": by}
        for name, kind, role, by in sorted(rows)
    )


def _never(source: Source) -> str:
    return (
        "a unified log alone shows no command line, no parent and no file write. That is the "
        f"coverage gap of a source of kind {source.kind}, and nobody's failure; with `eslogger "
        "--oslog` its kind is eslogger-oslog."
    )


def _answered_by(source: Source) -> str:
    if source.alerts is not None:
        names = ", ".join(name for name, _ in source.alerts.rules)
        return f"its own alerts of {names}"
    return "the embedded engine" if source.analytic == "embedded" else "nobody"


def notes(bag: Bag) -> tuple[str, ...]:
    """What a run says of itself."""
    record = bag.record
    played = any(act.phases for act in record.acts)
    exercised = "2 of 3" if played else "0 of 3"
    notes = [f"{exercised} ATT&CK log-source references exercised; NSM:Flow never is."]
    if any(host.origin.value == "stand-in" for host in record.plan.hosts):
        own = any(x.alerts is not None for host in record.plan.hosts for x in host.sources)
        plays = "its own few rules raise the alerts" if own else OURS
        notes.append(
            "Origin stand-in: the stand-in plays the organisation; its recorder is the sensor and "
            f"{plays}. This proves the suite, not your coverage."
        )
    notes += dict.fromkeys(
        f"Source {source.name}: {_never(source)}"
        for host in record.plan.hosts
        for source in host.sources
        if source.kind == "unifiedlog"
    )
    notes += dict.fromkeys(
        note
        for host in record.plan.hosts
        for source in host.sources
        if (note := _who_answers(source)) is not None
    )
    notes += [
        f"Resumed: the controller was gone from {moment(item.since_ns)} to "
        f"{moment(item.until_ns)}; what was under way then is inconclusive."
        for item in record.absences
    ]
    if record.plan.notice is not None:
        announced = record.plan.notice
        notes.append(
            f"Announced to the SOC by notice {announced.sha256}, signed by "
            f"{announced.signer} ({announced.key}), for "
            f"{moment(announced.begins_ns)} to {moment(announced.ends_ns)}."
        )
    if not described(bag.names):
        notes.append(
            "This bag does not hold its scenarios' own scenario.yaml, as bags of older versions: "
            "what each case should get is what run.json says, and nothing beside it."
        )
    notes += [f"Injected on purpose: {fault}" for fault in record.faults]
    return tuple(notes)


def moment(moment_ns: int) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return dt.datetime.fromtimestamp(moment_ns / 1e9, dt.UTC).strftime(TIME_FORM)
