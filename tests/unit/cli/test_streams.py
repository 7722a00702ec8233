"""Results that cannot be written are never lost without a word; progress breaks no run."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = shlex.quote(sys.executable)
ME = f"{PYTHON} -m witnessmark"
FULL = Path("/dev/full")
full = pytest.mark.skipif(not FULL.exists(), reason="needs Linux's /dev/full")


def sh(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=cwd,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


@full
@pytest.mark.parametrize("words", ["list", "--help", "plan --help", "--version", "schema fault"])
def test_a_full_disk_is_one_sentence_and_its_own_exit(words: str, tmp_path: Path) -> None:
    done = sh(f"{ME} {words} >/dev/full", tmp_path)
    assert done.returncode == 74
    (line,) = done.stderr.splitlines()
    assert line.startswith("witnessmark: standard output: No space left on device: results are")


@pytest.mark.parametrize("words", ["list", "--help", "no-such-command"])
def test_a_closed_standard_output_is_refused_before_anything_is_done(
    words: str, tmp_path: Path
) -> None:
    done = sh(f"{ME} {words} >&-", tmp_path)
    assert done.returncode == 74
    (line,) = done.stderr.splitlines()
    assert line.startswith("witnessmark: standard output is closed")


@pytest.mark.parametrize("words", ["'list'", "'--help'", "'plan', '--help'"])
def test_a_reader_that_went_away_is_no_finding(words: str) -> None:
    code = "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1)\n"
    code += f"sys.argv = ['witnessmark', {words}]\nfrom witnessmark.cli import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (141, b"")


@full
def test_what_progress_cannot_say_changes_nothing(tmp_path: Path) -> None:
    assert sh(f"{ME} list 2>/dev/full", tmp_path).returncode == 0
    assert sh(f"{ME} list 2>&-", tmp_path).returncode == 0
    assert sh(f"{ME} no-such-command 2>/dev/full", tmp_path).returncode == 2


def test_no_file_of_ours_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """What a child says on its standard error would else be written into that file."""
    code = "from witnessmark.cli import streams; streams.guard()\n"
    code += "f = open('mine', 'w'); print(f.fileno())"
    done = sh(f'{PYTHON} -c "{code}" 2>&- <&-', tmp_path)
    assert (done.returncode, done.stdout) == (0, "3\n")


def test_closed_standard_input_holds_nothing(tmp_path: Path) -> None:
    done = sh(f"{ME} detect - <&-", tmp_path)
    assert done.returncode == 2
    assert done.stderr == "witnessmark: -: holds no record: nothing was looked at there\n"


@full
def test_a_disk_that_is_full_elsewhere_is_no_traceback(tmp_path: Path) -> None:
    code = "from witnessmark import cli\n"
    code += "def fail(**_): raise OSError(28, 'No space left on device', 'reports/x')\n"
    code += "cli.cli.main = fail\ncli.main()"
    done = sh(f'{PYTHON} -c "{code}"', tmp_path)
    assert done.returncode == 74
    assert done.stderr == "witnessmark: reports/x: No space left on device; make room\n"
