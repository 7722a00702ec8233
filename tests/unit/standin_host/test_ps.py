"""The stand-in's ps, against this machine's own /proc."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from witnessmark.standin.shims import ps

RUN = """
import sys
from witnessmark.standin.shims import ps
sys.exit(ps.main(sys.argv[2:], sys.argv[1]))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A host whose init is this very process."""
    (tmp_path / "init.pid").write_text(f"{os.getpid()} 1\n")
    return tmp_path / "root"


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, root, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_shows_init_and_its_descendants_only(root: Path) -> None:
    done = run(root, "-axww", "-o", "pid=,ppid=,comm=")
    rows = [line.split(None, 2) for line in done.stdout.splitlines()]
    assert [os.getpid(), 0] in [[int(pid), int(parent)] for pid, parent, _ in rows]
    assert {int(parent) for _, parent, _ in rows} <= {0, *(int(pid) for pid, _, _ in rows)}
    assert str(os.getppid()) not in {pid for pid, _, _ in rows}


def test_executables_lose_the_host_s_prefix(root: Path) -> None:
    browser = root / "Applications/A Browser"
    browser.parent.mkdir(parents=True)
    browser.write_bytes(Path("/bin/sleep").resolve().read_bytes())
    browser.chmod(0o755)
    with subprocess.Popen([browser, "60"]) as child:
        try:
            done = run(root, "-p", str(child.pid), "-o", "comm=")
        finally:
            child.kill()
    assert done.stdout == "/Applications/A Browser\n"


def test_the_start_time_is_macos_s_and_stable(root: Path) -> None:
    ask = ("-o", "lstart=", "-p", str(os.getpid()))
    first, second = (run(root, *ask).stdout for _ in range(2))
    assert first == second
    weekday, month, day, clock, year = first.split()
    assert (len(weekday), len(month), clock.count(":"), len(year)) == (3, 3, 2, 4)
    assert 1 <= int(day) <= 31


def test_a_pid_of_another_host_or_of_nobody_is_not_found(root: Path) -> None:
    for pid in (1, os.getppid(), 2**22 + 1):
        done = run(root, "-p", str(pid), "-o", "pid=")
        assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "columns", "pids"),
    [
        (["-axww", "-o", "pid=,ppid=,comm="], [("pid", ""), ("ppid", ""), ("comm", "")], None),
        (["axo", "pid,comm"], [("pid", "PID"), ("comm", "COMM")], None),
        (["-o", "pid=ID", "-opid="], [("pid", "ID"), ("pid", "")], None),
        (["-p1,2", "-p", "3", "-o", "pid="], [("pid", "")], {1, 2, 3}),
    ],
)
def test_it_reads_options_as_macos_does(
    arguments: list[str], columns: list[tuple[str, str]], pids: set[int] | None
) -> None:
    assert ps.parse(arguments) == (columns, pids)


@pytest.mark.parametrize(
    "arguments", [[], ["-ax"], ["-o", "rss="], ["-o", ""], ["-Z"], ["-p", "x", "-o", "pid="]]
)
def test_it_refuses_what_it_cannot_answer(root: Path, arguments: list[str]) -> None:
    done = run(root, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ps: ")
    assert "Traceback" not in done.stderr


def test_columns_align_as_on_a_mac() -> None:
    columns = [("pid", "PID"), ("comm", "COMM")]
    rows = [{"pid": "7", "comm": "/bin/sh"}, {"pid": "1234", "comm": "/sbin/launchd"}]
    assert ps.table(columns, rows) == [" PID COMM", "   7 /bin/sh", "1234 /sbin/launchd"]
    assert ps.table([("pid", ""), ("comm", "")], rows)[0] == "   7 /bin/sh"
    assert ps.table([("pid", "")], []) == []
