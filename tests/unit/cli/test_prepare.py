"""``prepare`` and ``teardown``: one line per host and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from witnessmark.cli import teardown
from witnessmark.cli.fleet import report
from witnessmark.errors import UsageError
from witnessmark.hosts.outcome import Outcome, PrepareResult

if TYPE_CHECKING:
    from pathlib import Path

GOOD = PrepareResult(host="mac1", outcome=Outcome.OK, changed=True)
SAME = PrepareResult(host="mac2", outcome=Outcome.OK)
BAD = PrepareResult(host="mac3", outcome=Outcome.REFUSED, reason="mac3: no consent; write it")


@pytest.mark.parametrize(
    ("results", "code"), [([GOOD, SAME], 0), ([GOOD, BAD], 1), ([BAD], 3), ([], 0)]
)
def test_the_exit_code_says_whether_all_some_or_none_are_ready(
    results: list[PrepareResult], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {result.host: result for result in results}
    assert report(told, done="prepared", already="was prepared already") == code
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(results)
    if results == [GOOD, SAME]:
        assert lines == [
            "ok          mac1: prepared",
            "ok          mac2: was prepared already",
        ]
    if BAD in results:
        assert lines[-1] == "refused     mac3: no consent; write it"


def test_what_a_host_says_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = PrepareResult(
        host="mac1",
        outcome=Outcome.FAILED,
        reason="mac1: \x1b[2J\x9b31m\nok          mac2: prepared",
    )
    assert report({"mac1": hostile}, done="", already="") == 3
    said = capsys.readouterr().out
    assert said == "failed      mac1: \\x1b[2J\\x9b31m\\x0aok          mac2: prepared\n"


@pytest.mark.parametrize("options", [[], ["--all", "--run", "20261124t042002z-1f0c9a"]])
def test_teardown_must_be_told_what_to_remove(options: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(teardown.command, ["-i", str(tmp_path), *options])
    assert isinstance(result.exception, UsageError)
    assert "either --run RUN_ID or --all" in str(result.exception)
