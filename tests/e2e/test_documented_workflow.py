"""A documented workflow suppresses one content, not a path: one changed byte raises an alert."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from witnessmark.content import root
from witnessmark.standin.launch import refusal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(180),
]

SCRIPT = "scenarios/lib/payloads/configure.sh"
LISTED = "scenarios/lib/payloads.sha256"
PARTS = ("src", "scenarios", "validators", "analytics", "inventory")


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The whole program with one other byte in N15's script, reviewed as such."""
    copy = tmp_path / "changed"
    for name in PARTS:
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root() / name, copy / name, ignore=skipped)
    script, listed = copy / SCRIPT, copy / LISTED
    before = script.read_bytes()
    after = before.replace(b"checking for", b"Checking for")
    assert [x for x, y in zip(before, after, strict=True) if x != y] == [ord("c")]
    old, new = (hashlib.sha256(data).hexdigest() for data in (before, after))
    script.write_bytes(after)
    text = listed.read_text("utf-8")
    assert old in text
    listed.write_text(text.replace(old, new), "utf-8")
    return copy


def test_one_changed_byte_of_the_script_raises_an_alert(changed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "witnessmark", "demo", "-s", "n15", "--quiet"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(changed / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    said = json.loads((tmp_path / "reports/latest/verdicts.json").read_text("utf-8"))
    (case,) = said["cases"]
    assert (case["expect"], case["answer"], case["verdict"]) == (
        "suppressed",
        "fired",
        "false alarm",
    )
    assert case["first_broken_link"] == "detected"
    (found,) = [item for item in case["findings"] if item["validator"] == "detected"]
    assert found["message"].startswith("expected suppressed, got fired: branch B fired by B1")
