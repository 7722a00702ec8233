"""What a run says of a host's unified log itself, beside the cases; it changes no verdict."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from witnessmark.judge import oslog
from witnessmark.judge.oslog import Redaction
from witnessmark.model.verdicts import HostFinding, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from witnessmark.judge.api import CaseEvidence


def log_findings(cases: Iterable[CaseEvidence]) -> Iterator[HostFinding]:
    """Of each host and source that is read from a unified log, in the order of its cases."""
    done = set()
    for case in cases:
        if not oslog.read_from_log(case) or case.source is None:
            continue
        key = (case.case.host, case.source.name)
        if key not in done:
            done.add(key)
            yield from _findings(case)


def _findings(case: CaseEvidence) -> Iterator[HostFinding]:
    yield _canaries(case)
    yield _redaction(case)
    yield _reach(case)
    yield _config(case)
    cut = dict(case.stream.coverage.kinds).get("truncated", 0) if case.stream else 0
    if cut:
        what = "eslogger's records were cut at its limit, and what they said is lost"
        yield _found(case, "cut", Status.FAIL, what, f"{cut} cut")


def _canaries(case: CaseEvidence) -> HostFinding:
    trouble, found = oslog.trouble(case), oslog.canaries(case)
    there = sum(item.event is not None for item in found)
    observed = f"{there} of {len(found)}"
    if trouble is not None:
        return _found(case, "canary", Status.ERROR, f"not known: {trouble}", observed)
    if there < len(found):
        what = "what was written into the log at the default level is not in it"
        return _found(case, "canary", Status.FAIL, what, observed)
    what = "what was written into the log at the default level is in it"
    return _found(case, "canary", Status.PASS, what, observed)


def _redaction(case: CaseEvidence) -> HostFinding:
    """Of the canaries' words; and how many of all messages that were read hide any."""
    states = {item.redaction for item in oslog.canaries(case)} or {Redaction.UNKNOWN}
    order = (Redaction.PRIVATE, Redaction.HASH, Redaction.UNKNOWN, Redaction.CLEAR)
    worst = next(item for item in order if item in states)
    said = [event.message for event in case.stream.events if event.message] if case.stream else []
    hidden = sum(oslog.redaction(item) is not Redaction.CLEAR for item in said)
    observed = f"{worst}; {hidden} of {len(said)} messages hide something"
    status, what = {
        Redaction.CLEAR: (Status.PASS, "what the canaries said can be read"),
        Redaction.UNKNOWN: (Status.ERROR, "no canary was seen, so nobody knows"),
    }.get(worst, (Status.FAIL, "what the canaries said is hidden"))
    return _found(case, "redaction", status, what, observed)


def _reach(case: CaseEvidence) -> HostFinding:
    look, told = (case.collection.look if case.collection else None), oslog.learnt(case)
    if case.oldest_ns is None or look is None:
        why = (told and told.oldest_problem) or "its oldest record could not be read"
        return _found(case, "reach", Status.ERROR, f"not known: {why}", "")
    oldest = dt.datetime.fromtimestamp(case.oldest_ns / 1e9, dt.UTC)
    hours = (look.taken_ns - case.oldest_ns) / 3600e9
    sure = oslog.covered_s(case) / 3600
    observed = f"{hours:.1f} h, without a hole for at least {sure:.0f} h"
    what = f"its oldest record at the default level is of {oldest:%Y-%m-%d %H:%M} UTC"
    return _found(case, "reach", Status.PASS, what, observed)


def _config(case: CaseEvidence) -> HostFinding:
    told = oslog.learnt(case)
    if told is None or not told.config:
        why = (told and told.config_problem) or "it was not asked"
        return _found(
            case, "log-config", Status.ERROR, f"how it is configured is not known: {why}", ""
        )
    return _found(case, "log-config", Status.PASS, "how it is configured is known", told.config)


def _found(
    case: CaseEvidence, what: str, status: Status, message: str, observed: str
) -> HostFinding:
    name = case.source.name if case.source else ""
    return HostFinding(
        host=case.case.host,
        name=f"{what} {name}",
        status=status,
        message=message,
        observed=observed,
    )
