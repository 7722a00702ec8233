"""An SSH connection's limits, in this process and without a host."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, cast

import paramiko
import pytest

from witnessmark.standin import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = paramiko.ECDSAKey.generate()


@pytest.fixture
def client(caplog: pytest.LogCaptureFixture) -> Iterator[socket.socket]:
    """A socket whose other end is a Connection that lets KEY in; its thread has ended after."""
    caplog.set_level(logging.INFO)
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname(), timeout=5)
        theirs, _ = server.accept()
    with ours, theirs:
        served = connection.Connection(
            theirs,
            host_key=paramiko.ECDSAKey.generate(),
            authorized=KEY.asbytes,
            environment={},
            table=cast("Any", None),
            log=logging.getLogger("test"),
        )
        thread = threading.Thread(target=served.serve)
        thread.start()
        yield ours
        ours.close()
        thread.join(10)
        assert not thread.is_alive()


@contextlib.contextmanager
def transport(sock: socket.socket) -> Iterator[paramiko.Transport]:
    with contextlib.closing(paramiko.Transport(sock)) as opened:
        opened.start_client(timeout=5)
        yield opened


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LOGIN_GRACE_S", 0.3)


@pytest.mark.usefixtures("short_grace")
def test_who_says_nothing_is_shown_out(client: socket.socket) -> None:
    began = time.monotonic()
    while client.recv(4096):
        pass
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("short_grace")
def test_who_does_not_log_in_is_shown_out(client: socket.socket) -> None:
    with transport(client) as opened:
        deadline = time.monotonic() + 5
        while opened.is_active():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.usefixtures("short_grace")
def test_who_did_log_in_may_stay(client: socket.socket) -> None:
    with transport(client) as opened:
        opened.auth_publickey("purple", KEY)
        time.sleep(1.3)
        assert opened.is_active()


def test_garbage_ends_up_in_one_line_of_the_log(
    client: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    client.sendall(b"SSH-1.0-old\r\n")
    while client.recv(4096):
        pass
    time.sleep(0.05)
    assert [
        record.getMessage().split(": ")[1] for record in caplog.records if record.name == "test"
    ]
    assert all(record.exc_info is None for record in caplog.records)


def test_a_channel_carries_one_request_only(client: socket.socket) -> None:
    with transport(client) as opened:
        opened.auth_publickey("purple", KEY)
        with contextlib.closing(opened.open_session()) as channel:
            channel.invoke_subsystem("sftp")
            with pytest.raises(paramiko.SSHException):
                channel.invoke_subsystem("sftp")


def test_sessions_have_a_limit(client: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_SESSIONS", 0)
    with transport(client) as opened:
        opened.auth_publickey("purple", KEY)
        with pytest.raises(paramiko.ChannelException):
            opened.open_session()
