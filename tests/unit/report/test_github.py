"""Workflow commands as a GitHub runner reads them: ten at most, and no data ends one."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from witnessmark.model.verdicts import CaseVerdict, RunVerdict
from witnessmark.report import github
from witnessmark.report.plain import visible


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """What a runner makes of a line (the rules of its ActionCommand.TryParseV2)."""
    assert line.startswith("::")
    assert "\n" not in line
    assert "\r" not in line
    info, _, data = line[2:].partition("::")
    name, _, rest = info.partition(" ")
    pairs = [part.split("=", 1) for part in rest.split(",") if part]
    return name, {key: undone(value) for key, value in pairs}, undone(data)


def undone(text: str) -> str:
    for seen, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(seen, meant)
    return text


def test_every_case_that_is_not_ok_is_one_error_that_names_file_case_and_reason(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    broken = replace(judged(without="exec"), id="x:mac1")
    (line,) = github.workflow_commands(a_run(judged(), broken))
    level, properties, message = parsed(line)
    assert level == "error"
    assert properties == {
        "file": "scenarios/drop-exec/x01-example/scenario.yaml",
        "title": "witnessmark: x:mac1",
    }
    assert message.startswith("blind (not recorded) at recorded: ")
    assert "no exec of" in message or "no such" in message


def test_all_good_says_nothing(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    assert github.workflow_commands(a_run(judged())) == []


def test_nothing_assessed_is_a_warning(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    (line,) = github.workflow_commands(a_run(judged(skipped="no zsh")))
    assert parsed(line)[0] == "warning"
    assert "says nothing about coverage" in line


def test_of_many_the_tenth_says_how_many_more(
    a_run: Callable[..., RunVerdict], judged: Callable[..., CaseVerdict]
) -> None:
    ten = github.workflow_commands(a_run(*[judged(without="exec")] * 10))
    assert len(ten) == 10
    assert "more cases" not in ten[-1]
    many = github.workflow_commands(a_run(*[judged(without="exec")] * 30))
    assert len(many) == 10
    assert parsed(many[-1])[2] == "21 more cases are not as they should be"


def test_nasty_text_stays_in_its_place(flooded: Callable[[str], RunVerdict], nasty: str) -> None:
    lines = github.workflow_commands(flooded(nasty))
    assert len(lines) == len(github.workflow_commands(flooded("x")))
    for line in lines:
        level, properties, message = parsed(line)
        assert level == "error"
        assert set(properties) == {"file", "title"}
        assert properties["title"] == f"witnessmark: {visible(nasty)}"
        assert visible(nasty)[:500] in message
        assert "##[" not in line


TEXT = st.text(st.characters() | st.sampled_from(":,=%\n\r"), min_size=1)


@given(TEXT, TEXT)
def test_a_runner_reads_back_what_was_said(message: str, title: str) -> None:
    level, properties, told = parsed(github.command("error", message, title))
    assert (level, set(properties)) == ("error", {"title"})
    assert properties["title"] == undone(f"witnessmark: {visible(title)}".replace("%", "%25"))
    assert undone(visible(message[: github.LONGEST]).replace("%", "%25")) == told
