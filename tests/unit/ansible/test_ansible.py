"""ansible-runner behind witnessmark.ansible: every trap that was measured stays closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from witnessmark import ansible
from witnessmark.errors import HostError, UsageError

LOCAL = {"here": {"ansible_connection": "local"}}
LIMITS = {"forks": 2, "task_timeout_s": 20, "timeout_s": 30}


def play(path: Path, command: str) -> Path:
    task = {"ansible.builtin.raw": command}
    path.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    return path


def test_nothing_of_the_environment_reaches_ansible_or_its_artifacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIEM_TOKEN", "hunter2")
    monkeypatch.setenv("ANSIBLE_HOST_KEY_CHECKING", "False")
    monkeypatch.setenv("ANSIBLE_CONFIG", "/elsewhere")
    look = play(tmp_path / "look.yaml", "env; cat {{ wm_folder }}/artifacts/*/command")
    with ansible.private_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(str(folder)) < 30
        (result,) = ansible.run_play(folder, look, LOCAL, **LIMITS)
    assert "ANSIBLE_HOST_KEY_CHECKING=True" in result.stdout
    assert '"ANSIBLE_HOST_KEY_CHECKING": "True"' in result.stdout
    assert f"ANSIBLE_CONFIG={folder}/ansible.cfg" in result.stdout
    assert "hunter2" not in result.stdout
    assert not folder.exists()


def test_the_agent_is_kept_and_the_path_finds_ansible_without_an_active_venv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    seen = ansible.environment(tmp_path)
    assert seen["SSH_AUTH_SOCK"] == "/agent"
    assert seen["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert seen["PATH"].endswith("/usr/bin:/bin")
    assert seen["LC_ALL"].endswith("UTF-8")


def test_the_private_folder_goes_also_when_an_exception_passes() -> None:
    seen: list[Path] = []

    def fail() -> None:
        with ansible.private_folder() as folder:
            (folder / "file").write_text("x")
            seen.append(folder)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not seen[0].exists()


def test_no_value_is_a_template(tmp_path: Path) -> None:
    value = "{{ lookup('env', 'HOME') }} \"quoted\" 'too' \\ \u00e9"
    hosts = {"here": {"ansible_connection": "local", "wm_value": value}}
    echo = play(tmp_path / "echo.yaml", "printf %s {{ wm_value | quote }}")
    with ansible.private_folder() as folder:
        (result,) = ansible.run_play(folder, echo, hosts, **LIMITS)
    assert result.stdout == value


def test_a_failed_task_is_told_with_its_status(tmp_path: Path) -> None:
    fail = play(tmp_path / "fail.yaml", "echo out; echo err >&2; exit 64")
    with ansible.private_folder() as folder:
        (result,) = ansible.run_play(folder, fail, LOCAL, **LIMITS)
    assert (result.event, result.rc) == ("runner_on_failed", 64)
    assert (result.stdout.strip(), result.stderr.strip()) == ("out", "err")


def test_a_play_that_ansible_cannot_run_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("- hosts: all\n  nonsense: [\n")
    with ansible.private_folder() as folder, pytest.raises(HostError, match=r"broken\.yaml"):
        list(ansible.run_play(folder, broken, LOCAL, **LIMITS))


def test_a_child_that_cannot_start_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ansible, "_scripts", list)
    monkeypatch.setenv("PATH", str(tmp_path))
    with ansible.private_folder() as folder, pytest.raises(HostError):
        list(ansible.run_play(folder, play(tmp_path / "p.yaml", "true"), LOCAL, **LIMITS))


def test_ansible_s_reason_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_text("[group\nmac1\n")
    with pytest.raises(UsageError) as caught:
        ansible.list_inventory([tmp_path / "hosts.ini"])
    assert str(caught.value).startswith("ansible cannot read the inventory: ")
    assert "\n" not in str(caught.value)
    assert "[WARNING]" not in str(caught.value)


def test_a_play_over_its_time_is_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    nap = f"sleep 31.{os.getpid()}"
    naps = play(tmp_path / "naps.yaml", nap)
    with ansible.private_folder() as folder:
        limits = {**LIMITS, "timeout_s": 2}
        assert list(ansible.run_play(folder, naps, LOCAL, **limits)) == []
    assert not folder.exists()
    assert running(nap) == []


def test_one_slow_host_is_given_up_by_the_task_limit(tmp_path: Path) -> None:
    naps = play(tmp_path / "naps.yaml", "{{ wm_command }}")
    hosts = {name: {**LOCAL["here"], "wm_command": "echo"} for name in ("quick", "slow")}
    hosts["slow"]["wm_command"] = "sleep 2.7"
    with ansible.private_folder() as folder:
        limits = {**LIMITS, "task_timeout_s": 1}
        results = list(ansible.run_play(folder, naps, hosts, **limits))
    assert {result.host: result.event for result in results} == {
        "quick": "runner_on_ok",
        "slow": "runner_on_failed",
    }


def test_a_result_is_told_while_another_host_is_still_at_work(tmp_path: Path) -> None:
    told = tmp_path / "told"
    waits = play(tmp_path / "waits.yaml", "{{ wm_command }}")
    hosts = {name: {**LOCAL["here"], "wm_command": "echo"} for name in ("slow", "quick")}
    hosts["slow"]["wm_command"] = f"until [ -e {told} ]; do sleep 0.05; done"
    with ansible.private_folder() as folder:
        results = ansible.run_play(folder, waits, hosts, **LIMITS)
        assert next(results).host == "quick"
        told.touch()
        assert [(item.host, item.event) for item in results] == [("slow", "runner_on_ok")]


def test_who_stops_listening_stops_the_play(tmp_path: Path) -> None:
    nap = f"sleep 32.{os.getpid()}"
    naps = play(tmp_path / "naps.yaml", "{{ wm_command }}")
    hosts = {name: {**LOCAL["here"], "wm_command": "echo"} for name in ("slow", "quick")}
    hosts["slow"]["wm_command"] = nap
    with ansible.private_folder() as folder:
        results = ansible.run_play(folder, naps, hosts, **LIMITS)
        next(results)
        results.close()
        assert running(nap) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_caller_is_killed(how: signal.Signals, tmp_path: Path) -> None:
    nap = f"sleep 3{int(how)}.{os.getpid()}"
    naps = play(tmp_path / "naps.yaml", nap)
    program = (
        "from witnessmark import ansible; from pathlib import Path\n"
        "with ansible.private_folder() as folder:\n"
        "    print(folder, flush=True)\n"
        f"    next(ansible.run_play(folder, Path({str(naps)!r}), {LOCAL!r}, **{LIMITS!r}))\n"
    )
    caller = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    with caller.stdout:
        folder = Path(caller.stdout.readline().strip())
        assert until(lambda: running(nap))
        caller.send_signal(how)
        caller.wait(10)
    assert until(lambda: not folder.exists() and not running(nap)), (folder, running(nap))


def running(command: str) -> list[str]:
    listing = subprocess.run(["ps", "-axo", "args="], capture_output=True, text=True, check=True)
    return [line for line in listing.stdout.splitlines() if line.strip() == command]


def until(condition: object, limit_s: float = 12.0) -> bool:
    assert callable(condition)
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_masters_are_asked_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from witnessmark.ansible import child

    asked = tmp_path / "asked"
    fake = tmp_path / "bin" / "ssh"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{asked}"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    (tmp_path / "cp").mkdir()
    (tmp_path / "cp" / "abc").touch()
    child.end_masters(tmp_path)
    assert f"-O exit -o ControlPath={tmp_path}/cp/abc" in asked.read_text()
