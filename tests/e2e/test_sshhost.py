"""A booted stand-in through real SSH clients: what sshd does, it does too."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko
import pytest

import witnessmark
from witnessmark.standin import mode
from witnessmark.standin.launch import refusal
from witnessmark.standin.mode import Mode
from witnessmark.standin.pidfile import read_pid
from witnessmark.standin.state import boot, shutdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from witnessmark.standin.booted import BootedHost

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(refusal() is not None, reason=str(refusal())),
    pytest.mark.skipif(shutil.which("ssh") is None, reason="needs an OpenSSH client"),
]
FIVE_MB = random.Random(1).randbytes(5_000_000)


@pytest.fixture(scope="module", params=list(Mode))
def mac(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BootedHost]:
    """One host of either mode, in a folder with a space in its name; it dies with this process."""
    if request.param is Mode.NAMESPACE and (reason := mode.refusal()):
        pytest.skip(reason)
    state = tmp_path_factory.mktemp("stand in")
    (booted,) = boot(state, ["standin-1"], tied=True, mode=request.param)
    yield booted
    shutdown(state, remove=True)


@pytest.fixture(scope="module")
def client(mac: BootedHost) -> Iterator[paramiko.SSHClient]:
    with connect(mac) as connected:
        yield connected


@contextlib.contextmanager
def connect(host: BootedHost, **changes: object) -> Iterator[paramiko.SSHClient]:
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(host.known_hosts))
        options = {
            "username": host.user,
            "key_filename": str(host.key_file),
            "allow_agent": False,
            "look_for_keys": False,
            "timeout": 10,
        } | changes
        client.connect(host.address, port=host.port, **options)  # type: ignore[arg-type]
        transport = client.get_transport()
        assert transport is not None
        assert isinstance(transport.sock, socket.socket)
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client


def ssh(
    host: BootedHost, command: str, *options: str, data: bytes = b"", timeout: float = 20
) -> subprocess.CompletedProcess[bytes]:
    argv = host.ssh()
    return subprocess.run(
        [*argv[:-1], *options, argv[-1], command],
        input=data,
        capture_output=True,
        timeout=timeout,
        check=False,
    )


def run(client: paramiko.SSHClient, command: str) -> tuple[int, str, str]:
    _, out, err = client.exec_command(command, timeout=20)
    text, errors = out.read().decode(), err.read().decode()
    return out.channel.recv_exit_status(), text, errors


def eventually(holds: Callable[[], bool], patience: float = 5) -> bool:
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def init_of(host: BootedHost) -> int:
    """Init's pid as the host's processes know it."""
    init = read_pid(host.folder / "init.pid")
    assert init is not None
    return 1 if host.chosen.mode is Mode.NAMESPACE else init.pid


# Commands.


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_arrives(client: paramiko.SSHClient, code: int) -> None:
    assert run(client, f"exit {code}") == (code, "", "")


def test_output_and_errors_arrive_apart(mac: BootedHost) -> None:
    done = ssh(mac, "printf out; printf err >&2; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"out", b"err")


def test_death_by_signal_is_told_as_one(client: paramiko.SSHClient, mac: BootedHost) -> None:
    assert run(client, "kill -KILL $$")[0] == -1
    done = ssh(mac, "kill -TERM $$", "-v")
    assert done.returncode == 255
    assert b"rtype exit-signal" in done.stderr


def test_five_megabytes_come_back_unchanged(mac: BootedHost) -> None:
    done = ssh(mac, "tee /dev/stderr", data=FIVE_MB)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(FIVE_MB).digest()
    assert hashlib.sha256(done.stderr).digest() == hashlib.sha256(FIVE_MB).digest()


def test_input_that_nobody_reads_does_not_block(client: paramiko.SSHClient) -> None:
    transport = client.get_transport()
    assert transport is not None
    with contextlib.closing(transport.open_session(timeout=10)) as channel:
        channel.settimeout(10)
        channel.exec_command("exec <&-; sleep 1; echo ok")
        channel.sendall(FIVE_MB)  # more than the window
        assert not channel.exit_status_ready()
        assert channel.recv(10) == b"ok\n"


def test_the_client_s_end_of_input_is_the_command_s(mac: BootedHost) -> None:
    assert ssh(mac, "cat; echo end").stdout == b"end\n"


def test_a_log_in_s_environment_is_a_mac_s_and_not_the_controller_s(
    mac: BootedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_CANARY", "leaked")
    lines = ssh(mac, "env", "-o", "SendEnv=LC_CANARY").stdout.decode().splitlines()
    found = dict(line.split("=", 1) for line in lines)
    home = f"{mac.prefix}/Users/purple"
    peer = found.pop("SSH_CONNECTION").split()
    assert peer[0] == peer[2] == "127.0.0.1"
    assert peer[3] == str(mac.port)
    assert found.pop("SSH_CLIENT") == f"127.0.0.1 {peer[1]} {mac.port}"
    assert found == {
        "HOME": home,
        "USER": "purple",
        "LOGNAME": "purple",
        "SHELL": "/bin/sh",
        "PATH": ":".join(f"{mac.prefix}/{f}" for f in ("usr/bin", "bin", "usr/sbin", "sbin")),
        "TMPDIR": f"{mac.prefix}/private/var/folders/wm/standin/T/",
        "PWD": home,
    }


def test_every_command_leads_a_session_of_its_own(client: paramiko.SSHClient) -> None:
    _, first, _ = run(client, "cut -d' ' -f1,6 /proc/$$/stat; :")
    pid, session = first.split()
    assert pid == session


def test_a_command_inherits_nothing_but_its_three_ends(client: paramiko.SSHClient) -> None:
    assert run(client, "ls /proc/$$/fd; :")[1].split() == ["0", "1", "2"]


def test_signals_are_reset(client: paramiko.SSHClient) -> None:
    _, out, _ = run(client, "grep -E 'SigIgn|SigBlk' /proc/self/status")
    internal = 1 << 31 | 1 << 32  # glibc's own two: its posix_spawn leaves them ignored
    assert {int(line.split()[1], 16) & ~internal for line in out.splitlines()} == {0}


def test_a_background_job_holds_the_channel_only_while_it_holds_the_output(
    mac: BootedHost,
) -> None:
    began = time.monotonic()
    ssh(mac, "sleep 0.6 & exit 4")
    held = time.monotonic() - began
    began = time.monotonic()
    done = ssh(mac, "sleep 9 >/dev/null 2>&1 & exit 4")
    assert (done.returncode, held >= 0.6, time.monotonic() - began < 5) == (4, True, True)


def test_tools_that_no_mac_has_are_hidden(client: paramiko.SSHClient, mac: BootedHost) -> None:
    _, out, _ = run(client, "command -v setsid timeout sha256sum tac")
    assert out == ""
    _, out, _ = run(client, "command -v ls; command -v awk")
    assert out.split("\n")[:2] == [f"{mac.prefix}/bin/ls", f"{mac.prefix}/usr/bin/awk"]


def test_a_command_does_not_wait_for_delayed_acknowledgements(client: paramiko.SSHClient) -> None:
    def timed() -> float:
        began = time.monotonic()
        run(client, "true")
        return time.monotonic() - began

    assert min(timed() for _ in range(10)) < 0.03


# Terminals.


def test_a_terminal_is_a_real_and_controlling_one(mac: BootedHost) -> None:
    done = ssh(mac, "tty; test -t 0 && test -t 1 && test -t 2; echo $?; : > /dev/tty", "-tt")
    tty, isatty = done.stdout.decode().split()
    assert (tty.startswith("/dev/pts/"), isatty, done.returncode) == (True, "0", 0)


def test_without_one_there_is_none(mac: BootedHost) -> None:
    assert ssh(mac, "tty", "-T").stdout == b"not a tty\n"


def test_a_terminal_follows_the_client_s_window(client: paramiko.SSHClient) -> None:
    transport = client.get_transport()
    assert transport is not None
    with contextlib.closing(transport.open_session()) as channel:
        channel.get_pty("xterm", width=91, height=31)
        channel.exec_command(
            "trap 'stty size; exit 0' WINCH; stty size; while :; do sleep 0.05; done"
        )
        assert channel.recv(100).split() == [b"31", b"91"]
        channel.resize_pty(width=77, height=17)
        assert channel.recv(100).split() == [b"17", b"77"]


def test_interrupt_reaches_the_foreground_job(client: paramiko.SSHClient) -> None:
    transport = client.get_transport()
    assert transport is not None
    with contextlib.closing(transport.open_session()) as channel:
        channel.get_pty()
        channel.exec_command("trap 'exit 9' INT; echo ready; while :; do sleep 0.05; done")
        assert channel.recv(100) == b"ready\r\n"
        channel.sendall(b"\x03")
        assert channel.recv_exit_status() == 9


def test_a_lost_client_hangs_up_its_terminal_only(mac: BootedHost) -> None:
    home = mac.root / "Users/purple"
    with connect(mac) as client:
        on_terminal = "trap 'echo x > hup; exit' HUP; echo go; while :; do sleep 0.05; done"
        client.exec_command(on_terminal, get_pty=True)[1].read(2)
        client.exec_command("echo go; sleep 0.5; echo x > alive")[1].read(2)
    assert eventually((home / "hup").exists)
    assert eventually((home / "alive").exists)


def test_output_of_a_terminal_is_complete(mac: BootedHost) -> None:
    done = ssh(mac, "seq 1 20000", "-tt")
    assert done.stdout.split() == [b"%d" % number for number in range(1, 20001)]


def test_a_terminal_closes_with_its_leader_whoever_still_holds_it(mac: BootedHost) -> None:
    began = time.monotonic()
    done = ssh(mac, "trap '' HUP; sleep 9 & echo out; exit 4", "-tt")
    assert (done.returncode, done.stdout, time.monotonic() - began < 5) == (4, b"out\r\n", True)


# Files.


def test_sftp_does_what_sftp_server_does(client: paramiko.SSHClient, mac: BootedHost) -> None:
    with client.open_sftp() as files:
        home = mac.root / "Users/purple"
        assert files.normalize(".") == f"{mac.prefix}/Users/purple"
        files.mkdir("work", 0o700)
        with files.open("work/data", "wb") as remote:
            remote.write(FIVE_MB)
        assert (home / "work/data").read_bytes() == FIVE_MB
        with files.open("work/data", "rb") as remote:
            remote.prefetch()
            assert remote.read() == FIVE_MB
        files.chmod("work/data", 0o640)
        files.truncate("work/data", 10)
        files.utime("work/data", (1_000_000_000, 1_100_000_000))
        found = files.stat("work/data")
        assert (found.st_size, found.st_mtime) == (10, 1_100_000_000)
        assert stat.S_IMODE(found.st_mode or 0) == 0o640
        assert (home / "work/data").read_bytes() == FIVE_MB[:10]
        files.symlink("data", "work/link")
        assert files.readlink("work/link") == "data"
        assert stat.S_ISLNK(files.lstat("work/link").st_mode or 0)
        assert sorted(files.listdir("work")) == ["data", "link"]
        with files.open("work/data", "ab") as remote:
            remote.write(b"more")
        assert (home / "work/data").read_bytes() == FIVE_MB[:10] + b"more"
        files.open("work/other", "wb").close()
        with pytest.raises(OSError, match="Failure"):
            files.rename("work/data", "work/other")
        files.posix_rename("work/data", "work/other")
        files.rename("work/other", "work/third")
        with pytest.raises(OSError, match="Failure"):
            files.open("work/third", "x")
        with pytest.raises(FileNotFoundError):
            files.stat("work/other")
        with pytest.raises(OSError, match="Failure"):
            files.rmdir("work")
        files.remove("work/link")
        files.remove("work/third")
        files.rmdir("work")
        with pytest.raises(FileNotFoundError):
            files.listdir("work")


def test_openssh_s_sftp_and_scp_work(mac: BootedHost, tmp_path: Path) -> None:
    local, back = tmp_path / "local file", tmp_path / "back"
    local.write_bytes(FIVE_MB)
    options = [word if word != "-p" else "-P" for word in mac.ssh()[1:-1]]
    target = mac.ssh()[-1]
    batch = f'put "{local}" a\nput "{local}" b\nrename a b\nget b "{back}"\nls -l\nrm b\n'
    subprocess.run(
        ["sftp", *options, "-b", "-", target], input=batch.encode(), check=True, capture_output=True
    )
    assert back.read_bytes() == FIVE_MB
    for flag in ("-s", "-O"):
        back.unlink()
        subprocess.run(["scp", flag, *options, local, f"{target}:c"], check=True)
        subprocess.run(["scp", flag, *options, f"{target}:c", back], check=True)
        assert back.read_bytes() == FIVE_MB


# Connections.


def test_twenty_sessions_at_once_share_one_connection(client: paramiko.SSHClient) -> None:
    channels = [client.exec_command("read line; echo $line; sleep 0.2; exit 5") for _ in range(20)]
    for number, (stdin, _, _) in enumerate(channels):
        stdin.write(f"{number}\n")
        stdin.flush()
    assert [(int(out.read()), out.channel.recv_exit_status()) for _, out, _ in channels] == [
        (number, 5) for number in range(20)
    ]


def test_ten_connections_at_once(mac: BootedHost) -> None:
    results: list[tuple[int, str, str]] = []

    def one() -> None:
        with connect(mac) as client:
            results.append(run(client, "sleep 0.1; echo here"))

    threads = [threading.Thread(target=one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [(0, "here\n", "")] * 10


def test_no_zombie_and_no_descriptor_is_left(client: paramiko.SSHClient, mac: BootedHost) -> None:
    init = int((mac.folder / "init.pid").read_text().split()[0])

    def zombies() -> int:
        return sum(
            stat_line.rsplit(")", 1)[1].split()[:2] == ["Z", str(init)] for stat_line in _stats()
        )

    def descriptors() -> int:
        return len(list(Path(f"/proc/{init}/fd").iterdir()))

    run(client, ":")
    before = descriptors()
    for _ in range(10):
        run(client, "(sleep 0.01 &) ; true")
        client.exec_command("true", get_pty=True)[1].read()
    assert eventually(lambda: zombies() == 0)
    assert eventually(lambda: descriptors() <= before)


def _stats() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            yield path.read_text(errors="replace")


def test_orphans_become_children_of_init(client: paramiko.SSHClient, mac: BootedHost) -> None:
    _, pid, _ = run(client, "(sleep 5 >/dev/null 2>&1 & echo $!)")
    _, out, _ = run(client, f"ps -p {pid.strip()} -o ppid=; kill {pid.strip()}")
    assert int(out) == init_of(mac)


def test_openssh_multiplexes(mac: BootedHost, tmp_path: Path) -> None:
    short = Path(f"/tmp/wm-test-{os.getpid()}")
    master = ["-o", "ControlMaster=auto", "-o", f"ControlPath={short}", "-o", "ControlPersist=5"]
    try:
        peers = {ssh(mac, "echo $SSH_CLIENT", *master).stdout for _ in range(3)}
        assert len(peers) == 1
    finally:
        ssh(mac, "true", *master, "-O", "exit")
    assert eventually(lambda: not short.exists())


def test_a_port_of_the_host_leads_back(mac: BootedHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        local = server.getsockname()[1]
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        argv = mac.ssh()
        forward = subprocess.Popen(
            [*argv[:-1], "-N", "-R", f"0:127.0.0.1:{local}", argv[-1]],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert forward.stderr is not None
        with forward.stderr:
            line = next(line for line in forward.stderr if line.startswith("Allocated port"))
            port = int(line.split()[2])
            assert _listening_addresses(port) == {"0100007F"}
            with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
                sock.sendall(FIVE_MB[:100_000])
                sock.shutdown(socket.SHUT_WR)
                assert b"".join(iter(lambda: sock.recv(65536), b"")) == FIVE_MB[99_999::-1]
            heard: list[bytes] = []
            speaker = threading.Thread(target=_speak_first, args=(server, heard))
            speaker.start()
            with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
                assert b"".join(iter(lambda: sock.recv(65536), b"")) == b"hello"
                sock.sendall(b"bye")
            speaker.join(5)
            assert heard == [b"bye"]
            forward.terminate()
            forward.wait(5)
    assert eventually(lambda: not _listens(port))


def _listening_addresses(port: int) -> set[str]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    rows += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    return {
        row[1].split(":")[0] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"
    }


def _answer(server: socket.socket) -> None:
    sock, _ = server.accept()
    with sock:
        sock.sendall(b"".join(iter(lambda: sock.recv(65536), b""))[::-1])


def _speak_first(server: socket.socket, heard: list[bytes]) -> None:
    sock, _ = server.accept()
    with sock:
        sock.sendall(b"hello")
        sock.shutdown(socket.SHUT_WR)
        heard.append(b"".join(iter(lambda: sock.recv(65536), b"")))


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


# Trust.


def test_another_key_is_refused(mac: BootedHost, tmp_path: Path) -> None:
    other = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True, timeout=10
    )
    with pytest.raises(paramiko.AuthenticationException), connect(mac, key_filename=str(other)):
        pass


def test_another_user_and_a_password_are_refused(mac: BootedHost) -> None:
    with pytest.raises(paramiko.AuthenticationException), connect(mac, username="root"):
        pass
    with (
        pytest.raises(paramiko.BadAuthenticationType),
        connect(mac, key_filename=None, password="secret"),
    ):
        pass


def test_six_wrong_keys_end_the_connection(mac: BootedHost) -> None:
    with contextlib.closing(paramiko.Transport((mac.address, mac.port))) as transport:
        transport.start_client(timeout=5)
        for _ in range(5):
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_publickey("purple", paramiko.ECDSAKey.generate())
        assert transport.is_active()
        with pytest.raises((paramiko.SSHException, EOFError)):
            transport.auth_publickey("purple", paramiko.ECDSAKey.generate())
        assert eventually(lambda: not transport.is_active())


def test_a_changed_host_key_is_noticed(mac: BootedHost, tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True
    )
    line = (tmp_path / "key.pub").read_text()
    wrong = tmp_path / "known hosts"
    wrong.write_text(f"[127.0.0.1]:{mac.port} {line}")
    argv = [
        word if not word.startswith("UserKnownHostsFile") else f'UserKnownHostsFile="{wrong}"'
        for word in mac.ssh()
    ]
    done = subprocess.run([*argv, "true"], capture_output=True, check=False, timeout=10)
    assert done.returncode == 255
    assert b"REMOTE HOST IDENTIFICATION HAS CHANGED" in done.stderr


def test_bad_clients_do_no_harm(mac: BootedHost, client: paramiko.SSHClient) -> None:
    half_open = []
    for data in (b"", b"GET / HTTP/1.0\r\n\r\n", b"SSH-2.0-x\r\n", b"\0" * 5000, FIVE_MB[:50_000]):
        sock = socket.create_connection((mac.address, mac.port), timeout=5)
        with contextlib.suppress(OSError):
            sock.sendall(data)
        half_open.append(sock)
    socket.create_connection((mac.address, mac.port)).close()
    assert run(client, "echo fine") == (0, "fine\n", "")
    with connect(mac) as another:
        assert run(another, "echo fine")[1] == "fine\n"
    for sock in half_open:
        sock.close()


def test_what_is_refused(mac: BootedHost, client: paramiko.SSHClient) -> None:
    transport = client.get_transport()
    assert transport is not None
    with pytest.raises(paramiko.ChannelException):
        transport.open_channel("direct-tcpip", ("127.0.0.1", mac.port), ("127.0.0.1", 1))
    with (
        contextlib.closing(transport.open_session()) as channel,
        pytest.raises(paramiko.SSHException),
    ):
        channel.invoke_subsystem("netconf")


def test_the_log_holds_no_command(client: paramiko.SSHClient, mac: BootedHost) -> None:
    run(client, "echo s3cret")
    log = (mac.folder / "sshd.log").read_text()
    assert "s3cret" not in log
    assert "key accepted for purple" in log
    assert "Traceback" not in log


# The host.


def test_a_browser_is_the_parent_of_what_it_runs(
    client: paramiko.SSHClient, mac: BootedHost
) -> None:
    browser = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    ask = "ps -axww -o pid=,ppid=,comm="
    _, out, _ = run(client, f"{shlex.quote(mac.prefix + browser)} -c {shlex.quote(ask + '; :')}")
    rows = {
        int(pid): (int(parent), comm)
        for pid, parent, comm in (line.split(None, 2) for line in out.splitlines())
    }
    (browser_pid,) = [pid for pid, (_, comm) in rows.items() if comm == browser]
    assert any(parent == browser_pid for parent, _ in rows.values())
    assert min(rows.values())[0] == 0
    assert os.getpid() not in rows


SHIMS = """cd Downloads && echo echo hello > inst.sh &&
xattr -w com.apple.quarantine '0081;0;x;' inst.sh && xattr -p com.apple.quarantine inst.sh &&
xattr -d com.apple.quarantine inst.sh; xattr -l inst.sh; xattr -p none inst.sh 2>&1
spctl --status 2> /dev/null; echo $?; csrutil status; codesign -dv inst.sh 2> /dev/null; echo $?
defaults read com.apple.Safari AutoOpenSafeDownloads 2> /dev/null; echo $?
defaults write com.apple.Safari AutoOpenSafeDownloads -bool true
plutil -convert json -o - ../Library/Preferences/com.apple.Safari.plist; echo
profiles status -type enrollment; osascript -e 'do shell script "sh inst.sh"'; rm inst.sh"""


def test_the_commands_that_only_a_mac_has(client: paramiko.SSHClient, mac: BootedHost) -> None:
    """What they answer, and that the record shows each as the program that it is on a Mac."""
    answers = {"sip": "disabled", "enrollment": {"dep": False, "mdm": True}}
    (mac.root / "private/var/db/standin.json").write_text(json.dumps(answers))
    began = mac.store.stat().st_size
    _, out, err = run(client, SHIMS)
    assert err == ""
    assert out.splitlines() == [
        "0081;0;x;",
        "xattr: inst.sh: No such xattr: none",
        "69",
        "System Integrity Protection status: disabled.",
        "69",
        "1",
        '{"AutoOpenSafeDownloads":true}',
        "Enrolled via DEP: No",
        "MDM enrollment: Yes",
        "hello",
    ]
    with mac.store.open("rb") as store:
        store.seek(began)
        events = [json.loads(line) for line in store]
    execs = [event["event"]["exec"] for event in events if "exec" in event["event"]]
    shown = {body["target"]["executable"]["path"]: body for body in execs}
    assert shown.keys() >= {"/usr/bin/xattr", "/usr/sbin/spctl", "/usr/bin/osascript"}
    assert "/usr/bin/python3" not in shown
    osascript = shown["/usr/bin/osascript"]
    assert osascript["args"] == ["osascript", "-e", 'do shell script "sh inst.sh"']
    assert osascript["script"] is None
    (started,) = [body for body in execs if body["args"][1:] == ["-c", "sh inst.sh"]]
    assert started["target"]["ppid"] == osascript["target"]["audit_token"]["pid"]
    changed = {
        name: (event["process"]["executable"]["path"], event["event"][name]["extattr"])
        for event in events
        for name in ("setextattr", "deleteextattr")
        if name in event["event"]
    }
    told = ("/usr/bin/xattr", "com.apple.quarantine")
    assert changed == {"setextattr": told, "deleteextattr": told}
    (rule,) = {
        rule
        for event in events
        for rule in event["x_standin"]["translations"]
        if event["process"]["executable"]["path"] == "/usr/bin/xattr" and "xattr ->" in rule
    }
    assert rule == "/usr/bin/python3 /usr/bin/xattr -> /usr/bin/xattr"


def test_what_is_opened_is_a_child_of_init(client: paramiko.SSHClient, mac: BootedHost) -> None:
    init = init_of(mac)
    script = "#!/bin/sh\necho $PPID > $HOME/opened.$1\n"
    for path in ("Users/purple/run me.command", "Applications/Own App.app/Contents/MacOS/Own App"):
        (mac.root / path).parent.mkdir(parents=True, exist_ok=True)
        (mac.root / path).write_text(script)
        (mac.root / path).chmod(0o755)
    for number, argument in enumerate(("'run me.command'", "-a 'Own App'")):
        assert run(client, f"open {argument} --args {number}") == (0, "", "")
        opened = mac.root / f"Users/purple/opened.{number}"
        assert eventually(lambda path=opened: path.exists() and path.read_text())
        assert int(opened.read_text()) == init
        opened.unlink()
    for wrong in ("https://example.org", "-a Nothing", "-a 'Own App' x", "Downloads", "-W x", ""):
        status, out, err = run(client, f"open {wrong}")
        assert (status, out, err.startswith("open: ")) == (1, "", True), wrong
    (mac.root / "Users/purple/broken").write_text("#!/no/such/interpreter")
    (mac.root / "Users/purple/broken").chmod(0o755)
    assert run(client, "open broken")[0] == 1


KEPT = """launchctl submit -l org.x -- sh -c 'echo $PPID >> Downloads/kept' && launchctl list org.x
launchctl submit -l org.x -- true 2>&1
for turn in 1 2 3 4 5 6 7 8 9; do [ ! -s Downloads/kept ] || break; sleep 0.2; done
launchctl list; cat Downloads/kept; launchctl print user/$(id -u)/org.x | grep state
launchctl remove org.x && launchctl list; launchctl remove org.x; echo $?"""


def test_a_submitted_job_is_init_s_until_it_is_removed(
    client: paramiko.SSHClient, mac: BootedHost
) -> None:
    init = init_of(mac)
    _, out, err = run(client, KEPT)
    assert err == "launchctl: org.x: no such job\n"
    lines = out.splitlines()
    assert lines[:2] == ["{", '\t"Label" = "org.x";']
    assert "launchctl: org.x: job already loaded" in lines
    after = lines[lines.index("PID\tStatus\tLabel") + 1 :]
    assert after == [
        "-\t0\torg.x",
        str(init),
        "\tstate = not running",
        "PID\tStatus\tLabel",
        "1",
    ]
    _, out, err = run(client, "log show --style ndjson --predicate 'category == \"launchd\"'")
    assert err == ""
    *entries, last = map(json.loads, out.splitlines())
    assert last == {"count": len(entries), "finished": 1}
    assert entries[-1]["eventMessage"].startswith("started pid ")
    assert entries[-1]["processID"] == init
    assert run(client, "log stream")[0] == 64


def test_ansible_works_as_users_run_it(mac: BootedHost, tmp_path: Path) -> None:
    ansible = shutil.which("ansible", path=str(Path(sys.executable).parent))
    if ansible is None:
        pytest.skip("ansible is not installed beside this Python")
    script = tmp_path / "script.sh"
    script.write_text("echo script of $LOGNAME\n")
    argv = [
        ansible,
        *("-i", str(mac.known_hosts.with_name("inventory.yaml")), "standin"),
        *("--ssh-common-args", f"-F none -o 'UserKnownHostsFile=\"{mac.known_hosts}\"'"),
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(tmp_path / "cp"),
    }
    for module, argument, want in (
        ("raw", "echo raw of $USER", "raw of purple"),
        ("script", str(script), "script of purple"),
    ):
        done = subprocess.run(
            [*argv, "-m", module, "-a", argument],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert (done.returncode, want in done.stdout) == (0, True), done.stdout + done.stderr
    assert not list((mac.root / "Users/purple").glob("~*"))


ANOTHER_USER = """
import subprocess, sys
from pathlib import Path
from witnessmark.standin.pidfile import read_pid
from witnessmark.standin.state import boot, shutdown
state = Path(sys.argv[1]) / "state"
(host,) = boot(state, ["plain"], tied=True, mode=None)
*argv, target = host.ssh()
print(subprocess.check_output([*argv, target, "id -u"], text=True))
print(subprocess.check_output([*argv, "-tt", target, "tty"], text=True))
locked = host.root / "Users/purple/Downloads/locked"
(locked / "deep").mkdir(parents=True)
locked.chmod(0)
shutdown(state, remove=True)
print(state.exists(), host.chosen.mode)
"""


def test_it_works_without_root() -> None:
    uid = os.geteuid() or 65534
    packages = {str(Path(module.__file__ or "").parents[1]) for module in (paramiko, witnessmark)}
    done = None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        for python in (sys.executable, "/usr/bin/python3"):
            with contextlib.suppress(PermissionError, FileNotFoundError):
                done = subprocess.run(
                    [python, "-c", ANOTHER_USER, folder],
                    user=uid if os.geteuid() == 0 else None,
                    group=uid if os.geteuid() == 0 else None,
                    extra_groups=[] if os.geteuid() == 0 else None,
                    cwd="/",
                    env={"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(packages)},
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=30,
                )
                break
    if done is None or "ImportError" in done.stderr or "ModuleNotFoundError" in done.stderr:
        pytest.skip("no Python that another user may run has the packages")
    found, tty, left, own = done.stdout.split()
    want = "501" if own == Mode.NAMESPACE else str(uid)
    assert (found, tty.startswith("/dev/pts/"), left) == (want, True, "False"), done.stderr


def test_a_tied_host_goes_with_its_owner(tmp_path: Path) -> None:
    state = tmp_path / "state"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom witnessmark.standin.state import boot\n"
        "boot(Path(sys.argv[1]), ['tied'], tied=True)\nprint('up', flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, state], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "up\n"
        names = ("init", "recorder", "warden")
        found = [read_pid(state / "tied" / f"{name}.pid") for name in names]
        assert None not in found
        owner.kill()
    try:
        assert eventually(lambda: not state.exists())
        assert eventually(lambda: not any(process and process.alive() for process in found))
    finally:
        for process in filter(None, found):
            process.end(patience_s=0.1)
