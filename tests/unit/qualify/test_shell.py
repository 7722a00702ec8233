"""The two scripts on this machine: what they do, what they tell, what they leave to teardown."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from witnessmark.content import root
from witnessmark.hosts.prepare import said_lines, with_arguments
from witnessmark.qualify.probes import PROBES

if TYPE_CHECKING:
    from pathlib import Path

RUN = "20261124t042002z-0d0c70"
PLAYBOOKS = root() / "inventory" / "playbooks"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as a Mac's user has it, with the script laid where qualifying lays it."""
    folder = tmp_path / "a home" / "jane"
    for name in ("Downloads", "Library/Caches", f".witnessmark/{RUN}"):
        (folder / name).mkdir(parents=True)
    return folder


def sh(home: Path, *argv: str, path: str = "") -> tuple[int, list[tuple[str, str]]]:
    env = {"HOME": str(home), "PATH": f"{path}{os.environ['PATH']}"}
    done = subprocess.run(argv, env=env, capture_output=True, check=False, timeout=60)
    return done.returncode, said_lines(done.stdout.decode())


def probed(home: Path) -> tuple[int, list[tuple[str, str]]]:
    return sh(home, "/bin/sh", str(PLAYBOOKS / "qualify.sh"), RUN)


def test_every_probe_is_made_and_all_of_it_can_be_swept_away(home: Path) -> None:
    before = {item for item in home.rglob("*") if ".witnessmark" not in str(item)}
    status, said = probed(home)
    assert status == 0
    assert [what for code, what in said if code == "failed"] == []
    done = {what for code, what in said if code in ("did", "missing")}
    assert done == {probe.name for probe in PROBES}
    assert len([1 for code, _ in said if code == "pid"]) == 2
    assert list((home / f"Downloads/witnessmark/{RUN}").iterdir())
    sh(home, "/bin/sh", "-c", with_arguments("sweep.sh", RUN))
    assert set(home.rglob("*")) == before


def test_a_probe_that_fails_is_told_with_the_reason(home: Path) -> None:
    tool = home / "bin/ln"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'ln: x: Operation not permitted' >&2\nexit 1\n")
    tool.chmod(0o755)
    path = f"{tool.parent}:"
    _, said = sh(home, "/bin/sh", str(PLAYBOOKS / "qualify.sh"), RUN, path=path)
    assert ("failed", "link: Operation not permitted") in said
    assert ("end", "") in said


@pytest.mark.parametrize("where", ["Downloads/witnessmark", "Library/Caches/org.witnessmark"])
def test_a_link_is_never_followed(home: Path, tmp_path: Path, where: str) -> None:
    (tmp_path / "else").mkdir()
    (home / where).symlink_to(tmp_path / "else")
    status, said = probed(home)
    assert status == 64
    assert any("is a symbolic link" in what for _, what in said)
    assert list((tmp_path / "else").iterdir()) == []


@pytest.mark.parametrize("run", ["..", "x; rm -rf /", "20261124t042002z-0d/c70"])
def test_another_run_than_a_run_is_refused(home: Path, run: str) -> None:
    assert sh(home, "/bin/sh", str(PLAYBOOKS / "qualify.sh"), run)[0] == 64


TOOLS = {
    "id": 'case $1 in -un) echo jane ;; -F) echo "Jane Roe" ;; esac',
    "scutil": 'case $2 in ComputerName) echo "Jane\'s Mac" ;; LocalHostName) echo Janes-Mac ;; '
    "*) echo not set >&2; exit 1 ;; esac",
    "ioreg": "printf '%s\\n' '    | \"IOPlatformUUID\" = \"AAAA-1\"' "
    '\'    | "IOPlatformSerialNumber" = "C02XK0AAJGH5"\'',
    "dscl": "case $2 in -list) printf '%s\\n' _www jane rob ;; "
    "-read) echo GeneratedUID: BBBB-2 ;; esac",
    "hostname": "echo jane-mac.corp.example",
}


def test_a_mac_tells_all_that_it_is_called(home: Path) -> None:
    """The tools of a Mac are synthetic here."""
    for name, text in TOOLS.items():
        tool = home.parent / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f"#!/bin/sh\n{text}\n")
        tool.chmod(0o755)
    (home.parent / "olga").mkdir()
    text = with_arguments("identity.sh")
    status, said = sh(home, "/bin/sh", "-c", text, path=f"{home.parent}/bin:")
    assert status == 0
    assert said[-1] == ("end", "")
    assert {
        ("user", "jane"),
        ("user", "olga"),
        ("user", "rob"),
        ("person", "Jane Roe"),
        ("host", "Jane's Mac"),
        ("host", "Janes-Mac"),
        ("host", "jane-mac.corp.example"),
        ("serial", "C02XK0AAJGH5"),
        ("uuid", "AAAA-1"),
        ("uuid", "BBBB-2"),
    } <= set(said)
