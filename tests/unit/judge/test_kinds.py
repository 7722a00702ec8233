"""One case as every kind of source tells it: the same receipt, other records, the same verdict.

The records are the synthetic stories of the decoders' tests, with the case's own path in them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.analytic import Engine, load
from witnessmark.judge import examples
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.run import Step, Witness
from witnessmark.model.verdicts import Link, Status, Verdict
from witnessmark.telemetry.decoder import decode
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from witnessmark.judge.api import CaseEvidence

DATA = Path(__file__).parents[1] / "telemetry" / "data"
BEGIN = 1_791_108_000 * 10**9
DROP = b"/Users/kim/Downloads/invoice.sh"
OURS = "/Users/purple/Downloads/invoice.sh"


def told_by(kind: str, *, without: bytes | None = None, whose: Any = None) -> CaseEvidence:
    """The case of a drop that sh runs, with what a source of this kind recorded of it."""
    lines = re.sub(rb"\\+/", b"/", (DATA / f"{kind}.synthetic").read_bytes())
    lines = lines.replace(b"/Users/kim", b"/Users/purple")
    kept = [line for line in lines.splitlines(keepends=True) if not (without and without in line)]
    bare = examples.drop_exec(path=OURS)
    form = decoder_of(kind)
    stream = decode(
        form,
        kept,
        host=examples.HOST,
        source=examples.SOURCE,
        received=lambda _: NOW,
        whose=whose,
    )
    engine = Engine.of(stream, load().parameters)
    found = [item for event in stream.events for item in engine.feed(event)] + engine.finish()
    assert bare.source is not None
    return replace(
        bare,
        act=_moved(bare),
        stream=stream,
        source=replace(bare.source, kind=kind),
        detections=tuple(item for item in found if item.branch.value == "B"),
        deadline_s=60.0,
    )


NOW = BEGIN + 5 * 10**9


def _moved(bare: CaseEvidence) -> Any:
    """The receipt of a shell with pid 301 below 300, at the time of the stories."""
    shift = BEGIN - examples.T0 - 3 * 10**9
    steps = (
        Step(step="drop", path=OURS, to=None, pid=300, ppid=1, status=0),
        Step(step="exec", path=OURS, to=None, pid=301, ppid=300, status=0),
    )
    phases = tuple(
        replace(
            item,
            started_ns=item.started_ns + shift,
            finished_ns=item.finished_ns + shift,
            steps=steps if item.steps else (),
        )
        for item in bare.act.phases
    )
    return replace(
        bare.act, phases=phases, witnesses=(Witness(mark=examples.MARK, pid=301, ppid=300),)
    )


def judged(case: CaseEvidence) -> Any:
    """The verdict; Chrome's drop is a rename, where the example's is a close."""
    drop, *rest = case.case.scenario.records
    records = (replace(drop, event=("close", "rename")), *rest)
    scenario = replace(case.case.scenario, records=records)
    return judge_case(replace(case, case=replace(case.case, scenario=scenario)), validators())


EXEC = {
    "osquery": b'"cmdline": "sh ',
    "elastic": b'"sequence": 5',
    "santa": b"args=sh ",
    "defender": b'"sh /Users',
    "eslogger-oslog": rb"\"args\": [\"sh\"",
}
"""What only the line of the exec has."""
FULL = ("eslogger", "mac-monitor", "eslogger-oslog", "santa", "osquery", "elastic", "defender")


@pytest.mark.parametrize("kind", FULL)
def test_the_case_is_detected_whoever_tells_it(kind: str) -> None:
    result = judged(told_by(kind))
    said = [item.message for item in result.findings if item.status is Status.ERROR]
    assert (result.verdict, said) == (Verdict.DETECTED, [])
    assert dict(result.links)[Link.RECORDED] is Status.PASS
    assert result.assessed


@pytest.mark.parametrize("kind", FULL)
def test_without_its_exec_the_case_is_not_detected_and_never_silent_for_nothing(kind: str) -> None:
    case = told_by(kind, without=EXEC.get(kind, b'"args": ["sh"'))
    result = judged(case)
    assert case.detections == ()
    counted = kind not in ("santa", "defender")
    # The story goes on behind the hole, so a source that counts shows it; others cannot.
    assert result.verdict is Verdict.INCONCLUSIVE
    why = " ".join(item.message for item in result.findings if item.link is Link.RECORDED)
    assert ("missing" in why) == counted
    assert ("no sequence numbers" in why) == (not counted)


def test_what_a_kind_never_says_breaks_no_link() -> None:
    result = judged(told_by("santa"))
    said = [item for item in result.findings if "a source of kind santa never says" in item.message]
    assert said
    assert {item.status for item in said} == {Status.SKIP}
