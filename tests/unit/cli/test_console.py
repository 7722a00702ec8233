"""Progress and tables: rows in a terminal, plain lines in a pipe, colours only where wanted."""

import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from witnessmark.cli import console
from witnessmark.judge import examples
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.verdicts import RunVerdict

SCRIPT = """
import sys
from witnessmark.cli import console
from witnessmark.judge import examples
from witnessmark.model.hosts import Host, Origin
from witnessmark.model.run import Act, Plan
base = examples.drop_exec()
from dataclasses import replace
hosts = [Host(name=name, origin=Origin.MAC, connection="ssh") for name in ("mac1", "mac2")]
cases = [replace(base.case, id=f"x{n}:{h.name}", host=h.name) for n in range(3) for h in hosts]
plan = Plan(
    run_id="r", profile=None, window_s=1, late_arrival_s=1, hosts=tuple(hosts), cases=tuple(cases)
)
with console.watching(plan, quiet="quiet" in sys.argv) as watch:
    watch.stage("prepare: mac1, mac2")
    for case in cases:
        gone = "mac2: gone \\x1b[2J\\nmore" if case.id == "x2:mac2" else None
        watch.acted(case, replace(base.act, error=gone))
    watch.stage("teardown")
"""


def in_a_terminal(*args: str, width: int = 80, **env: str) -> str:
    """What the script writes to a terminal of that width."""
    leader, follower = pty.openpty()
    clean = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    given = {**clean, "TERM": "xterm-256color", "COLUMNS": str(width), "LINES": "30", **env}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *args], env=given, stderr=follower, stdin=follower
    ) as process:
        os.close(follower)
        said = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            said += part
    os.close(leader)
    assert process.returncode == 0
    return said.decode()


def in_a_pipe(*args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *args], capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


def test_a_terminal_shows_a_row_per_host_with_its_count_and_last_case() -> None:
    said = in_a_terminal()
    assert "mac1" in said
    assert "3/3" in said
    assert "x2:mac1: acted" in said
    assert "witnessmark: teardown" in said


def test_what_went_wrong_stays_as_a_line_and_stays_inert() -> None:
    said = in_a_terminal()
    assert "  x2:mac2: could not be acted (mac2: gone \\x1b[2J)" in said
    assert "\x1b[2J" not in said


def test_no_color_is_respected() -> None:
    assert "\x1b[38;5;" in in_a_terminal() or "\x1b[35m" in in_a_terminal()
    plain = in_a_terminal(NO_COLOR="1")
    assert "\x1b[38;5;" not in plain
    assert "\x1b[35m" not in plain


@pytest.mark.parametrize("width", [40, 60, 120])
def test_rows_fit_the_terminal(width: int) -> None:
    said = in_a_terminal(width=width, NO_COLOR="1")
    rows = re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said))
    assert max(len(row) for row in rows if row.startswith("mac")) <= width


def test_a_pipe_gets_plain_lines() -> None:
    said = in_a_pipe()
    assert said.splitlines()[:2] == ["witnessmark: prepare: mac1, mac2", "  x0:mac1: acted"]
    assert set(said) <= {"\n", *map(chr, range(32, 127))}
    assert len(said.splitlines()) == 8


def test_quiet_says_nothing() -> None:
    assert in_a_pipe("quiet") == ""
    assert in_a_terminal("quiet") == ""


def test_no_line_of_the_table_is_a_command_for_a_ci_runner() -> None:
    case = judge_case(examples.drop_exec(without="exec"), validators())
    for pad in range(1950, 2010, 4):
        text = "A" * pad + " ::error::x ##[error]y"
        said = tuple(replace(item, message=text) for item in case.findings)
        run = RunVerdict(
            run_id="r", origin="mac", started="", finished="", as_of="", tool="", bag_sha256="",
            cases=(replace(case, findings=said),), controls=(), hosts=(), sources=(),
            notes=("::error::in a note",),
        )  # fmt: skip
        lines = console.plain(run).splitlines()
        assert not [line for line in lines if line.lstrip().startswith("::")]
        assert not [line for line in lines if "##[" in line]
        assert any(":error::x" in line for line in lines)
