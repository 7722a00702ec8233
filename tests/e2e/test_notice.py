"""An announced run on a stand-in: what does not fit into the window is not started, and is told."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from witnessmark.content import root
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a stand-in up and a key."""
    state = tmp_path / "st"
    standin.boot(state, ["mac1"], tied=True)
    key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(tmp_path / "key")]
    subprocess.run(key, check=True)
    yield tmp_path
    standin.shutdown(state, remove=True)


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "witnessmark", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_a_case_that_does_not_fit_into_the_window_is_told_and_the_rest_is_played(
    folder: Path,
) -> None:
    inventories = [
        *("-i", str(root() / "inventory/standin.yaml")),
        *("-i", str(folder / "st/inventory.yaml")),
    ]
    # With the deployed parameters n14 waits for more than ten minutes.
    announced = call(
        folder, "notice", *inventories, "-s", "p11", "-s", "n14",
        "--for", "5m", "--contact", "Jane", "--key", "key",
    )  # fmt: skip
    assert announced.returncode == 0, announced.stderr
    assert "cases that do not fit are not started" in announced.stderr
    (folder / "allowed").write_text(announced.stdout.splitlines()[-1] + "\n")
    given = ("--notice", "notice.yaml", "--signers", "allowed", "--quiet")
    done = call(folder, "run", *inventories, *given)
    assert done.returncode == 1, done.stderr
    run_folder = (folder / "reports/latest").resolve()
    verdicts = json.loads((run_folder / "verdicts.json").read_text())
    cases = {case["scenario"]: case for case in verdicts["cases"]}
    assert cases["p11-quarantined-download"]["verdict"] == "detected"
    late = cases["n14-run-after-window"]
    assert (late["verdict"], late["first_broken_link"]) == ("inconclusive", "acted")
    assert "not started: the notice's window ends at" in done.stdout
    assert run_folder.name in (folder / "notice.yaml").read_text()
    _is_in_bag_and_reports(folder, run_folder, verdicts)
    _every_recorded_mark_belongs(folder, run_folder)


def _is_in_bag_and_reports(folder: Path, run_folder: Path, verdicts: dict[str, object]) -> None:
    raw = (folder / "notice.yaml").read_bytes()
    kept = run_folder / "bag/data/notice/notice.yaml"
    assert kept.read_bytes() == raw
    digest = hashlib.sha256(raw).hexdigest()
    assert verdicts["notice_sha256"] == digest
    for report in ("report.html", "junit.xml"):
        assert digest in (run_folder / report).read_text(), report
    # With OpenSSH alone, by the very words at the notice's top.
    words = re.findall(r"(?m)^#   (ssh-keygen .*)$", raw.decode())
    assert len(words) == 2
    for line in words:
        command = line.replace("FILE", str(kept)).replace("allowed_signers", "allowed")
        shell = ["sh", "-c", command.replace("SIGNER", "purple-team")]
        done = subprocess.run(shell, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "purple-team" in done.stdout
    altered = ["sh", "-c", f"sed s/Jane/Joan/ {kept} | {shell[2].split('<')[0]}"]
    assert subprocess.run(altered, cwd=folder, capture_output=True, check=False).returncode != 0


def _every_recorded_mark_belongs(folder: Path, run_folder: Path) -> None:
    """The SOC looks at what its sensor really recorded of the run."""
    store = (run_folder / "bag/data/raw/mac1/eslogger.ndjson").read_text()
    marks = sorted(set(re.findall(r"wm-[0-9a-z]+-[0-9a-f]+-(?:[0-9]+[a-z]|end)", store)))
    assert len(marks) > 4
    text = " ".join(marks)
    good = call(
        folder, "verify-notice", "notice.yaml", "--signers", "allowed", "--mark", text,
        "--host", "mac1",
    )  # fmt: skip
    assert good.returncode == 0, good.stdout
