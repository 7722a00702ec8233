"""Small evidence for EXAMPLES of alerts: the drop of examples.py, and what a SIEM raised on it."""

from __future__ import annotations

from dataclasses import replace

from witnessmark.judge.api import Alerted, CaseEvidence, Controls
from witnessmark.judge.examples import HOST, MARK, PATH, PAYLOAD, SECOND, SOURCE, T0, drop_exec
from witnessmark.model.alerts import Alert, Alerting, AlertRun, AlertStream
from witnessmark.model.run import Collection, StoreLook
from witnessmark.model.scenario import ExpectedAnswer

RULE = "siem-an0994"
EXEC_NS = T0 + 6 * SECOND


def alert(
    *,
    rule: str = RULE,
    pid: int | None = PAYLOAD,
    path: str | None = "/bin/sh",
    script: str | None = PATH,
    time_ns: int | None = EXEC_NS,
    after_s: float = 3.0,
    host: str | None = HOST,
    text: str = MARK,
    line: int = 1,
    count: int = 1,
) -> Alert:
    """One alert on the example's execution, unless an argument says otherwise."""
    return Alert(
        id=f"{HOST}/{SOURCE}.alerts/{line}",
        line=line,
        text=text,
        rules=(rule,),
        host=host,
        runs=(AlertRun(pid=pid, path=path, script=script, time_ns=time_ns),),
        count=count,
        received_ns=EXEC_NS + int(after_s * SECOND),
    )


def alerted(
    *alerts: Alert,
    controls: bool = True,
    looked_s: float = 300.0,
    problem: str | None = None,
    intact: bool | None = True,
    expect: ExpectedAnswer = ExpectedAnswer.FIRES,
    told: Alerting | None = None,
    detected: bool = True,
    stream: AlertStream | None = None,
) -> CaseEvidence:
    """Evidence of one case whose source has these alerts of its own."""
    case = drop_exec(expect=expect, detected=detected)
    assert case.source is not None
    look = StoreLook(
        taken_ns=EXEC_NS + int(looked_s * SECOND), start=0, end=9, size=9, intact=intact
    )
    declared = told or Alerting(kind="ndjson", rules=((RULE, "AB"),), path="alerts.ndjson")
    return replace(
        case,
        source=replace(case.source, analytic=None, alerts=declared),
        alerted=Alerted(
            collection=Collection(host=HOST, source=f"{SOURCE}.alerts", look=look, problem=problem),
            stream=stream or AlertStream(alerts=alerts),
            controls=Controls(
                before=controls, after=controls, reason="the control raised no alert in time"
            ),
        ),
    )
