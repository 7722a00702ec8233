"""``witnessmark standin`` where nothing needs to boot."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from witnessmark.cli import standin
from witnessmark.errors import ContentError, Unsupported, UsageError
from witnessmark.standin import state

if TYPE_CHECKING:
    from pathlib import Path


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(standin.command, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_down_and_status_with_nothing_up(tmp_path: Path) -> None:
    where = f"--state={tmp_path / 'none'}"
    assert invoke("down", where) == (0, "no stand-in was up\n")
    assert invoke("status", where) == (0, "no stand-in was booted here\n")
    code, out = invoke("status", "--format=json", where)
    assert (code, json.loads(out)) == (0, [])


def test_a_machine_that_cannot_trace_gets_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "refusal", lambda: "not here")
    with pytest.raises(Unsupported, match=r"^not here$") as raised:
        invoke("up", f"--state={tmp_path / 's'}")
    assert raised.value.exit_code == 2


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom witnessmark.cli.standin import command\n"
        "command(['up', '--help'], standalone_mode=False)\n"
        "heavy = {'paramiko', 'yaml', 'cryptography', 'ctypes', 'witnessmark.standin'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a", "f.yaml:1: must map host names"),
        ("a: 3", "'a' must be a host name with a list of faults"),
        ("a: [x]", "'a' must be a host name with a list of faults"),
        ("3: [{}]", "3 must be a host name"),
        ("a: []\na: []", "f.yaml:2: key 'a' stands here twice"),
        ("a:\n  - x: 1\n    x: 2", "f.yaml:3: key 'x' stands here twice"),
        ("a: [", "f.yaml: while parsing"),
    ],
)
def test_a_faults_file_is_checked_before_anything_boots(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(ContentError) as raised:
        invoke("up", f"--state={tmp_path / 's'}", f"--faults={tmp_path / 'f.yaml'}")
    assert sentence in str(raised.value)
    assert not (tmp_path / "s").exists()


def test_a_faults_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError):
        invoke("up", f"--state={tmp_path / 's'}", f"--faults={tmp_path / 'f.yaml'}")


def test_a_good_faults_file_reaches_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def boot(*arguments: object) -> list[object]:
        seen.extend(arguments)
        return []

    monkeypatch.setattr(state, "boot", boot)
    (tmp_path / "f.yaml").write_text("standin-2: [{drop: exec}]\n")
    code, out = invoke("up", "--hosts=2", f"--state={tmp_path}", f"--faults={tmp_path / 'f.yaml'}")
    assert (code, seen) == (
        0,
        [tmp_path, ["standin-1", "standin-2"], {"standin-2": [{"drop": "exec"}]}],
    )
    assert "mode prefix" in out
