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


GOOD = "id: f\ntitle: t\nexpect: e\nfaults: [{layer: sensor, action: drop}]\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a", "f.yaml:1: "),
        (GOOD.replace("title: t", "title: 3"), "f.yaml:2: title"),
        (GOOD.replace("[{layer: sensor, action: drop}]", "[x]"), "f.yaml:4: faults.0"),
        (GOOD + "id: g\n", "f.yaml:5: duplicate key 'id'"),
        (GOOD + "surprise: 1\n", "f.yaml:5: surprise: unknown key"),
        ("a: [", "f.yaml:"),
        ("\x00", "f.yaml:1: not YAML text"),
    ],
)
def test_a_fault_file_is_checked_before_anything_boots(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(ContentError) as raised:
        invoke("up", f"--state={tmp_path / 's'}", f"--fault={tmp_path / 'f.yaml'}")
    assert sentence in str(raised.value)
    assert not (tmp_path / "s").exists()


def test_an_unknown_fault_is_named_with_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="drop-payload-exec"):
        invoke("up", f"--state={tmp_path / 's'}", "--fault=nonsense")


def test_a_fault_for_a_host_that_is_not_booted_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text(GOOD + "hosts: [standin-9]\n")
    with pytest.raises(UsageError, match="standin-9 is none of standin-1"):
        invoke("up", f"--state={tmp_path / 's'}", f"--fault={tmp_path / 'f.yaml'}")


def test_a_good_fault_file_reaches_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def boot(*arguments: object, **_: object) -> list[object]:
        seen.extend(arguments)
        return []

    monkeypatch.setattr(state, "boot", boot)
    (tmp_path / "f.yaml").write_text(GOOD + "hosts: [standin-2]\n")
    code, out = invoke("up", "--hosts=2", f"--state={tmp_path}", f"--fault={tmp_path / 'f.yaml'}")
    assert (code, seen) == (
        0,
        [
            tmp_path,
            ["standin-1", "standin-2"],
            {"standin-2": [{"layer": "sensor", "action": "drop"}]},
        ],
    )
    assert "recorder ptrace" in out
