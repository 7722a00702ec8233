"""Small evidence for EXAMPLES of delivery: the drop of examples.py, and a copy that arrived."""

from __future__ import annotations

from dataclasses import replace

from witnessmark.judge.api import Arrived, CaseEvidence, Controls
from witnessmark.judge.examples import SECOND, T0, drop_exec
from witnessmark.model.events import BadLine, Coverage
from witnessmark.model.hosts import Destination


def delivered(
    *,
    without: str | None = None,
    after_s: float = 0.5,
    controls: bool = True,
    problem: str | None = None,
    bad: bool = False,
    looked_s: float = 120.0,
    clock_offset_s: float | None = 0.0,
) -> CaseEvidence:
    """Evidence of one case whose records were delivered, whole unless an argument breaks it.

    The destination's deadline is 60 s, and its file was read until ``looked_s`` after the drop.
    """
    case = drop_exec(received_after_s=after_s)
    assert case.source is not None
    assert case.stream is not None
    assert case.collection is not None
    assert case.collection.look is not None
    where = Destination(kind="ndjson", path="es.ndjson", deadline_s=60.0)
    look = replace(case.collection.look, taken_ns=T0 + int((4 + looked_s) * SECOND))
    events = tuple(
        replace(
            item,
            id=item.id.replace("eslogger", "eslogger.delivered"),
            received_ns=item.time_ns + int(after_s * SECOND),
        )
        for item in case.stream.events
        if item.kind.value != without
    )
    wrong = (BadLine(line=2, reason="no JSON", time_ns=T0 + 5 * SECOND),) if bad else ()
    stream = replace(
        case.stream, events=events, coverage=Coverage(lines=2, events=len(events), bad=wrong)
    )
    return replace(
        case,
        facts=replace(case.facts, clock_offset_s=clock_offset_s),
        source=replace(case.source, destination=where),
        arrived=Arrived(
            collection=replace(case.collection, look=look, problem=problem),
            stream=stream,
            detections=() if without else case.detections,
            controls=Controls(
                before=controls, after=controls, reason="the control was not delivered"
            ),
        ),
    )
