"""``witnessmark standin``: up, status and down as a user runs them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.errors import HostError
from witnessmark.standin.launch import refusal
from witnessmark.standin.mode import Mode, choose
from witnessmark.standin.pidfile import Process, read_pid
from witnessmark.standin.state import boot, shutdown
from witnessmark.standin.state import status as look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from witnessmark.standin.mode import Chosen

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(refusal() is not None, reason=str(refusal())),
    pytest.mark.skipif(shutil.which("ssh") is None, reason="needs an OpenSSH client"),
]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state directory to be; whatever a failing test leaves up in it is shut down."""
    folder = tmp_path / "a folder" / ".witnessmark" / "standin"
    yield folder
    shutdown(folder, remove=True)


def standin(*arguments: str, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from witnessmark.cli import main; main()", "standin", *arguments],
        env={**os.environ, "WITNESSMARK_STATE": str(state)},
        capture_output=True,  # would wait for a host that kept our pipes open
        text=True,
        check=False,
        timeout=30,
    )


def statuses(state: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(standin("status", "--format=json", state=state).stdout)
    return found


def best() -> Chosen:
    """The mode that a host gets if none is asked for."""
    return choose(None)


def mentioning(text: str) -> list[str]:
    """Command lines of all living processes that name ``text``."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line and path.parent.name != str(os.getpid()):
            lines.append(line)
    return lines


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_host_s_life(state: Path) -> None:
    """up, log in with the printed line, up again, crash, status, up again, down: nothing left."""
    up = standin("up", state=state)
    assert (up.returncode, up.stderr) == (0, "")
    assert f"mode {best().mode} ({best().why})" in up.stdout
    assert "recorder ptrace" in up.stdout
    (login,) = [line for line in up.stdout.splitlines() if "log in with" in line]
    argv = shlex.split(login.split(": ", 1)[1])
    assert subprocess.check_output([*argv, "sw_vers -productName"]) == b"witnessmark stand-in\n"
    (first,) = statuses(state)
    assert (first["name"], first["up"]) == ("standin-1", True)
    assert Path(first["store"]).stat().st_size > 0
    assert os.getsid(first["pid"]) == first["pid"]

    assert standin("up", state=state).stdout == up.stdout
    assert statuses(state) == [first]

    os.kill(first["pid"], signal.SIGKILL)
    assert eventually(lambda: not statuses(state)[0]["up"])
    assert eventually(lambda: not mentioning(str(state)))
    assert "standin-1  down" in standin("status", state=state).stdout
    assert subprocess.run([*argv, "true"], capture_output=True, check=False).returncode == 255

    assert standin("up", state=state).returncode == 0
    (revived,) = statuses(state)
    assert revived["pid"] != first["pid"]
    assert subprocess.run([*revived["ssh"], "exit 6"], check=False).returncode == 6

    down = standin("down", state=state)
    assert (down.returncode, down.stdout) == (0, "shut down: standin-1\n")
    assert not state.parent.exists()
    assert not mentioning(str(state))
    again = standin("down", state=state)
    assert (again.returncode, again.stdout) == (0, "no stand-in was up\n")


def test_three_hosts_at_once(state: Path) -> None:
    up = standin("up", "--hosts=3", state=state)
    assert up.returncode == 0
    found = statuses(state)
    assert [host["name"] for host in found] == ["standin-1", "standin-2", "standin-3"]
    assert len({host["port"] for host in found}) == 3
    for host in found:
        home = subprocess.check_output([*host["ssh"], "pwd"], text=True)
        own_root = best().mode is Mode.NAMESPACE
        assert home.strip() == ("" if own_root else host["root"]) + "/Users/purple"
    inventory = (state / "inventory.yaml").read_text()
    known = (state / "known_hosts").read_text()
    assert all(f"{host['name']}:" in inventory for host in found)
    assert all(f"[127.0.0.1]:{host['port']} ssh-ed25519 " in known for host in found)
    shutdown(state, ["standin-2"], remove=True)
    assert [host["name"] for host in statuses(state)] == ["standin-1", "standin-3"]
    assert "standin-2" not in (state / "inventory.yaml").read_text()


def test_keep_leaves_the_evidence(state: Path) -> None:
    standin("up", state=state)
    assert standin("down", "--keep", state=state).stdout == "shut down: standin-1\n"
    store = state / "standin-1/root/private/var/log/eslogger.ndjson"
    assert store.stat().st_size > 0
    assert [host["up"] for host in statuses(state)] == [False]
    assert standin("down", state=state).returncode == 0
    assert not state.exists()


def test_processes_that_left_their_session_end_too(state: Path) -> None:
    (host,) = boot(state, ["a"], mode=Mode.PREFIX)  # the other mode: test_namespace.py
    code = (
        "import os,time; os.fork() and os._exit(0); os.setsid(); print(os.getpid(), flush=True); "
    )
    code += "os.close(0); os.close(1); os.close(2); time.sleep(60)"
    out = subprocess.check_output([*host.ssh(), f"python3 -c {shlex.quote(code)}"], text=True)
    process = Process.of(int(out))
    assert process is not None
    shutdown(state)
    assert not process.alive()


def test_a_host_keeps_nothing_of_its_caller_s_open(state: Path) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    try:
        boot(state, ["a"], tied=True)
    finally:
        os.close(writer)
    os.set_blocking(reader, False)  # a writer anywhere would make reading raise
    assert os.read(reader, 1) == b""
    os.close(reader)


OWNER = """
import os, signal, sys, time
from pathlib import Path
from witnessmark.standin import launch, state
real = launch.write_pid
def write_pid(path, pid):
    if path.name == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
    real(path, pid)
launch.write_pid = write_pid
state.boot(Path(sys.argv[1]), ["a"], tied=True)
print("up", flush=True)
time.sleep(60)
"""


def pids_of(folder: Path) -> list[Process | None]:
    """The processes whose command lines name a folder."""
    pids = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if str(folder).encode() in _bytes(path)
    ]
    return [Process.of(pid) for pid in pids if pid != os.getpid()]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_tied_host_ends_without_its_warden_and_without_its_files(state: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(state), ""], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "up\n"
        warden = read_pid(state / "a" / "warden.pid")
        assert warden is not None
        warden.end(patience_s=0)
        shutil.rmtree(state)
        assert len(pids_of(state)) == 4  # owner, recorder, init and shipper
        owner.kill()
    try:
        assert eventually(lambda: not mentioning(str(state)))
    finally:
        for process in filter(None, pids_of(state)):
            process.end(patience_s=0.1)


@pytest.mark.parametrize("moment", ["recorder.pid", "warden.pid"])
def test_a_tied_host_ends_even_if_its_owner_died_while_booting_it(moment: str, state: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OWNER, str(state), moment], check=False, timeout=30
    )
    assert done.returncode == -signal.SIGKILL
    try:
        assert eventually(lambda: not mentioning(str(state)))
        assert eventually(lambda: not (state / "a").exists())
    finally:
        for process in filter(None, pids_of(state)):
            process.end(patience_s=0.1)


def test_what_a_scenario_locked_is_removed_all_the_same(state: Path) -> None:
    (host,) = boot(state, ["a"])
    locked = host.root / "Users/purple/Downloads/deep/er"
    locked.mkdir(parents=True)
    (locked / "file").touch()
    locked.chmod(0)
    locked.parent.chmod(0)
    (host.root / "Users/purple/out").symlink_to(state.parent.parent)
    shutdown(state, remove=True)
    assert not state.exists()
    assert state.parent.parent.exists()


def test_a_reused_pid_is_not_taken_for_the_host(state: Path) -> None:
    (host,) = boot(state, ["a"])
    os.kill(host.pid, signal.SIGKILL)
    other = subprocess.Popen(["sleep", "60"])
    (host.folder / "recorder.pid").write_text(f"{other.pid} 1\n")
    try:
        assert [found.booted for found in look(state)] == [None]
        shutdown(state, remove=True)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_booting_twice_at_once_boots_once(state: Path) -> None:
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda: results.append(boot(state, ["a"])[0].pid)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert len(set(results)) == 1


def test_a_host_that_cannot_boot_says_what_its_recorder_said(state: Path) -> None:
    with pytest.raises(
        HostError, match=r"a did not boot: its recorder ended; it said: .*unknown layer"
    ):
        boot(state, ["a"], {"a": [{"nonsense": True}]})
    assert [host.booted for host in look(state)] == [None]


def test_other_faults_need_a_reboot(state: Path, tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("id: f\ntitle: t\nexpect: e\nfaults: [{layer: sensor, action: drop}]\n")
    assert standin("up", state=state).returncode == 0
    refused = standin("up", f"--fault={faults}", state=state)
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "already up with other faults" in refused.stderr


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    refused = standin("up", f"--state={tmp_path}", state=tmp_path)
    assert refused.returncode == 3
    assert "holds files that no stand-in made" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
