"""Pid files, the state directory and its papers, without any host."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml

from witnessmark.errors import HostError, Unsupported
from witnessmark.standin import keys, launch, paperwork, state, statedir
from witnessmark.standin.booted import BootedHost
from witnessmark.standin.mode import Chosen, Mode
from witnessmark.standin.pidfile import Process, read_pid, write_pid

if sys.platform != "linux":
    pytest.skip("a stand-in's processes are Linux processes", allow_module_level=True)


def booted(folder: Path, name: str = "mac-1") -> BootedHost:
    return BootedHost(
        name=name,
        port=2222,
        chosen=Chosen(mode=Mode.PREFIX, why="asked for"),
        pid=1,
        folder=folder / name,
        key_file=folder / "client_key",
        known_hosts=folder / "known_hosts",
        host_key="ssh-ed25519 AAAA",
    )


def test_a_process_is_its_pid_and_its_start(tmp_path: Path) -> None:
    write_pid(tmp_path / "pid", os.getpid())
    mine = read_pid(tmp_path / "pid")
    assert mine == Process.of(os.getpid())
    (tmp_path / "pid").write_text(f"{os.getpid()} 1\n")
    assert read_pid(tmp_path / "pid") is None


@pytest.mark.parametrize("text", ["", "x y", "1", "999999999 5"])
def test_a_pid_file_that_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text)
    assert read_pid(tmp_path / "pid") is None
    assert read_pid(tmp_path / "none") is None


def test_a_stubborn_process_is_killed() -> None:
    code = (
        "import signal,time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        process = Process.of(child.pid)
        assert process is not None
        process.end(patience_s=0.05)
        assert not process.alive()
        child.returncode = -9  # ours to tell: the check above reaped it


def test_waiting_ends_with_the_process() -> None:
    with subprocess.Popen(["sleep", "0.2"]) as child:
        process = Process.of(child.pid)
        assert process is not None
        began = time.monotonic()
        process.wait()
        assert 0.1 < time.monotonic() - began < 5
    process.wait()
    Process(os.getpid(), 1).wait()


def test_the_state_directory_is_private_and_serial(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    order: list[str] = []

    def second() -> None:
        with statedir.locked(folder, create=True):
            order.append("second")

    with statedir.locked(folder, create=True) as real:
        assert stat.S_IMODE(real.stat().st_mode) == 0o700
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_who_waited_while_it_was_dissolved_gets_a_new_one(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    entered = threading.Event()

    def second() -> None:
        with statedir.locked(folder, create=True):
            assert (folder / "lock").exists()
            entered.set()

    with statedir.locked(folder, create=True) as real:
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.05)
        statedir.dissolve(real)
    thread.join()
    assert entered.is_set()


def test_a_lock_on_a_file_that_was_just_removed_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"

    def flock(_: int, __: int) -> None:
        path.unlink()
        path.touch()

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", flock)
        assert statedir._try(path) is None
    held = statedir._try(path)
    assert held is not None
    os.close(held)


def test_waiting_for_the_lock_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statedir, "_PATIENCE_S", 0.05)
    with (
        statedir.locked(tmp_path / "s", create=True),
        pytest.raises(HostError, match="another process"),
        statedir.locked(tmp_path / "s", create=True),
    ):
        pass


def test_a_loose_directory_is_tightened_and_a_foreign_one_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    with statedir.locked(folder, create=True):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with (
        pytest.raises(HostError, match="belongs to another user"),
        statedir.locked(folder, create=True),
    ):
        pass


def test_dissolving_leaves_what_is_not_ours(tmp_path: Path) -> None:
    with statedir.locked(tmp_path / "s", create=True) as real:
        (real / "notes.txt").touch()
        statedir.dissolve(real)
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["notes.txt"]


def test_a_file_in_the_way_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(HostError, match=r"cannot be kept here .*--state DIR"),
        statedir.locked(tmp_path / "file", create=True),
    ):
        pass


def test_shutting_down_nothing_makes_nothing(tmp_path: Path) -> None:
    assert state.shutdown(tmp_path / "none", remove=True) == []
    assert state.status(tmp_path / "none") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("names", [["../x"], ["A"], [""], ["a b"], ["lock"], ["a", "a"]])
def test_names_that_cannot_be(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(HostError):
        state.boot(tmp_path / "s", names)
    assert not (tmp_path / "s").exists()


def test_faults_for_a_host_that_is_not_booted(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="'b', which is not being booted"):
        state.boot(tmp_path / "s", ["a"], {"b": []})


def test_where_nothing_may_be_traced_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "refusal", lambda: "ptrace is not allowed here")
    with pytest.raises(Unsupported, match=r"^ptrace is not allowed here$"):
        state.boot(tmp_path / "s", ["a"])
    assert not (tmp_path / "s").exists()


def test_macos_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux" in (launch.refusal() or "")


def test_keys_are_private_made_once_and_openssh_s(tmp_path: Path) -> None:
    line = keys.ensure_key(tmp_path / "key")
    assert keys.ensure_key(tmp_path / "key") == line
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert (
        subprocess.check_output(["ssh-keygen", "-y", "-f", tmp_path / "key"], text=True).split()[:2]
        == line.split()
    )


def test_the_inventory_is_yaml_that_ansible_reads(tmp_path: Path) -> None:
    odd = tmp_path / 'a "b": {c} ü'
    paperwork.write_inventory(tmp_path / "inventory.yaml", [booted(odd)])
    loaded = yaml.safe_load((tmp_path / "inventory.yaml").read_text())
    assert loaded["all"]["children"]["standin"]["hosts"] == {
        "mac-1": {
            "ansible_host": "127.0.0.1",
            "ansible_port": 2222,
            "ansible_user": "purple",
            "ansible_ssh_private_key_file": str(odd / "client_key"),
            "ansible_remote_tmp": ".ansible/tmp",
            "witnessmark_known_hosts": str(odd / "known_hosts"),
            "witnessmark_path_prefix": str(odd / "mac-1/root"),
            "witnessmark_standin": {"mode": "prefix", "why": "asked for"},
            "witnessmark_browser": "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "witnessmark_destination_root": str(odd / "mac-1/delivered"),
            "witnessmark_origin": "stand-in",
        }
    }
    paperwork.write_inventory(tmp_path / "inventory.yaml", [])
    assert yaml.safe_load((tmp_path / "inventory.yaml").read_text()) == {
        "all": {"children": {"standin": {"hosts": {}}}}
    }


def test_known_hosts_holds_the_key_of_each_port(tmp_path: Path) -> None:
    paperwork.write_known_hosts(tmp_path / "known", [booted(tmp_path)])
    assert (tmp_path / "known").read_text() == "[127.0.0.1]:2222 ssh-ed25519 AAAA\n"


def test_the_default_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WITNESSMARK_STATE", raising=False)
    assert statedir.default() == Path(".witnessmark/standin")
    monkeypatch.setenv("WITNESSMARK_STATE", "/x")
    assert statedir.default() == Path("/x")
