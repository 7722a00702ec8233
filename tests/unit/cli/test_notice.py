"""`notice`, `verify-notice` and `run --notice` as a user calls them; no host is touched."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from witnessmark.cli import main
from witnessmark.notice.moments import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")

INVENTORY = """\
all:
  vars: {ansible_user: purple, witnessmark_lab: true, witnessmark_known_hosts: /dev/null}
  hosts:
    mac1: {ansible_host: 127.0.0.1, ansible_port: 1}
    mac2: {ansible_host: 127.0.0.1, ansible_port: 2}
"""


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Desk:
    """A folder with an inventory and a key, and the command line in it."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capture: pytest.CaptureFixture[str],
    ) -> None:
        self.folder, self.monkeypatch, self.capture = folder, monkeypatch, capture
        monkeypatch.chdir(folder)
        (folder / "lab.yaml").write_text(INVENTORY)
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / "key")]
        subprocess.run(words, check=True)

    def call(self, *words: str) -> Done:
        """One command, as `main` runs it, in this process."""
        self.monkeypatch.setattr("sys.argv", ["witnessmark", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capture.readouterr()
        return Done(returncode=ended.value.code, stdout=said.out, stderr=said.err)

    def announce(self, *more: str, key: str = "key") -> Done:
        given = ["notice", "-i", "lab.yaml", "-s", "p11", "--contact", "Jane", "--key", key]
        window = [] if {"--for", "--ends"} & set(more) else ["--for", "1h"]
        done = self.call(*given, *window, *more)
        if done.returncode == 0:
            (self.folder / "allowed").write_text(done.stdout.splitlines()[-1] + "\n")
        return done

    def verify(self, *more: str) -> Done:
        return self.call("verify-notice", "notice.yaml", "--signers", "allowed", *more)

    def run(self, *more: str) -> Done:
        given = ["-i", "lab.yaml", "--notice", "notice.yaml", "--signers", "allowed", "--quiet"]
        return self.call("run", *given, *more)

    def run_id(self) -> str:
        found = re.search(r"(?m)^run: (\S+)$", (self.folder / "notice.yaml").read_text())
        assert found
        return found[1]


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


def test_what_is_announced_is_planned_to_the_letter(desk: Desk) -> None:
    assert desk.announce("--profile", "demo").returncode == 0
    planned = desk.run("--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.startswith(f"run {desk.run_id()}: ")
    assert "profile demo" in planned.stdout
    assert "mac1 (" in planned.stdout
    assert "mac2 (" in planned.stdout
    assert "p11-quarantined-download.caches:mac2" in planned.stdout
    assert "n14-" not in planned.stdout
    found = desk.verify()
    assert found.returncode == 0, found.stdout
    assert "VALID at " in found.stdout.splitlines()[-1]
    assert "host      mac2 (purple@127.0.0.1 port 2)" in found.stdout


def test_a_run_outside_its_notice_is_refused_before_any_host(desk: Desk) -> None:
    later = written(time.time_ns() + 3600 * 10**9)
    assert desk.announce("--begins", later, "--limit", "mac1").returncode == 0
    for more, words in (
        ((), "may not begin: its window begins at"),
        (("--limit", "mac2"), "does not announce the host mac2"),
        (("-s", "n14"), "does not announce the scenario n14-run-after-window"),
        (("--profile", "demo"), "and this run has profile demo"),
    ):
        done = desk.run(*more)
        assert done.returncode == 2, done.stderr
        assert words in done.stderr
    assert not (desk.folder / "reports").exists()
    assert desk.run("--dry-run").returncode == 0, "one may look beforehand"
    early = desk.verify()
    assert early.returncode == 1
    assert "NOT VALID: its window begins at" in early.stdout
    assert desk.verify("--at", later).returncode == 0


def test_an_altered_an_unsigned_and_a_used_notice_are_refused(desk: Desk) -> None:
    assert desk.announce().returncode == 0
    (desk.folder / "reports" / desk.run_id()).mkdir(parents=True)
    used = desk.run()
    assert used.returncode == 2
    assert "this notice was used already" in used.stderr
    file, signature = (desk.folder / name for name in ("notice.yaml", "notice.yaml.sig"))
    text = file.read_text()
    file.write_text(text.replace("Jane", "Joan"))
    for done in (desk.run(), desk.verify()):
        assert "is not a good signature of this notice" in done.stderr + done.stdout
        assert done.returncode == (1 if done.stdout else 2)
    file.write_text(text)
    signature.unlink()
    for done in (desk.run(), desk.verify()):
        assert "there is no such signature" in done.stderr + done.stdout
        assert done.returncode == (1 if done.stdout else 2)


def test_a_mark_belongs_or_it_does_not(desk: Desk) -> None:
    assert desk.announce().returncode == 0
    mark = f"wm-{desk.run_id()}-002a"
    good = desk.verify("--mark", f"sh /x/invoice-{mark}.sh", "--host", "mac1")
    assert good.returncode == 0
    assert "BELONGS to this notice: case 2, attack" in good.stdout
    assert "a mark can be copied" not in good.stdout
    assert "a mark can be copied" in desk.verify("--mark", mark).stdout
    for more, words in (
        (("--mark", "wm-20261124t042002z-000000-002a"), "is of run 20261124t042002z-000000"),
        (("--mark", "\x1b[2J"), "there is no mark and no run id in it"),
        (("--mark", mark, "--host", "mac3"), "the host mac3 is not announced"),
        (("--mark", mark, "--at", "2020-01-01T00:00:00Z"), "its window begins at"),
    ):
        bad = desk.verify(*more)
        assert bad.returncode == 1
        assert f"{words}" in bad.stdout
        assert "BELONGS" not in bad.stdout
        assert "VALID at" not in bad.stdout.replace("NOT VALID", "")


def test_json_says_the_same(desk: Desk) -> None:
    assert desk.announce().returncode == 0
    found = json.loads(desk.verify("--format", "json").stdout)
    assert found["valid"]
    assert found["notice"]["run"] == desk.run_id()
    bad = json.loads(desk.verify("--format", "json", "--host", "x").stdout)
    assert (bad["valid"], bad["reasons"]) == (
        False,
        ["does not belong to it: the host x is not announced"],
    )
    (desk.folder / "notice.yaml").write_text("x")
    none = json.loads(desk.verify("--format", "json").stdout)
    assert none["valid"] is False
    assert "notice" not in none


def test_a_hostile_notice_stays_inert(desk: Desk) -> None:
    """Even the owner of a trusted key can write nothing that moves the analyst's cursor."""
    assert desk.announce().returncode == 0
    file = desk.folder / "notice.yaml"
    file.write_bytes(file.read_bytes().replace(b'"Jane"', b'"Jane\x1b[2J\x1b]0;VALID\x07"'))
    sign = ["ssh-keygen", "-Y", "sign", "-n", "witnessmark-notice", "-f", "key"]
    done = subprocess.run(
        sign, input=file.read_bytes(), cwd=desk.folder, capture_output=True, check=True
    )
    (desk.folder / "notice.yaml.sig").write_bytes(done.stdout)
    found = desk.verify()
    assert found.returncode == 1
    assert "NOT VALID: notice.yaml: is no notice" in found.stdout
    assert "\x1b" not in found.stdout + found.stderr


def _no_key(desk: Desk) -> Done:
    return desk.announce(key="none")


def _exists(desk: Desk) -> Done:
    (desk.folder / "notice.yaml").touch()
    return desk.announce()


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (_no_key, "none: no such key"),
        (_exists, "notice.yaml: exists already and is not written over"),
        (lambda desk: desk.announce("--ends", "2020-01-01T00:00:00Z"), "would be over already"),
        (lambda desk: desk.announce("--ends", "2020-01-01"), "is no moment"),
        (lambda desk: desk.announce("--for", "2"), "is not a duration"),
        (lambda desk: desk.announce("--for", "99d"), "longer than 31 days"),
        (
            lambda desk: desk.announce("--for", "2h", "--ends", "2090-01-01T00:00:00Z"),
            "one of them",
        ),
        (lambda desk: desk.call("run", "-i", "lab.yaml", "--notice", "n"), "are needed together"),
        (lambda desk: desk.call("run", "-i", "lab.yaml", "--signers", "n"), "are needed together"),
        (lambda desk: desk.call("verify-notice", "n"), "whose signature counts"),
        (lambda desk: desk.call("verify-notice", "n", "--signers", "a"), "n: cannot be read"),
    ],
)
def test_bad_input_is_one_sentence(desk: Desk, act: Callable[[Desk], Done], words: str) -> None:
    done = act(desk)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (desk.folder / "notice.yaml.sig").exists()
