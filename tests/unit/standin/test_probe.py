"""Where recording is impossible, the reason and the way out are said, and nothing is made up."""

from __future__ import annotations

import platform
import subprocess
from typing import TYPE_CHECKING

import pytest

from witnessmark.standin import probe, recorder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    probe.refusal.cache_clear()
    yield
    probe.refusal.cache_clear()  # what was said here must not skip other tests


def test_a_mac_is_shown_its_own_sensor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    reason = recorder.refusal()
    assert reason is not None
    for way_out in ("eslogger", "inventory/localhost.yaml", "Linux container"):
        assert way_out in reason


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "FreeBSD")
    assert recorder.refusal() == "The stand-in's recorder needs Linux; this is FreeBSD."


def test_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert recorder.refusal() == "The stand-in's recorder knows x86_64, aarch64, not riscv64."


def test_the_trial_s_own_words_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Recording is impossible here: ptrace is not permitted (Operation not permitted)."
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    done = subprocess.CompletedProcess([], 69, "", f"noise\n{said}\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert recorder.refusal() == said


def test_the_recorder_refuses_with_69_and_runs_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    store = tmp_path / "store.ndjson"
    ran = tmp_path / "ran"
    arguments = ["--root", str(tmp_path), "--store", str(store), "--", "touch", str(ran)]
    assert recorder.main(arguments) == 69
    assert "eslogger" in capsys.readouterr().err
    assert not store.exists()
    assert not ran.exists()


def test_a_command_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        recorder.main(["--root", "r", "--store", "s", "--"])
    assert caught.value.code == 2
    assert "missing after --" in capsys.readouterr().err
