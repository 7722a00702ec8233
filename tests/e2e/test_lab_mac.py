"""The playbooks that set a lab Mac up, run by ansible on a folder of this machine."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from witnessmark import ansible
from witnessmark.content import root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CONSENT = "Library/Application Support/witnessmark/consent"
INVENTORY = """\
all:
  hosts:
    localhost:
      ansible_connection: local
      ansible_user: purple
      witnessmark_lab: {lab}
      witnessmark_sources:
        - {{name: own, kind: eslogger, role: reference, analytic: embedded,
           command: [sudo, -n, /usr/bin/eslogger, exec, {word}]}}
        - {{name: log, kind: unifiedlog, role: reference, analytic: embedded,
           command: [/usr/bin/log, stream]}}
        - {{name: root, kind: unifiedlog, role: reference, analytic: embedded,
           unified_log: {{read: show, sudo: true}}}}
        - {{name: osq, kind: osquery, role: organisation, analytic: embedded, path: /x}}
"""


class Lab:
    """A folder as a Mac's /, with a visudo that takes anything."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "a root"
        for name in ("Downloads", "Library/Caches"):
            (folder / "home" / name).mkdir(parents=True)
        (folder / "bin").mkdir()
        (folder / "bin/visudo").write_text("#!/bin/sh\nexit 0\n")
        (folder / "bin/visudo").chmod(0o755)
        self.consent = self.root / CONSENT
        self.consent.parent.mkdir(parents=True)
        self.consent.write_text("owner: jane\nexpires: 2999-01-01\n")

    def play(self, name: str, *more: str, lab: str = "true", word: str = "fork") -> tuple[int, str]:
        inventory = self.folder / "lab.yaml"
        inventory.write_text(INVENTORY.format(lab=lab, word=word))
        with ansible.private_folder() as private:
            (private / "ansible.cfg").write_text("[defaults]\n")
            env = ansible.environment(private) | {"HOME": str(self.folder / "home")}
            env["PATH"] = f"{self.folder / 'bin'}:{env['PATH']}"
            done = subprocess.run(
                [
                    *("ansible-playbook", "-i", inventory, root() / "inventory/playbooks" / name),
                    *("-e", f"lab_root='{self.root}'", "-e", "lab_become=false", *more),
                ],
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=120,
            )
        return done.returncode, done.stdout

    def lies(self) -> set[str]:
        found = {
            str(item.relative_to(self.root)) for item in self.root.rglob("*") if item.is_file()
        }
        return found - {CONSENT}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_a_lab_mac_is_set_up_and_as_before(lab: Lab) -> None:
    status, said = lab.play("lab-mac.yaml", "--check")
    assert status == 0, said
    assert "differs: sudoers" in said
    assert lab.lies() == set()
    status, said = lab.play("lab-mac.yaml")
    assert status == 0, said
    assert lab.lies() == {
        "etc/sudoers.d/witnessmark",
        "private/var/osquery/osquery.conf.d/witnessmark.conf",
        "private/var/osquery/osquery.flags",
    }
    line = "purple ALL=(root) NOPASSWD: /usr/bin/eslogger exec fork"
    log = "/usr/bin/log show --style ndjson *, /usr/bin/log stream --style ndjson *, "
    log = f"purple ALL=(root) NOPASSWD: {log}/usr/bin/log config --status"
    made = (lab.root / "etc/sudoers.d/witnessmark").read_text()
    assert made == f"# witnessmark lab\n{line}\n{log}\n"
    status, said = lab.play("lab-mac-restore.yaml")
    assert status == 0, said
    assert lab.lies() == set()
    assert lab.consent.is_file(), "the owner's own file is never touched"


@pytest.mark.parametrize("why", ["not a lab", "no consent", "a word of sudoers"])
def test_where_it_may_not_nothing_is_done(lab: Lab, why: str) -> None:
    if why == "no consent":
        lab.consent.unlink()
    given = {"lab": "false"} if why == "not a lab" else {}
    given |= {"word": '"!x, ALL"'} if why == "a word of sudoers" else {}
    status, said = lab.play("lab-mac.yaml", **given)
    assert status == 2, said
    assert lab.lies() == set()
    assert not (lab.root / CONSENT).exists() or why != "no consent"
