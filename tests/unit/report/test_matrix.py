"""What a source told of each case, in words: what is present is counted, all else is named."""

import io
import json
from collections.abc import Callable
from dataclasses import replace

from rich.console import Console

from witnessmark.model.matrix import Cell, Dimension, Quality, State
from witnessmark.model.verdicts import Blame, CaseVerdict, Fault, RunVerdict
from witnessmark.report import matrix, table, verdicts_json

PRESENT = Cell(record="exec", field="args", state=State.PRESENT)
EMPTY = Cell(record="exec", field="target.parent", state=State.MISSING)
GONE = Cell(record="drop", field="", state=State.NEVER)
LATE = Cell(record="drop", field="path", state=State.LATE)


def test_what_is_present_is_only_counted_and_the_rest_is_named_in_the_order_of_states(
    judged: Callable[..., CaseVerdict],
) -> None:
    case = replace(judged(), fields=(GONE, LATE, EMPTY, EMPTY, PRESENT))
    assert matrix.cell(case) == [
        ("present", "1 of 5"),
        ("missing", "exec: target.parent"),
        ("late", "drop: path"),
        ("never", "drop"),
    ]


def test_a_case_whose_source_keeps_no_records_has_no_row(
    judged: Callable[..., CaseVerdict],
) -> None:
    assert matrix.cell(replace(judged(), fields=())) == []


def measured(a_run: Callable[..., RunVerdict], *cases: CaseVerdict) -> RunVerdict:
    known = Dimension(name="timeliness", share=0.5, text="1 of 2 in time")
    unknown = Dimension(name="retention", share=None, text="nobody could look")
    quality = (Quality(source="eslogger", dimensions=(known, unknown)),)
    return replace(a_run(*cases), quality=quality)


def test_each_source_s_fields_are_counted_over_its_own_cases_alone(
    judged: Callable[..., CaseVerdict], a_run: Callable[..., RunVerdict]
) -> None:
    one = replace(judged(), source="eslogger", fields=(PRESENT, EMPTY, GONE))
    two = replace(one, fields=(PRESENT, EMPTY))
    other = replace(one, source="santa", fields=(LATE,))
    assert list(matrix.lines(measured(a_run, one, two, other))) == [
        "eslogger: exec: target.parent missing (2 times)",
        "eslogger: drop never (1 times)",
        "eslogger: timeliness 50% (1 of 2 in time)",
        "eslogger: retention unknown (nobody could look)",
    ]


def test_the_terminal_and_verdicts_json_tell_the_same_of_fields_and_quality(
    judged: Callable[..., CaseVerdict], a_run: Callable[..., RunVerdict]
) -> None:
    run = measured(a_run, replace(judged(), source="eslogger", fields=(EMPTY,)))
    stream = io.StringIO()
    Console(file=stream, width=200).print(table.render(run, 200))
    assert "eslogger: exec: target.parent missing (1 times)" in stream.getvalue()
    assert "eslogger: retention unknown (nobody could look)" in stream.getvalue()
    told = json.loads(verdicts_json.render(run))
    assert told["cases"][0]["fields"] == [
        {"record": "exec", "field": "target.parent", "state": "missing"}
    ]
    assert [item["share"] for item in told["quality"][0]["dimensions"]] == [0.5, None]


def test_whose_fault_a_wrong_answer_is_stands_in_the_terminal_and_in_verdicts_json(
    judged: Callable[..., CaseVerdict], a_run: Callable[..., RunVerdict]
) -> None:
    blame = Blame(fault=next(iter(Fault)), reason="B4 is not there", rules=("B4",), lacks=("B4",))
    case = judged(detected=False)
    run = a_run(replace(case, blame=blame), replace(case, id="x02:example", blame=blame))
    stream = io.StringIO()
    Console(file=stream, width=200).print(table.render(run, 200))
    said = f"{case.id} and 1 more: blame {blame.fault.value}: B4 is not there"
    assert said in stream.getvalue()
    first, _ = json.loads(verdicts_json.render(run))["cases"]
    assert first["blame"] == {
        "fault": blame.fault.value,
        "reason": "B4 is not there",
        "rules": ["B4"],
        "lacks": ["B4"],
        "fields": [],
    }
