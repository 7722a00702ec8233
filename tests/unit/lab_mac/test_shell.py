"""lab-mac.sh in a folder: it does, says and takes back just what is its own."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from witnessmark.content import root
from witnessmark.hosts.prepare import said_lines, with_arguments

if TYPE_CHECKING:
    from pathlib import Path

LINE = "purple ALL=(root) NOPASSWD: /usr/bin/eslogger exec fork"
LAB = root() / "inventory/playbooks/lab"
CONF = (LAB / "osquery.conf").read_text("utf-8").rstrip("\n")
FLAGS = (LAB / "osquery.flags").read_text("utf-8").rstrip("\n")
ALL = {"sudoers", "osquery", "osquery-flags"}


class Lab:
    """A folder as a Mac's /; ``visudo`` there says what it is told, and looks at a file's form."""

    def __init__(self, folder: Path) -> None:
        self.root, self.tools = folder / "a root", folder / "tools"
        self.root.mkdir()
        self.tools.mkdir()
        self.visudo("grep -q '^[a-z]* ALL=(root) NOPASSWD: /' \"$3\"")
        self.sudoers = self.root / "etc/sudoers.d/witnessmark"
        self.conf = self.root / "private/var/osquery/osquery.conf.d/witnessmark.conf"
        self.flags = self.root / "private/var/osquery/osquery.flags"

    def visudo(self, text: str) -> None:
        tool = self.tools / "visudo"
        tool.write_text(f"#!/bin/sh\n{text}\n")
        tool.chmod(0o755)

    def does(
        self, act: str, lines: str = LINE, conf: str = CONF
    ) -> tuple[int, dict[str, set[str]]]:
        text = with_arguments("lab-mac.sh", act, str(self.root), lines, conf, FLAGS)
        env = {"PATH": f"{self.tools}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["/bin/sh", "-c", text], env=env, capture_output=True, check=False, timeout=60
        )
        assert done.stderr == b""
        found: dict[str, set[str]] = {}
        for code, what in said_lines(done.stdout.decode()):
            found.setdefault(code, set()).add(what.partition(":")[0])
        return done.returncode, found

    def lies(self) -> dict[str, bytes]:
        return {
            str(item.relative_to(self.root)): item.read_bytes()
            for item in self.root.rglob("*")
            if item.is_file()
        }


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_check_changes_nothing_and_apply_does_it_once(lab: Lab) -> None:
    assert lab.does("check") == (0, {"differs": ALL})
    assert lab.lies() == {}
    assert lab.does("apply") == (0, {"changed": ALL})
    assert lab.sudoers.read_text() == f"# witnessmark lab\n{LINE}\n"
    assert lab.sudoers.stat().st_mode & 0o777 == 0o440
    assert lab.conf.read_text() == f"{CONF}\n"
    assert lab.flags.read_text() == f"# witnessmark lab begin\n{FLAGS}\n# witnessmark lab end\n"
    before = lab.lies()
    assert lab.does("apply") == (0, {"same": ALL})
    assert lab.does("check") == (0, {"same": ALL})
    assert lab.lies() == before, "and no half-written file is left"


@pytest.mark.parametrize("last", ["", "\n", "\n\n"])
def test_restore_takes_back_just_that(lab: Lab, last: str) -> None:
    lab.flags.parent.mkdir(parents=True)
    lab.flags.write_text(f"# the fleet's\n--tls_hostname=fleet.example{last}")
    (lab.root / "etc/sudoers.d").mkdir(parents=True)
    (lab.root / "etc/sudoers.d/fleet").write_text("x")
    before = lab.lies()
    lab.does("apply")
    assert "fleet.example\n" in lab.flags.read_text()
    assert f"\n{FLAGS}\n# witnessmark lab end\n" in lab.flags.read_text()
    assert lab.does("apply")[1] == {"same": ALL}
    assert lab.does("check-restore") == (0, {"differs": ALL})
    assert lab.does("restore") == (0, {"changed": ALL})
    assert lab.lies() == before
    assert not lab.conf.parent.exists()
    assert lab.does("restore")[1] == {"same": ALL}
    assert lab.lies() == before


def test_a_bare_mac_is_bare_again(lab: Lab) -> None:
    lab.does("apply")
    lab.does("restore")
    assert lab.lies() == {}


def test_what_changed_in_the_inventory_is_changed_on_the_mac(lab: Lab) -> None:
    lab.does("apply")
    assert lab.does("apply", f"{LINE} exit") == (
        0,
        {"changed": {"sudoers"}, "same": {"osquery", "osquery-flags"}},
    )
    assert lab.sudoers.read_text().endswith("fork exit\n")


def test_what_is_not_wanted_is_not_made(lab: Lab) -> None:
    assert lab.does("apply", "", "") == (0, {})
    assert lab.lies() == {}


@pytest.mark.parametrize("act", ["apply", "restore"])
def test_somebody_elses_file_stays_and_is_named(lab: Lab, act: str) -> None:
    lab.sudoers.parent.mkdir(parents=True)
    lab.sudoers.write_text("jane ALL=(ALL) ALL\n")
    lab.conf.parent.mkdir(parents=True)
    lab.conf.write_text('{"mine": 1}\n')
    status, said = lab.does(act)
    assert status == 64
    assert said["refused"] == {"sudoers", "osquery"}
    assert lab.sudoers.read_text() == "jane ALL=(ALL) ALL\n"
    assert lab.conf.read_text() == '{"mine": 1}\n'


@pytest.mark.parametrize("act", ["apply", "restore"])
def test_a_link_is_never_followed(lab: Lab, tmp_path: Path, act: str) -> None:
    other = tmp_path / "other"
    other.write_text("# witnessmark lab\n")
    for link in (lab.sudoers, lab.flags):
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(other)
    status, said = lab.does(act)
    assert status == 64
    assert said["refused"] == {"sudoers", "osquery-flags"}
    assert other.read_text() == "# witnessmark lab\n"


@pytest.mark.parametrize(
    ("line", "visudo"), [("nonsense", None), (LINE, "echo 'syntax error' >&2; exit 1")]
)
def test_a_line_that_visudo_refuses_is_never_there(lab: Lab, line: str, visudo: str | None) -> None:
    if visudo:
        lab.visudo(visudo)
    status, said = lab.does("apply", line)
    assert status == 64
    assert said["refused"] == {"sudoers"}
    assert list((lab.root / "etc/sudoers.d").iterdir()) == []


def test_without_visudo_no_line_is_put_there(lab: Lab) -> None:
    (lab.tools / "visudo").unlink()
    (lab.tools / "bin").mkdir()
    for name in ("cat", "mkdir", "rm", "chmod", "awk", "mv", "cut", "tr"):
        real = next(f"{p}/{name}" for p in ("/usr/bin", "/bin") if os.path.exists(f"{p}/{name}"))  # noqa: PTH110
        (lab.tools / name).symlink_to(real)
    text = with_arguments("lab-mac.sh", "apply", str(lab.root), LINE, "", "")
    text = text.replace("PATH=$PATH:/usr/sbin:/sbin", f"PATH={lab.tools}")
    done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, check=False, timeout=60)
    assert done.returncode == 64
    assert b"no visudo to check the line with" in done.stdout
    assert not lab.sudoers.exists()


def test_an_unknown_act_is_refused(lab: Lab) -> None:
    assert lab.does("remove")[0] == 64
    assert lab.lies() == {}
