"""The local transport: clean environment, own session, hard limits."""

import os
import sys
import time
from pathlib import Path

import pytest

from witnessmark.errors import HostError
from witnessmark.hosts.local import LocalTransport
from witnessmark.hosts.transport import OUTPUT_LIMIT, command
from witnessmark.model.hosts import Host, Origin


@pytest.fixture
def mac() -> LocalTransport:
    return LocalTransport(Host(name="me", origin=Origin.MAC, connection="local", lab=True))


def test_a_command_sees_only_what_it_was_given(
    mac: LocalTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    result = mac.run(["env"], env={"WM_MARK": "m"}, timeout_s=5)
    names = {line.split("=")[0] for line in result.stdout.decode().splitlines()}
    assert "WM_MARK" in names
    assert names - {"PWD", "SHLVL", "_"} == {"HOME", "USER", "LOGNAME", "PATH", "LC_ALL", "WM_MARK"}


def test_a_command_has_a_session_of_its_own_and_no_stdin(mac: LocalTransport) -> None:
    code = "import os,sys; print(os.getsid(0)==os.getpid(), sys.stdin.read()=='')"
    result = mac.run([sys.executable, "-c", code], env={}, timeout_s=10)
    assert result.stdout.split() == [b"True", b"True"]


def test_exit_status_and_streams_are_kept_apart(mac: LocalTransport) -> None:
    result = mac.run(["/bin/sh", "-c", "echo out; echo err >&2; exit 7"], env={}, timeout_s=5)
    assert (result.status, result.stdout, result.stderr) == (7, b"out\n", b"err\n")


def test_a_command_that_is_killed_has_no_status(mac: LocalTransport) -> None:
    result = mac.run(["/bin/sh", "-c", "kill -9 $$"], env={}, timeout_s=5)
    assert (result.status, result.timed_out) == (None, False)


def test_a_timeout_ends_the_whole_session(mac: LocalTransport) -> None:
    started = time.monotonic()
    result = mac.run(["/bin/sh", "-c", "sleep 30 & echo $!; wait"], env={}, timeout_s=0.5)
    assert time.monotonic() - started < 5
    assert result.timed_out
    assert result.status is None
    child = int(result.stdout)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        state = Path(f"/proc/{child}/stat")
        if state.exists() and state.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the background child outlived its session")


def test_cancelling_ends_a_command(mac: LocalTransport) -> None:
    result = mac.run(["sleep", "30"], env={}, timeout_s=30, cancelled=lambda: True)
    assert result.timed_out


def test_output_beyond_the_limit_is_counted(mac: LocalTransport) -> None:
    code = f"print('x' * {OUTPUT_LIMIT + 99}, end='')"
    result = mac.run([sys.executable, "-c", code], env={}, timeout_s=20)
    assert (len(result.stdout), result.cut) == (OUTPUT_LIMIT, 99)


def test_files_are_read_from_an_offset_below_the_prefix(tmp_path: Path) -> None:
    host = Host(
        name="me", origin=Origin.STAND_IN, connection="local", path_prefix=str(tmp_path / "a root")
    )
    file = tmp_path / "a root" / "var" / "x"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"0123456789")
    mac = LocalTransport(host)
    assert mac.read("/var/x", 3, 4) == b"3456"
    assert mac.size("/var/x") == 10


def test_a_missing_file_or_command_is_one_sentence_that_names_the_host(mac: LocalTransport) -> None:
    with pytest.raises(HostError, match=r"^me: could not read /no/such \(No such file"):
        mac.read("/no/such")
    with pytest.raises(HostError, match=r"^me: could not look at /no/such"):
        mac.size("/no/such")
    with pytest.raises(HostError, match=r"^me: cannot start /no/such"):
        mac.run(["/no/such"], env={}, timeout_s=5)


def test_a_stream_gives_bytes_as_they_come_and_none_at_its_end(mac: LocalTransport) -> None:
    stream = mac.stream(["/bin/sh", "-c", "echo a; echo oops >&2; sleep 0.3; echo b"])
    got, quiet = b"", 0
    while (data := stream.read(0.05)) is not None:
        got += data
        quiet += not data
    assert got == b"a\nb\n"
    assert quiet > 0
    assert stream.stderr() == b"oops\n"
    stream.close()


def test_no_word_of_a_remote_command_is_left_to_the_shell() -> None:
    text = command(["printf", "%s", "$(id); `id` 'x' \"y\"\n*"], {"WM_X": "$HOME ;rm"})
    assert text.startswith("exec /usr/bin/env -i ")
    import subprocess

    done = subprocess.run(
        ["/bin/sh", "-c", text],
        capture_output=True,
        check=True,
        env={"HOME": "/h", "USER": "u", "LOGNAME": "u", "PATH": os.environ["PATH"]},
    )
    assert done.stdout.decode() == "$(id); `id` 'x' \"y\"\n*"
