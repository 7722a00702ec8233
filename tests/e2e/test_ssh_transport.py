"""paramiko against a stand-in: keys enforced, limits kept, nothing read half."""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from witnessmark.errors import HostError, HostKeyError
from witnessmark.hosts.ssh import SshTransport
from witnessmark.model.hosts import Host, Origin
from witnessmark.standin import state as standin
from witnessmark.standin.launch import refusal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    state = tmp_path_factory.mktemp("s") / "st"
    (booted,) = standin.boot(state, ["mac1"], tied=True)
    yield Host(
        name="mac1",
        origin=Origin.STAND_IN,
        connection="ssh",
        address=booted.address,
        port=booted.port,
        user=booted.user,
        key_file=booted.key_file,
        known_hosts=booted.known_hosts,
        path_prefix=booted.prefix,
        lab=True,
    )
    standin.shutdown(state, remove=True)


@pytest.fixture
def mac(host: Host) -> Iterator[SshTransport]:
    transport = SshTransport(host)
    yield transport
    transport.close()


def test_a_command_sees_only_what_it_was_given(mac: SshTransport) -> None:
    result = mac.run(["env"], env={"WM_MARK": "a b'c"}, timeout_s=10)
    lines = dict(line.split("=", 1) for line in result.stdout.decode().splitlines())
    assert lines["WM_MARK"] == "a b'c"
    assert set(lines) - {"PWD"} <= {"HOME", "USER", "LOGNAME", "PATH", "LC_ALL", "WM_MARK"}
    assert result.status == 0


def test_no_word_is_left_to_the_remote_shell(mac: SshTransport) -> None:
    word = "$(id); `id` 'x' \"y\"\n* ~ \\"
    assert mac.run(["printf", "%s", word], env={}, timeout_s=10).stdout.decode() == word


def test_exit_status_and_streams(mac: SshTransport) -> None:
    result = mac.run(["/bin/sh", "-c", "echo out; echo err >&2; exit 7"], env={}, timeout_s=10)
    assert (result.status, result.stdout, result.stderr) == (7, b"out\n", b"err\n")
    killed = mac.run(["/bin/sh", "-c", "kill -9 $$"], env={}, timeout_s=10)
    assert killed.status is None
    assert not killed.timed_out


def test_stdin_is_closed(mac: SshTransport) -> None:
    assert mac.run(["cat"], env={}, timeout_s=10).status == 0


def test_a_timeout_ends_the_wait_and_says_so(mac: SshTransport) -> None:
    started = time.monotonic()
    result = mac.run(["sleep", "20"], env={}, timeout_s=0.5)
    assert result.timed_out
    assert result.status is None
    assert time.monotonic() - started < 5


def test_much_output_on_both_streams_does_not_deadlock(mac: SshTransport) -> None:
    script = "head -c 4000000 /dev/zero >&2; head -c 900000 /dev/zero"
    result = mac.run(["/bin/sh", "-c", script], env={}, timeout_s=30)
    assert result.status == 0
    assert len(result.stdout) == 900_000
    assert len(result.stderr) + result.cut == 4_000_000


def test_files_are_read_whole_and_from_an_offset(mac: SshTransport) -> None:
    data = os.urandom(700_001)
    scratch = mac.scratch("/private/tmp/blob")
    scratch.put(data)
    scratch.close()
    assert mac.size("/private/tmp/blob") == len(data)
    got = mac.read("/private/tmp/blob")
    assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()
    assert mac.read("/private/tmp/blob", 700_000) == data[700_000:]
    assert mac.read("/private/tmp/blob", 5, 3) == data[5:8]
    with pytest.raises(HostError, match=r"mac1: could not look at /no/such"):
        mac.size("/no/such")


def test_a_stream_is_read_while_it_grows(mac: SshTransport) -> None:
    stream = mac.stream(["/bin/sh", "-c", "echo a; sleep 0.2; echo b; echo oops >&2"])
    got = b""
    while (data := stream.read(0.1)) is not None:
        got += data
    assert got == b"a\nb\n"
    assert stream.stderr() == b"oops\n"
    stream.close()


def swapped(host: Host, tmp_path: Path, text: str) -> Host:
    path = tmp_path / "known hosts"
    path.write_text(text)
    return replace(host, known_hosts=path)


def test_a_wrong_host_key_is_refused(host: Host, tmp_path: Path) -> None:
    import paramiko

    other = paramiko.ECDSAKey.generate()
    assert host.known_hosts is not None
    line = host.known_hosts.read_text().split()
    for text in (
        f"{line[0]} {other.get_name()} {other.get_base64()}\n",
        f"{line[0]} ssh-ed25519 {'A' * 12}{line[2][12:]}\n",
    ):
        with pytest.raises(HostError, match="mac1"):
            SshTransport(swapped(host, tmp_path, text))


def test_another_hosts_ed25519_key_is_named_as_a_wrong_key(host: Host, tmp_path: Path) -> None:
    assert host.known_hosts is not None
    name, kind, data = host.known_hosts.read_text().split()[:3]
    body = list(data)
    body[40] = "A" if body[40] != "A" else "B"
    text = f"{name} {kind} {''.join(body)}\n"
    with pytest.raises(HostKeyError, match=r"mac1: its host key is not the one in .*known hosts"):
        SshTransport(swapped(host, tmp_path, text))


def test_an_unknown_host_is_refused(host: Host, tmp_path: Path) -> None:
    with pytest.raises(HostKeyError, match=r"no host key in .*known hosts"):
        SshTransport(swapped(host, tmp_path, ""))
    with pytest.raises(HostKeyError, match="cannot be read"):
        SshTransport(replace(host, known_hosts=tmp_path / "nowhere"))


def test_a_refused_login_and_a_dead_port_are_one_sentence(host: Host) -> None:
    with pytest.raises(HostError, match=r"login as root was refused"):
        SshTransport(replace(host, user="root"))
    with pytest.raises(HostError, match=r"mac1 \(127\.0\.0\.1:1\): not reachable by SSH: nothing"):
        SshTransport(replace(host, port=1))


def test_a_lost_host_is_an_error_that_names_it(tmp_path: Path) -> None:
    state = tmp_path / "st"
    (booted,) = standin.boot(state, ["mac9"], tied=True)
    lost = Host(
        name="mac9",
        origin=Origin.STAND_IN,
        connection="ssh",
        address=booted.address,
        port=booted.port,
        user=booted.user,
        key_file=booted.key_file,
        known_hosts=booted.known_hosts,
    )
    transport = SshTransport(lost)
    standin.shutdown(state, remove=True)
    with pytest.raises(HostError, match="mac9"):
        transport.run(["true"], env={}, timeout_s=5)
    with pytest.raises(HostError, match="mac9"):
        transport.size("/x")
    transport.close()
