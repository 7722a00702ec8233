"""A stand-in with a system of its own: what its processes see, and what is recorded of them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.standin import mode
from witnessmark.standin.launch import refusal
from witnessmark.standin.mode import Mode
from witnessmark.standin.pidfile import Process, read_pid
from witnessmark.standin.state import boot, shutdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.standin.booted import BootedHost

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(refusal() is not None, reason=str(refusal())),
    pytest.mark.skipif(mode.refusal() is not None, reason=f"no namespaces: {mode.refusal()}"),
    pytest.mark.skipif(shutil.which("ssh") is None, reason="needs an OpenSSH client"),
]


@pytest.fixture(scope="module")
def mac(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BootedHost]:
    state = tmp_path_factory.mktemp("own root")
    (booted,) = boot(state, ["mac"], tied=True, mode=Mode.NAMESPACE)
    yield booted
    shutdown(state, remove=True)


def sh(host: BootedHost, script: str) -> str:
    return subprocess.run(
        [*host.ssh(), script], capture_output=True, text=True, check=False, timeout=30
    ).stdout


def events_since(host: BootedHost, began: int) -> list[dict[str, Any]]:
    with host.store.open("rb") as store:
        store.seek(began)
        return [json.loads(line) for line in store]


def test_its_user_its_name_and_its_folders_are_a_mac_s(mac: BootedHost) -> None:
    names = "for name in sh awk ps; do command -v $name; done"
    out = sh(mac, f"id -u; id -un; id -gn; hostname; pwd; {names}; ls /Users /private")
    assert out.split() == [
        *("501", "purple", "staff", "mac", "/Users/purple"),
        *("/bin/sh", "/usr/bin/awk", "/bin/ps"),
        *("/Users:", "purple", "/private:", "etc", "tmp", "var"),
    ]


def test_a_command_that_no_mac_has_is_nowhere_to_be_found(mac: BootedHost) -> None:
    hidden = ("setsid", "timeout", "sha256sum", "tac", "unshare", "mount", "apt", "systemctl")
    folders = ("/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/opt")
    looked = " ".join(f"{folder}/{name}" for folder in folders for name in hidden)
    assert sh(mac, f"ls -d {looked} 2> /dev/null") == ""
    assert sh(mac, f"for name in {' '.join(hidden)}; do command -v $name; done") == ""
    assert sh(mac, "ls /bin/cat /usr/bin/xattr /bin/launchctl").split() == [
        *("/bin/cat", "/bin/launchctl", "/usr/bin/xattr"),
    ]


REACH = """for root in '' /proc/1/root /proc/1/cwd/.. /proc/self/root /proc/1/fd/*/.. ; do
  for path in {paths}; do [ ! -e "$root$path" ] || echo "$root$path"; done
done 2> /dev/null"""


def test_the_machine_s_files_are_out_of_reach(mac: BootedHost) -> None:
    files = (Path(__file__), mac.folder / "host_key", Path("/etc/shadow"), Path.home())
    assert any(path.exists() for path in files[:2])
    paths = " ".join(shlex.quote(str(path)) for path in (*files, *Path(__file__).parents[:-1]))
    found = sh(mac, REACH.format(paths=paths)).split()
    assert {path for path in found if not path.endswith("/tmp")} == set()
    assert "KEY" not in sh(mac, "cat /proc/1/fd/*/../host_key /proc/1/environ /proc/1/fd/3")


def test_system_files_are_read_only_also_for_root_outside(mac: BootedHost) -> None:
    script = "for file in /bin/cat /usr/lib/x /System/Volumes/Standin/x; do echo x >> $file; done"
    said = subprocess.run(
        [*mac.ssh(), script], capture_output=True, text=True, check=False, timeout=30
    )
    assert said.stderr.count("Read-only file system") == 3
    wanted = "python3 -c 'import ctypes; print(ctypes.CDLL(None).unshare(0x10000000))'"
    assert sh(mac, wanted).strip() == "-1", "more namespaces could hide paths from the recorder"


def test_its_processes_are_all_that_it_sees(mac: BootedHost) -> None:
    rows = [line.split(None, 2) for line in sh(mac, "ps -ax -o pid=,ppid=,comm=").splitlines()]
    assert rows[0] == ["1", "0", "/usr/bin/python3"]
    assert len(rows) == 3  # with the shell, and ps itself
    assert str(os.getpid()) not in sh(mac, "ls /proc").split()


STORY = """cd Downloads; printf '#!/bin/sh\\necho $$ $PPID\\n' > a.part
mv a.part a.sh; chmod +x a.sh
ln -s /Users/purple/Downloads/a.sh /tmp/abs; echo >> /tmp/abs; mkdir d
echo $$; ./a.sh; /tmp/abs; echo x > ../../../tmp/up; rm /tmp/up /tmp/abs a.sh; rmdir d
exec 3> "/proc/self/cwd/own"; exec 3>&-; rm own; xattr -w com.x y ."""


def test_records_hold_the_host_s_own_paths_and_pids(mac: BootedHost) -> None:
    """What a script says of itself is what the record says, symbolic links and all."""
    began = mac.store.stat().st_size
    shell, first, first_parent, second, second_parent = map(int, sh(mac, STORY).split())
    assert first_parent == second_parent == shell
    events = events_since(mac, began)
    told = [(name, body, e) for e in events for name, body in e["event"].items()]
    execs = {body["target"]["audit_token"]["pid"]: body for name, body, _ in told if name == "exec"}
    assert execs[first]["target"]["ppid"] == execs[second]["target"]["ppid"] == shell
    assert execs[first]["target"]["parent_audit_token"]["pid"] == shell
    assert execs[first]["target"]["group_id"] == execs[first]["target"]["session_id"] == shell
    assert execs[first]["script"]["path"] == "/Users/purple/Downloads/a.sh"
    assert execs[second]["target"]["audit_token"]["euid"] == 501
    assert {e["thread"]["thread_id"] for _, _, e in told if e["process"]["ppid"] == shell} <= {
        e["process"]["audit_token"]["pid"] for _, _, e in told
    }
    closes = [body["target"]["path"] for name, body, _ in told if name == "close"]
    assert closes == [
        "/Users/purple/Downloads/a.part",
        "/Users/purple/Downloads/a.sh",
        "/private/tmp/up",
        "/Users/purple/Downloads/own",
    ]
    unlinked = [body["target"]["path"] for name, body, _ in told if name == "unlink"]
    assert unlinked == [
        *("/private/tmp/up", "/private/tmp/abs", "/Users/purple/Downloads/a.sh"),
        *("/Users/purple/Downloads/d", "/Users/purple/Downloads/own"),
    ]
    attributes = [body["target"]["path"] for name, body, _ in told if name == "setextattr"]
    assert attributes == ["/Users/purple/Downloads"]
    assert str(mac.folder) not in json.dumps(events)


def test_a_group_is_what_the_host_calls_it(mac: BootedHost) -> None:
    code = (
        "import os\nr, w = os.pipe()\nchild = os.fork()\n"
        "if not child: os.read(r, 1); os.execv('/bin/cat', ['cat', '/dev/null'])\n"
        "os.setpgid(child, child); os.write(w, b'g'); os.wait(); print(child, os.getsid(0))"
    )
    began = mac.store.stat().st_size
    child, session = map(int, sh(mac, f"python3 -c {shlex.quote(code)}").split())
    ran = [e["event"]["exec"]["target"] for e in events_since(mac, began) if "exec" in e["event"]]
    (cat,) = [target for target in ran if target["executable"]["path"] == "/bin/cat"]
    assert (cat["audit_token"]["pid"], cat["group_id"], cat["session_id"]) == (
        child,
        child,
        session,
    )


@pytest.mark.parametrize("killed", ["init", "recorder"])
def test_all_its_processes_go_with_its_init_or_its_recorder(killed: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    (host,) = boot(state, ["mac"], tied=True, mode=Mode.NAMESPACE)
    code = "import os, time; os.setsid(); print('on', flush=True); os.close(1); time.sleep(60)"
    argv = [*host.ssh(), f"python3 -c {shlex.quote(code)} 2> /dev/null & wait"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"on\n"
        init, recorder = read_pid(host.folder / "init.pid"), read_pid(host.folder / "recorder.pid")
        assert init is not None
        assert recorder is not None
        inside = [process for pid in _descendants(init.pid) if (process := Process.of(pid))]
        assert len(inside) >= 2
        os.kill(init.pid if killed == "init" else recorder.pid, signal.SIGKILL)
        for process in (*inside, init, recorder):
            process.wait()
    assert client.returncode == 255
    assert shutdown(state, remove=True) == []
    assert not state.exists()


def _descendants(pid: int) -> list[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(") ")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def test_the_mode_is_printed_kept_and_cannot_change_while_up(tmp_path: Path) -> None:
    def standin(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = "from witnessmark.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, "standin", *arguments, f"--state={tmp_path / 's'}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    try:
        up = standin("up", "--mode=namespace")
        assert (up.returncode, "mode namespace (asked for)" in up.stdout) == (0, True), up.stderr
        (status,) = json.loads(standin("status", "--format=json").stdout)
        assert (status["mode"], status["why"]) == ("namespace", "asked for")
        other = standin("up", "--mode=prefix")
        assert other.returncode != 0
        assert "standin-1 is already up in the other mode" in other.stderr
        inventory = (tmp_path / "s/inventory.yaml").read_text()
        assert 'witnessmark_standin: {"mode": "namespace", "why": "asked for"}' in inventory
        assert "witnessmark_path_prefix" not in inventory
    finally:
        standin("down")


def test_both_modes_judge_alike_and_the_run_says_which_it_was(tmp_path: Path) -> None:
    judged = {}
    for name in Mode:
        argv = ["demo", "-q", f"--mode={name}", f"--reports={tmp_path / name}"]
        argv += [f"--scenario={scenario}" for scenario in ("v16", "v18", "v19")]
        done = subprocess.run(
            [sys.executable, "-c", "from witnessmark.cli import main; main()", *argv],
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (file,) = {path.resolve() for path in (tmp_path / name).glob("*/verdicts.json")}
        run = json.loads(file.read_text())
        assert [host["facts"]["standin"] for host in run["hosts"]] == [f"{name}: asked for"]
        judged[name] = {case["id"]: (case["verdict"], case["links"]) for case in run["cases"]}
    assert len(judged[Mode.PREFIX]) > 8
    assert judged[Mode.PREFIX] == judged[Mode.NAMESPACE]
