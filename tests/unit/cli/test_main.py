"""The command line: fast help, one sentence per error, and its own exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from witnessmark import cli
from witnessmark.errors import ContentError, HostError, UsageError, WitnessmarkError

HEAVY = ("paramiko", "pydantic", "yaml", "ansible_runner", "rich", "junit_xml", "cryptography")


def call(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "witnessmark", *args],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv=['witnessmark','--help']\n"
        "from witnessmark.cli import cli\n"
        "try: cli()\n"
        "except SystemExit: pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for name in cli.COMMANDS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_help_with_a_sentence(name: str) -> None:
    done = CliRunner().invoke(cli.cli, [name, "--help"])
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()[2]) > 20


def test_list_shows_what_ships() -> None:
    done = call("list")
    assert done.returncode == 0
    assert "p11-quarantined-download" in done.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("run", "-i", "no/such.yaml"), "no/such.yaml"),
        (("judge", "no/such"), "no evidence bag here"),
        (("nonsense",), "No such command 'nonsense'"),
        (("plann",), "No such command 'plann'; did you mean plan?"),
        (("demo", "--fault", "nonsense"), "drop-payload-exec"),
        (("run",), "standin up"),
    ],
)
def test_a_usage_error_is_one_sentence_and_exit_2(
    args: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = call(*args, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


HOSTILE = "x\x1b]0;owned\x07\x9b31m\u202e\r"


@pytest.mark.parametrize(
    ("args", "status"),
    [
        ((HOSTILE,), 2),
        ((f"--{HOSTILE}",), 2),
        (("judge", f"--{HOSTILE}"), 2),
        (("judge", HOSTILE), 2),
        (("judge", ".", "--as-of", HOSTILE), 2),
        (("judge", "\udcff\x1b[2J"), 2),
        (("run", "-i", HOSTILE), 2),
        (("detect", HOSTILE), 2),
        (("detect", "a", "--format", HOSTILE), 2),
        (("teardown", "--run", HOSTILE, "-i", HOSTILE), 2),
        (("demo", "--fault", HOSTILE), 2),
    ],
)
def test_no_argument_moves_the_cursor(args: tuple[str, ...], status: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "witnessmark", *args], capture_output=True, cwd=tmp_path, check=False
    )
    assert done.returncode == status
    said = (done.stderr + done.stdout).decode()
    assert "\\x1b" in said
    assert all(char == "\n" or char.isprintable() for char in said), repr(said)


def test_what_click_says_keeps_its_form(tmp_path: Path) -> None:
    assert call("judge", cwd=tmp_path).stderr.splitlines() == [
        "Usage: python -m witnessmark judge [OPTIONS] PATH",
        "Try 'python -m witnessmark judge --help' for help.",
        "",
        "Error: Missing argument 'PATH'. No run is in reports/: `witnessmark demo` makes one.",
    ]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ContentError(["a.yaml:3: bad", "b.yaml:4: worse"]), 2),
        (UsageError("no"), 2),
        (HostError("mac1: gone"), 3),
        (WitnessmarkError("x"), 2),
    ],
)
def test_errors_of_ours_have_their_exit_code(
    error: WitnessmarkError,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli.cli, "main", fail)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == status
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"witnessmark: {line}" for line in str(error).splitlines()]


@pytest.mark.parametrize(
    ("notes", "said"), [((), "interrupted"), (("run x in y: z",), "interrupted; run x in y: z")]
)
def test_an_interruption_says_what_became_of_the_run(
    notes: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        problem = KeyboardInterrupt()
        for note in notes:
            problem.add_note(note)
        raise problem

    monkeypatch.setattr(cli.cli, "invoke", fail)
    monkeypatch.setattr(sys, "argv", ["witnessmark", "list"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 130
    assert capsys.readouterr().err.strip() == said


@pytest.mark.parametrize("args", [("judge", "a\nb"), ("detect", "a\nb"), ("run", "-i", "a\nb")])
def test_a_line_break_in_a_name_makes_no_second_line(args: tuple[str, ...], tmp_path: Path) -> None:
    done = call(*args, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("witnessmark: a\\x0ab: ")


@pytest.mark.parametrize("moment", ["yesterday", "%Y", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_moment_that_cannot_be_is_a_usage_error(moment: str, tmp_path: Path) -> None:
    done = call("judge", ".", "--as-of", moment, cwd=tmp_path)
    assert done.returncode == 2
    assert f"Invalid value for '--as-of': '{moment}" in done.stderr
    assert done.stderr.count("%") == moment.count("%"), "no format of C's is shown"


@pytest.mark.parametrize(
    "command", [["judge"], ["report"], ["resume"], ["compare", "--rules", "x"]]
)
def test_who_names_no_run_is_told_the_newest(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.cli, command)
    assert (done.exit_code, "`witnessmark demo` makes one" in done.output) == (2, True)
    for name in ("20261124t171048z-08e2f8", "20261123t171048z-ffffff"):
        (tmp_path / "reports" / name).mkdir(parents=True)
    done = CliRunner().invoke(cli.cli, command)
    assert "The newest run here is reports/20261124t171048z-08e2f8" in done.output


def test_a_demo_without_alerts_breaks_none() -> None:
    done = call("demo", "--fault", "alerts-dead")
    assert (done.returncode, done.stdout) == (2, "")
    assert "standin up --alerts 4s --fault alerts-dead" in done.stderr
