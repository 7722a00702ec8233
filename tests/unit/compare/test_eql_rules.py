"""EQL rules as Elastic's own engine answers them."""

from __future__ import annotations

from typing import Any

import pytest

DROP = "/Users/kim/Downloads/tool"
SEQUENCE = (
    "sequence by host.id with maxspan=10m\n"
    '  [file where event.type != "deletion" and file.path : "/Users/*/Downloads/*"] by file.path\n'
    '  [process where event.type == "start"] by process.executable\n'
)


def shell(tape: Any) -> Any:
    return tape.spawn(tape.chrome(), "/bin/sh", ["sh", "-c", "x"])


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ('process where process.name == "SH"', 1),
        ('process where process.parent.name : "Google*" and process.name in ("sh", "zsh")', 1),
        ('process where process.args : ("-e", "-c")', 1),
        ('process where process.args in ("-e", "-x")', 0),
        ('process where process.args : "s*" and process.name == "sh"', 1),
        ('process where not process.args : "-c" and process.name == "sh"', 0),
        ('process where process.args_count > 2 and process.name == "sh"', 1),
        ('process where length(process.args) == 3 and process.name == "sh"', 1),
        ('process where process.name == "sh" and process.code_signature.trusted == true', 1),
        ('file where file.path : "*"', 0),
        ('process where process.name regex "s?h"', 1),
    ],
)
def test_a_rule_holds_or_does_not(ask: Any, tape: Any, query: str, hits: int) -> None:
    shell(tape)
    outcome = ask(query, tape, suffix="eql")
    assert outcome.problem is None
    assert len(outcome.hits) == hits
    assert not hits or outcome.hits[0] == (tape.events[-1].id,)


@pytest.mark.parametrize(
    ("query", "unsaid"),
    [
        ('process where process.name == "sh" and process.hash.md5 == "x"', ["process.hash.md5"]),
        ('process where process.name == "sh" and not user.name == "x"', ["user.name"]),
        ('process where process.name == "sh" and ?user.name == null', ["user.name"]),
        ('process where process.name == "sh" and ?user.name != null', ["user.name"]),
        ('process where process.name == "other" and user.name == "x"', []),
    ],
)
def test_a_field_that_nobody_told_decides_nothing(
    ask: Any, tape: Any, query: str, unsaid: list[str]
) -> None:
    shell(tape)
    outcome = ask(query, tape, suffix="eql")
    assert outcome.problem is None
    assert outcome.hits == ()
    assert [item.strip("?") for one in outcome.open for item in one.fields] == unsaid


def test_a_drop_is_joined_to_its_execution(ask: Any, tape: Any) -> None:
    drop = tape.write(DROP)
    tape.wait(3)
    tape.spawn(tape.terminal, DROP)
    outcome = ask(SEQUENCE, tape, suffix="eql")
    assert outcome.hits == ((drop.id, tape.events[-1].id),)
    assert outcome.needs == ("file_event", "process_creation")


@pytest.mark.parametrize(("wait", "hits"), [(599, 1), (601, 0)])
def test_the_span_is_counted_in_seconds(ask: Any, tape: Any, wait: int, hits: int) -> None:
    tape.write(DROP)
    tape.wait(wait)
    tape.spawn(tape.terminal, DROP)
    assert len(ask(SEQUENCE, tape, suffix="eql").hits) == hits


def test_nothing_is_joined_by_what_nobody_told(ask: Any, tape: Any) -> None:
    tape.write(DROP)
    tape.spawn(tape.terminal, DROP)
    query = SEQUENCE.replace("by file.path", "by user.id").replace(
        "by process.executable", "by user.id"
    )
    outcome = ask(query, tape, suffix="eql")
    assert outcome.problem is None
    assert outcome.hits == ()
    assert {item.event_id for item in outcome.open} >= {tape.events[-1].id}


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("process where", "cannot be run: EqlSyntaxError"),
        ("network where true", "reads network events"),
        ("any where true", "reads any events"),
        ("join [file where true] [process where true]", "is a join, and only queries"),
        ('process where process.name == "sh" | head 1', "ends in the pipe head"),
        ("process where nosuch(process.name)", "cannot be run: Eql"),
        ('process where process.name : "s?"', "the wildcard ? is not known here"),
        ("((((", "cannot be run: EqlSyntaxError"),
        ("", "is empty"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(ask: Any, tape: Any, query: str, problem: str) -> None:
    outcome = ask(query, tape, suffix="eql")
    assert problem in (outcome.problem or "")
    assert "\n" not in outcome.problem
    assert outcome.hits == outcome.open == ()


def test_a_pattern_that_never_ends_is_stopped(ask: Any, tape: Any) -> None:
    tape.spawn(tape.terminal, "/bin/sh", ["a" * 40 + "b"])
    query = 'process where process.command_line regex "(a+)+$"'
    outcome = ask(query, tape, suffix="eql", limit_s=0.2)
    assert outcome.problem == "took more than 0.2 s of processor time"


def test_elastics_rule_files_are_read(ask: Any, tape: Any) -> None:
    shell(tape)
    query = "query = 'process where process.name == \"sh\"'"
    rule = f'[rule]\nname = "n"\nlanguage = "eql"\n{query}\n'
    assert len(ask(rule, tape, suffix="toml").hits) == 1
    assert "'kuery'" in ask(rule.replace("eql", "kuery"), tape, suffix="toml").problem
    assert "is no TOML" in ask("[rule", tape, suffix="toml").problem
    assert "has no [rule]" in ask("a = 1", tape, suffix="toml").problem
