"""Every output tells the same truth, and hostile text stays inert in each."""

import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from witnessmark.judge import examples
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import ControlVerdict, HostFinding, RunVerdict, Status, Verdict
from witnessmark.report import summary, table, verdicts_json
from witnessmark.report.plain import visible

HOSTILE = "x\x1b[31mred\x1b]0;t\x07\n::error::\u202egnp.\u2028<script>&\udcff"


def run(*cases: examples.CaseEvidence) -> RunVerdict:
    return RunVerdict(
        run_id="20261124t042002z-1f0c9a",
        origin="stand-in",
        started="2026-11-24T04:20:02Z",
        finished="2026-11-24T04:20:12Z",
        as_of="2026-11-24T04:20:12Z",
        tool="witnessmark test",
        bag_sha256="0" * 64,
        cases=tuple(judge_case(item, validators()) for item in cases),
        controls=(
            ControlVerdict(
                host="example", source="eslogger", branch="B", before=True, after=True, reason="ok"
            ),
        ),
        hosts=({"name": "example", "facts": {}},),
        sources=({"name": "eslogger", "kind": "eslogger", "role": "organisation"},),
    )


def shown(verdict: RunVerdict, width: int = 140) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    console.print(table.render(verdict, width))
    return stream.getvalue()


def hostile() -> RunVerdict:
    base = run(examples.drop_exec(without="exec"))
    case = base.cases[0]
    findings = tuple(replace(item, message=HOSTILE, observed=HOSTILE) for item in case.findings)
    return replace(base, cases=(replace(case, findings=findings),))


def test_visible_leaves_nothing_active() -> None:
    text = visible(HOSTILE)
    assert text.isprintable()
    assert "\\x1b[31m" in text
    assert "\\u202e" in text
    assert "\\udcff" in text
    assert visible("plain ü 日本") == "plain ü 日本"


def test_table_names_verdict_and_first_broken_link() -> None:
    text = shown(run(examples.drop_exec(), examples.drop_exec(without="exec")))
    assert "detected in 0.10 s" in text
    assert "blind (not recorded)" in text
    assert "1 of 2 assessed cases are as they should be" in text
    assert text.count("recorded fail: no exec of") == 1


@pytest.mark.parametrize("width", [40, 80, 140])
def test_table_holds_at_any_width(width: int) -> None:
    assert max(map(len, shown(run(examples.drop_exec()), width).splitlines())) <= width


def test_table_keeps_hostile_text_inert() -> None:
    text = shown(hostile())
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_nothing_assessed_is_said_loudly() -> None:
    text = shown(run(examples.drop_exec(skipped="no zsh")))
    assert "says nothing about coverage" in text
    assert "as they should be" not in text


def test_verdicts_json_is_plain_ascii_and_complete() -> None:
    raw = verdicts_json.render(hostile())
    assert raw.isascii()
    found = json.loads(raw)
    assert found["cases"][0]["first_broken_link"] == "recorded"
    assert found["cases"][0]["links"]["acted"] == "pass"
    assert list(found["cases"][0]["links"]) == [
        "acted",
        "recorded",
        "delivered",
        "detected",
        "retained",
        "cleaned",
    ]


def test_totals_keep_lab_and_unassessed_cases_apart() -> None:
    verdict = run(
        examples.drop_exec(),
        examples.drop_exec(skipped="no zsh"),
        examples.drop_exec(detected=False, expect=ExpectedAnswer.SILENT),
    )
    lab = replace(verdict.cases[0], lab=True)
    count = verdicts_json.totals(replace(verdict, cases=(*verdict.cases, lab)))
    assert count == {
        "cases": 4,
        "by_verdict": {"detected": 1, "not applicable": 1, "silent as expected": 1},
        "assessed": 2,
        "ok": 2,
        "not_assessed": 1,
        "lab": 1,
    }


@pytest.mark.parametrize("width", [40, 200])
def test_nasty_text_stays_inert_in_the_table(
    flooded: Callable[[str], RunVerdict], nasty: str, width: int
) -> None:
    text = shown(flooded(nasty), width)
    assert all(char == "\n" or char.isprintable() for char in text)
    assert "##[" not in text
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_nasty_text_comes_back_whole_from_verdicts_json(
    flooded: Callable[[str], RunVerdict], nasty: str
) -> None:
    raw = verdicts_json.render(flooded(nasty))
    assert raw.isascii()
    assert "##[" not in raw
    found = json.loads(raw)
    assert found["cases"][1]["findings"][0]["message"] == nasty
    assert found["cases"][1]["id"] == nasty


def test_a_case_that_was_not_assessed_needs_no_reason_unless_a_link_broke() -> None:
    (case,) = run(examples.drop_exec(without="exec")).cases
    assert summary.reasons(case)
    quiet = replace(case, verdict=Verdict.NOT_ASSESSED, first_broken_link=None)
    assert summary.reasons(quiet) == []
    broken = replace(case, verdict=Verdict.NOT_ASSESSED)
    assert summary.reasons(broken) == summary.reasons(case)


def test_the_table_names_the_source_only_where_there_is_more_than_one() -> None:
    base = run(examples.drop_exec(), examples.drop_exec())
    one, two = base.cases
    assert "eslogger  " not in shown(base).split("control on")[0]
    both = replace(base, cases=(one, replace(two, source="second"), replace(two, source=None)))
    text = shown(both, 200).split("control on")[0]
    assert "source" in text
    assert "second" in text


def test_a_host_of_which_all_is_known_has_no_line_about_what_is_not() -> None:
    known = HostFinding(host="example", name="sip", status=Status.PASS, message="it is on")
    base = run(examples.drop_exec())
    assert "not known of" not in shown(replace(base, host_findings=(known,)))
    untold = replace(known, status=Status.ERROR, host="other")
    assert "not known of other: sip" in shown(replace(base, host_findings=(known, untold)))
