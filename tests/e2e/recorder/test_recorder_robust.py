"""Hosts that do awkward things: nothing hangs, doubles, survives or goes unseen."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

    from .conftest import Host


def test_threads_that_spawn(host: Host) -> None:
    recording = host.python(
        "import subprocess, threading\n"
        "def spawn(n): subprocess.run(['/usr/bin/true', str(n)], check=True)\n"
        "for start in range(0, 200, 20):\n"
        "    ts = [threading.Thread(target=spawn, args=(start + n,)) for n in range(20)]\n"
        "    [t.start() for t in ts]; [t.join() for t in ts]\n"
    )
    numbers = {args[1] for args in recording.execs() if args[0] == "/usr/bin/true"}
    assert numbers == {str(n) for n in range(200)}


def test_exec_by_another_thread_than_the_first(host: Host) -> None:
    recording = host.python(
        "import os, threading, time\n"
        "if os.fork(): print(os.wait()[1]); raise SystemExit\n"
        "threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "threading.Thread(target=os.execv, args=('/usr/bin/true', ['true'])).start()\n"
        "time.sleep(9)\n"
    )
    assert recording.stdout == "0\n"
    (child,) = (body["child"]["audit_token"]["pid"] for body in recording.bodies("fork"))
    assert [e["thread"]["thread_id"] for e in recording.of("exec")][1:] == [child]
    ends = Counter(e["process"]["audit_token"]["pid"] for e in recording.of("exit"))
    assert set(ends.values()) == {1}


def test_a_first_thread_that_ends_before_the_others(host: Host) -> None:
    recording = host.python(
        "import ctypes, threading, time, os\n"
        "def late(): time.sleep(0.2); open('f', 'w').close(); os._exit(0)\n"
        "threading.Thread(target=late).start()\n"
        "ctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)\n"
    )
    assert [kind for e in recording.events for kind in e["event"]] == [
        "exec",
        "create",
        "close",
        "exit",
    ]


def test_stop_and_continue(host: Host) -> None:
    recording = host.python(
        "import os, signal, time\n"
        "pid = os.fork()\n"
        "if pid == 0: os.kill(os.getpid(), signal.SIGSTOP); os.execv('/usr/bin/true', ['true'])\n"
        "_, status = os.waitpid(pid, os.WUNTRACED); assert os.WIFSTOPPED(status)\n"
        "time.sleep(0.1); assert os.waitpid(pid, os.WNOHANG) == (0, 0)\n"
        "os.kill(pid, signal.SIGCONT)\n"
        "_, status = os.waitpid(pid, os.WCONTINUED); assert os.WIFCONTINUED(status)\n"
        "print(os.waitpid(pid, 0)[1])\n"
    )
    assert recording.stdout == "0\n"
    assert ["true"] in recording.execs()


def test_signals_are_delivered(host: Host) -> None:
    recording = host.python(
        "import os, signal\n"
        "got = []\n"
        "for s in (signal.SIGUSR1, signal.SIGTERM, signal.SIGTRAP, signal.SIGTSTP):\n"
        "    signal.signal(s, lambda n, _: got.append(n)); os.kill(os.getpid(), s)\n"
        "if os.fork() == 0: signal.signal(15, signal.SIG_DFL); os.kill(os.getpid(), 15)\n"
        "print(got, os.wait()[1])\n"
    )
    assert recording.stdout == "[10, 15, 5, 20] 15\n"
    assert recording.bodies("exit")[0]["stat"] == 15


def test_multiprocessing(host: Host) -> None:
    recording = host.run(
        [
            sys.executable,
            "-I",
            "-c",
            "import multiprocessing\n"
            "with multiprocessing.get_context('fork').Pool(3) as pool:\n"
            "    print(sum(pool.map(abs, range(-50, 0))))\n",
        ]
    ).check()
    assert recording.stdout == "1275\n"


def test_storms_of_kill_9(host: Host) -> None:
    """Killed anywhere, also inside a fork or exec: no hang; what cannot be told is a gap."""
    recording = host.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            "import os, random, signal, time\n"
            "busy = 'while :; do echo x > f$$; /usr/bin/true; mv f$$ g$$; (exit); done'\n"
            "for round in range(6):\n"
            "    pids = []\n"
            "    for n in range(8):\n"
            "        pid = os.fork()\n"
            "        if pid == 0: os.setsid(); os.execv('/bin/sh', ['sh', '-c', busy])\n"
            "        pids.append(pid)\n"
            "    time.sleep(0.1 + random.random() / 10)\n"
            "    for pid in pids:\n"
            "        try: os.killpg(pid, signal.SIGKILL)\n"
            "        except ProcessLookupError: os.kill(pid, signal.SIGKILL)\n"
            "    for pid in pids: os.waitpid(pid, 0)\n",
        ]
    )
    assert recording.returncode == 0
    if "lost" not in recording.stderr:
        recording.check()
        moved = {
            body["destination"]["new_path"]["filename"]
            for body in recording.bodies("rename")
            if body["destination_type"] == 1
        }
        assert {path.name for path in host.home.glob("g*")} == moved
    ends = Counter(
        (e["process"]["audit_token"]["pid"], e["process"]["start_time"])
        for e in recording.of("exit")
    )
    assert set(ends.values()) == {1}
    numbers = [event["global_seq_num"] for event in recording.events]
    assert numbers == sorted(set(numbers))


SLEEPERS = "setsid /bin/sleep 60 & /bin/sleep 60 & echo $$; exec /bin/sleep 60"


def _pids(host: Host, process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + 10
    while sum('"exec"' in line for line in host.lines()) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    tracer = f"TracerPid:\t{process.pid}\n"
    found = [p for p in Path("/proc").iterdir() if p.name.isdigit()]
    return [int(p.name) for p in found if tracer in _status(p)]


def _status(folder: Path) -> str:
    try:
        return (folder / "status").read_text()
    except OSError:
        return ""


def _gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        states = [_status(Path(f"/proc/{pid}")) for pid in pids]
        if not any(state and "State:\tZ" not in state for state in states):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.prefix_only("its processes do not know this machine's pids")
def test_no_process_outlives_the_recorder(host: Host, order: signal.Signals) -> None:
    process = host.start(["/bin/sh", "-c", SLEEPERS])
    pids = _pids(host, process)
    assert len(pids) == 3
    process.send_signal(order)
    recording = host.finish(process)
    assert _gone(pids)
    if order is signal.SIGKILL:
        assert recording.returncode == -order
        assert all(line.endswith("}") for line in recording.lines)
    else:
        assert recording.check().returncode == 128 + signal.SIGKILL
        assert [body["stat"] for body in recording.bodies("exit")] == [signal.SIGKILL] * 3


def test_a_busy_host_obeys_too(host: Host) -> None:
    process = host.start(["/bin/sh", "-c", "while :; do (:) & (: > f); done"])
    deadline = time.monotonic() + 10
    while len(host.lines()) < 50 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.terminate()
    assert host.finish(process, timeout=10).returncode == 128 + signal.SIGKILL


LEAVING = """
import os, subprocess, sys
if os.fork() == 0:
    os.setpgid(0, 0)
    open(sys.argv[1], "w").write(f"{os.getpgrp()}\\n")
    subprocess.run("echo hidden > f; /bin/echo hidden", shell=True, check=True)
    os._exit(0)
os.wait()
subprocess.run("echo seen > g; /bin/echo seen", shell=True, check=True)
"""


def test_what_is_born_while_the_host_ends_ends_too(host: Host) -> None:
    """Newborns that nobody had heard of when the order came would sleep for a minute."""
    code = (
        "import os, signal, time\n"
        "for _ in range(6):\n"
        "    if os.fork() == 0:\n"
        "        while True:\n"
        "            pid = os.fork()\n"
        "            if pid == 0: time.sleep(60)\n"
        "            os.kill(pid, 9); os.waitpid(pid, 0)\n"
        "time.sleep(60)\n"
    )
    for _ in range(3):
        process = host.start([sys.executable, "-I", "-S", "-c", code])
        size = len(host.lines())
        deadline = time.monotonic() + 10
        while len(host.lines()) < size + 60 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.terminate()
        assert process.wait(timeout=10) == 128 + signal.SIGKILL


HIDING = """
import os, sys
from pathlib import Path
from witnessmark.standin.recorder import RecorderConfig, record

class Hidden(frozenset):
    def __contains__(self, group):
        return note.exists() and note.read_text() == f"{group}\\n"

root, store, note = map(Path, sys.argv[1:4])
config = RecorderConfig(root=root, store=store, hidden_groups=Hidden())
raise SystemExit(record([sys.executable, "-c", sys.argv[4], note], config))
"""


def test_a_hidden_process_group_leaves_no_trace(host: Host, tmp_path: Path) -> None:
    note = tmp_path / "note"
    program = [sys.executable, "-c", HIDING, str(host.root), str(host.store), str(note), LEAVING]
    recording = host.finish(host.launch(program))
    assert recording.returncode == 0, recording.stderr
    assert note.exists()
    assert recording.targets("close") == ["/Users/purple/g"]
    assert not [args for args in recording.execs() if "hidden" in args]
    assert ["/bin/echo", "seen"] in recording.execs()
    numbers = [event["global_seq_num"] for event in recording.events]
    assert numbers == list(range(len(numbers)))


def test_a_name_made_to_confuse_proc(host: Host) -> None:
    shutil.copy("/usr/bin/true", host.home / "x) S 1 9 (y")
    recording = host.run(["./x) S 1 9 (y"]).check()
    body = recording.bodies("exec")[0]
    assert body["target"]["executable"]["path"] == "/Users/purple/x) S 1 9 (y"
    assert body["target"]["session_id"] == body["target"]["audit_token"]["pid"]
    assert body["args"] == ["./x) S 1 9 (y"]


def test_init_leads_a_session_of_its_own(host: Host) -> None:
    recording = host.sh(":")
    process = recording.events[-1]["process"]
    assert process["session_id"] == process["group_id"] == process["audit_token"]["pid"]
    assert process["group_id"] != os.getpgrp()


def test_dropped_events_leave_no_gap(host: Host, tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(
        '[{"layer": "sensor", "action": "drop", "event": "exec", "path": "*/a.sh"},'
        ' {"layer": "sensor", "action": "drop", "event": ["close"], "count": 1}]'
    )
    for text in ("a.sh", "b.sh"):
        (host.home / text).write_text("#!/bin/sh\n:\n")
        (host.home / text).chmod(0o755)
    command = ["/bin/sh", "-c", "./a.sh; ./b.sh; sh /Users/a.sh || :; : > c; : > d"]
    recording = host.run(command, "--faults", str(faults))
    assert [event["global_seq_num"] for event in recording.events] == list(
        range(len(recording.events))
    )
    # `sh /Users/a.sh` only names the path as an argument: that is another exec than a.sh's own.
    assert [args[-1] for args in recording.execs()[1:]] == ["./b.sh", "/Users/a.sh"]
    assert recording.targets("close") == ["/Users/purple/d"]


def test_wrong_faults_are_refused_before_anything_runs(host: Host, tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('[{"layer": "moon", "action": "drop"}]')
    refused = host.run(["/bin/sh", "-c", ": > ran"], "--faults", str(faults))
    assert refused.returncode == 2
    assert f"{faults}: item 0: unknown layer 'moon'" in refused.stderr
    assert not (host.home / "ran").exists()
