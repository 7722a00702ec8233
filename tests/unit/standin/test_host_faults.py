"""Faults of a host: slow, without a browser, rebooting, full, as the stand-in's parts take them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from witnessmark.standin import broken, restart
from witnessmark.standin.faults import outside, problems
from witnessmark.standin.faults.known import Fault
from witnessmark.standin.launch import refusal
from witnessmark.standin.station import former_port
from witnessmark.standin.tree import BROWSERS

if TYPE_CHECKING:
    from pathlib import Path

NO_BROWSER = {"layer": "host", "action": "no-browser"}
PROMISED = {**NO_BROWSER, "inventory": "promises"}
SLOW = {"layer": "host", "action": "slow", "seconds": 0.5}


def test_a_host_is_as_slow_as_it_was_told(tmp_path: Path) -> None:
    assert broken.late_s(tmp_path) == 0.0
    (tmp_path / "faults.json").write_text(json.dumps([SLOW, SLOW | {"seconds": 1}]))
    assert broken.late_s(tmp_path) == 1.5
    assert problems([SLOW | {"seconds": 0}])
    assert problems([{"layer": "host", "action": "slow"}])


def test_a_browser_is_gone_and_named_only_if_it_is_promised(tmp_path: Path) -> None:
    for path in BROWSERS:
        (tmp_path / path[1:]).parent.mkdir(parents=True)
        (tmp_path / path[1:]).touch()
    broken.break_files(tmp_path, [SLOW])
    assert all((tmp_path / path[1:]).exists() for path in BROWSERS)
    broken.break_files(tmp_path, [NO_BROWSER])
    assert not any((tmp_path / path[1:]).exists() for path in BROWSERS)
    assert list(broken.browser([NO_BROWSER])) == []
    assert dict(broken.browser([PROMISED])) == dict(broken.browser([])) != {}


def test_a_disk_is_full_after_the_event_and_never_before(tmp_path: Path) -> None:
    fault = Fault(layer="host", action="full", events=frozenset({"create"}), left=1)
    found = outside.OutsideFaults([fault], tmp_path / "faults.json", lambda *_: None)
    assert found.fills
    found.at("close", ())
    assert not found.full
    found.at("create", ())
    assert found.full
    assert not outside.OutsideFaults([], None, lambda *_: None).fills


def test_only_a_reboot_leaves_word_that_the_host_is_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside.os, "kill", lambda *_: None)
    for action in ("power-off", "reboot"):
        fault = Fault(layer="host", action=action)
        found = outside.OutsideFaults([fault], tmp_path / "faults.json", lambda *_: None)
        found.at("exec", ())
        assert (tmp_path / outside.LEFT).exists() is (action == "reboot")


def test_a_host_that_was_shut_down_is_not_booted_again(tmp_path: Path) -> None:
    state = tmp_path / "st"
    state.mkdir(mode=0o700)
    folder = state / "mac1"
    for _ in ("the folder is there", "no folder either"):
        assert restart.main(["--folder", str(folder), "--recorder", "1999999:1"]) == 0
        assert not (folder / "port").exists()
        folder.mkdir(exist_ok=True)


def test_a_new_host_takes_any_port_and_one_that_comes_back_its_own(tmp_path: Path) -> None:
    assert former_port(tmp_path) == 0
    (tmp_path / "former_port").write_text("40123\n")
    assert former_port(tmp_path) == 40123


FULL = [{"layer": "host", "action": "full", "event": "create", "path": "*/last", "count": 1}]
SCRIPT = """
true > "$1/before" && printf x > "$1/before" || echo "before: refused"
: > "$1/last"
printf x > "$1/last" 2> "$2/said" && echo "last: written"
true > "$1/after" 2>> "$2/said" && echo "after: made"
mkdir "$1/folder" 2>> "$2/said" && echo "folder: made"
cp "$1/before" "$1/copy" 2>> "$2/said" && echo "copy: made"
printf x > "$2/elsewhere" || echo "elsewhere: refused"
rm "$1/before" || echo "rm: refused"
"""


@pytest.mark.skipif(bool(refusal()) or os.uname().machine != "x86_64", reason="ptrace on x86_64")
def test_on_a_full_disk_the_kernel_itself_says_so_and_nothing_elsewhere_is_touched(
    tmp_path: Path,
) -> None:
    root, away = tmp_path / "root", tmp_path / "away"
    root.mkdir()
    away.mkdir()
    (tmp_path / "faults.json").write_text(json.dumps(FULL))
    store = tmp_path / "store.ndjson"
    argv = [sys.executable, "-m", "witnessmark.standin.recorder", "--root", str(root)]
    argv += ["--store", str(store), "--faults", str(tmp_path / "faults.json"), "--"]
    argv += ["/bin/sh", "-c", SCRIPT, "sh", str(root), str(away)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == ""
    assert (away / "said").read_text().count("No space left on device") == 2
    assert (away / "elsewhere").read_text() == "x"
    assert sorted(item.name for item in root.iterdir()) == ["last"]
    assert (root / "last").read_text() == ""
    assert "No space left on device" in done.stderr
    assert "an event is lost" in done.stderr
    assert b'"before"' not in store.read_bytes().splitlines()[-1]
