"""The one alert of a browser-spawned process (A6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.model.detections import Answer, Branch, BrowserRef, Detection

if TYPE_CHECKING:
    from witnessmark.analytic.tasks import Candidate
    from witnessmark.model.detections import ExecRef
    from witnessmark.model.events import Event

RESPONSIBLE = "responsible"


def alert(found: Candidate) -> Detection:
    """What matched, else what nobody could decide, else what a workflow held back."""
    if found.matched:
        ref, event = found.matched[0]
        return _detection(found, Answer.FIRED, ref, event, [item[0] for item in found.matched])
    if found.undecided:
        ref, event, reason, marked = found.undecided[0]
        refs = [item[0] for item in found.undecided]
        return _detection(found, Answer.UNDETERMINED, ref, event, refs, reason, marked)
    ref, event, workflow, said = found.suppressed[0]
    refs = [item[0] for item in found.suppressed]
    return _detection(found, Answer.SUPPRESSED, ref, event, refs, said, (), workflow)


def _detection(
    found: Candidate,
    answer: Answer,
    ref: ExecRef,
    event: Event,
    refs: list[ExecRef],
    reason: str | None = None,
    marked: tuple[str, ...] = (),
    workflow: str | None = None,
) -> Detection:
    browser = found.browser
    rules = ["A1", *(["A2"] if found.edge == RESPONSIBLE else []), "A4"]
    rules += ["A7"] if found.unknown else []
    return Detection(
        answer=answer,
        branch=Branch.A,
        rules=tuple(rules),
        host=event.host,
        exec=ref,
        matched=tuple(refs),
        browser=None
        if browser is None
        else BrowserRef(pid=browser.token.pid, path=browser.path, edge=found.edge),
        gap_s=None if found.spawn_ns is None else (ref.time_ns - found.spawn_ns) / 1e9,
        severity="high",
        workflow=workflow,
        reason=reason,
        simulated=marked,
        received_ns=event.received_ns,
    )
