"""Processes of a host; in a Python of their own, for a process table reaps all children."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from witnessmark.standin.session import send_exit_signal

if sys.platform != "linux":
    pytest.skip("a stand-in's processes are Linux processes", allow_module_level=True)

HARNESS = """
import os, select, signal, sys, threading, time
from witnessmark.standin.ends import Terminal, start_on_pipes, start_on_terminal
from witnessmark.standin.sshhost import become_init
from witnessmark.standin.spawn import Bell, ProcessTable
table = ProcessTable()
def code(child):
    assert select.select([child.ended.fd], [], [], 5)[0], "never ended"
    return child.code
def sh(command, **env):
    return start_on_pipes(table, ["sh", "-c", command], {"PATH": os.environ["PATH"], **env})
def text(fd):
    out = b""
    while select.select([fd], [], [], 5)[0]:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        out += data
    return out.decode()
"""


def run(body: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", HARNESS + textwrap.dedent(body)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_codes_and_signals() -> None:
    run(
        """
        assert code(sh("exit 7").child) == 7
        assert code(sh("kill -9 $$").child) == -9
        """
    )


def test_a_hundred_at_once_are_all_reaped() -> None:
    run(
        """
        children = []
        def some():
            for _ in range(10):
                children.append(sh("exit 3").child)
        threads = [threading.Thread(target=some) for _ in range(10)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert [code(child) for child in children] == [3] * 100
        """
    )


def test_orphans_are_adopted_and_reaped(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / "Users/purple").mkdir(parents=True)
    run(
        f"""
        from pathlib import Path
        become_init(Path({str(root)!r}))
        assert os.getcwd() == {str(root / "Users/purple")!r}
        ends = sh("(sleep 0.2; exit 1) >/dev/null 2>&1 & echo $!")
        assert code(ends.child) == 0
        pid = int(text(ends.stdout))
        assert Path(f"/proc/{{pid}}/stat").read_text().split()[3] == str(os.getpid())
        time.sleep(0.5)
        assert not Path(f"/proc/{{pid}}").exists()
        """
    )


def test_init_keeps_its_descriptors_to_itself(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / "Users/purple").mkdir(parents=True)
    run(
        f"""
        from pathlib import Path
        os.set_inheritable(os.pipe()[0], True)
        become_init(Path({str(root)!r}))
        assert text(sh("ls /proc/$$/fd; :").stdout).split() == ["0", "1", "2"]
        """
    )


def test_the_environment_is_only_what_was_given() -> None:
    run(
        """
        os.environ["CANARY"] = "leaked"
        ends = sh("echo $CANARY$GIVEN", GIVEN="yes")
        assert text(ends.stdout) == "yes\\n"
        """
    )


def test_a_terminal_is_its_leader_s_controlling_one() -> None:
    run(
        """
        terminal = Terminal(term="vt100", columns=81, rows=26, width=0, height=0)
        command = "echo $TERM; tty; echo $SSH_TTY; stty size; : </dev/tty && echo ctty"
        environment = {"PATH": os.environ["PATH"]}
        ends = start_on_terminal(table, ["sh", "-c", command], environment, terminal)
        term, tty, named, rows, columns, ctty = text(ends.stdout).split()
        assert (term, rows, columns, ctty) == ("vt100", "26", "81", "ctty")
        assert tty == named
        assert code(ends.child) == 0
        """
    )


def test_a_shell_that_is_not_there_leaves_nothing_open() -> None:
    run(
        """
        from witnessmark.standin import ends
        ends.SHELL = "/nonexistent"
        before = len(os.listdir("/proc/self/fd"))
        terminal = Terminal(term="", columns=1, rows=1, width=0, height=0)
        for start in (lambda: sh("true"), lambda: start_on_terminal(table, ["sh"], {}, terminal)):
            try:
                start()
            except FileNotFoundError:
                pass
            else:
                raise SystemExit("started")
        assert len(os.listdir("/proc/self/fd")) == before
        """
    )


def test_a_bell_may_ring_after_it_was_closed() -> None:
    run(
        """
        bell = Bell()
        bell.ring()
        assert select.select([bell.fd], [], [], 0)[0]
        bell.close()
        bell.close()
        bell.ring()
        """
    )


@pytest.mark.parametrize(
    ("number", "name"), [(9, b"KILL"), (15, b"TERM"), (31, b"SYS@witnessmark"), (40, b"40@witness")]
)
def test_an_exit_signal_is_named_as_the_rfc_wants(number: int, name: bytes) -> None:
    sent: list[bytes] = []

    class Transport:
        @staticmethod
        def _send_user_message(message: object) -> None:
            sent.append(message.asbytes())  # type: ignore[attr-defined]

    class Channel:
        remote_chanid = 5
        transport = Transport()

    send_exit_signal(Channel(), number)
    (data,) = sent
    assert data.startswith(b"\x62\0\0\0\x05\0\0\0\x0bexit-signal\0\0\0\0")
    assert name in data
