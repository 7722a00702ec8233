"""One client's SSH connection to a stand-in host: who may enter, and what may be asked for.

As on a Mac with password log-in turned off: public keys only, one account, six tries, sessions
(exec, shell, sftp) and reverse forwarding bound to loopback. Refused: environment variables from
the client (the controller's must not leak in), agent and X11 forwarding, ``ssh -L``.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    MSG_CHANNEL_CLOSE,
    MSG_CHANNEL_REQUEST,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_RESOURCE_SHORTAGE,
    OPEN_SUCCEEDED,
)
from paramiko.ssh_exception import SSHException

from witnessmark.standin.ends import Terminal
from witnessmark.standin.forward import Forwards
from witnessmark.standin.session import Session
from witnessmark.standin.sftp import sftp_server
from witnessmark.standin.tree import USER

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from paramiko.channel import Channel
    from paramiko.message import Message
    from paramiko.pkey import PKey

    from witnessmark.standin.spawn import ProcessTable

MAX_AUTH_TRIES = 6
MAX_SESSIONS = 100
LOGIN_GRACE_S = 20.0


class HostTransport(paramiko.Transport):
    """A transport that starts a request's work only after the client was told "yes".

    paramiko answers a channel request after the handler returned; a command started inside the
    handler could send output before that answer. It has no public hook, hence the two entries.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.local_version = "SSH-2.0-witnessmark_standin"

    @staticmethod
    def _requested(channel: Any, message: Message) -> None:
        channel._handle_request(message)
        channel.transport.server_object.answered(channel)

    @staticmethod
    def _closed(channel: Any, message: Message) -> None:
        channel._handle_close(message)
        channel.transport.server_object.closed(channel)

    _channel_handler_table = {  # noqa: RUF012 - paramiko's own shape
        **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]
        MSG_CHANNEL_REQUEST: _requested,
        MSG_CHANNEL_CLOSE: _closed,
    }


class Connection(paramiko.ServerInterface):
    """Serves one accepted socket until it ends; see ``serve``."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        host_key: PKey,
        authorized: Callable[[], bytes],
        environment: Mapping[str, str],
        table: ProcessTable,
        log: logging.Logger,
        late_s: float = 0.0,
    ) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        client, server = sock.getpeername(), sock.getsockname()
        self._environment = {
            **environment,
            "SSH_CLIENT": f"{client[0]} {client[1]} {server[1]}",
            "SSH_CONNECTION": f"{client[0]} {client[1]} {server[0]} {server[1]}",
        }
        self._peer = f"{client[0]}:{client[1]}"
        self._authorized = authorized
        self._table = table
        self._late_s = late_s
        self._log = log
        self._failures = 0
        self._terminals: dict[int, Terminal] = {}
        self._starts: dict[int, Callable[[], None]] = {}
        self._taken: set[int] = set()
        self._sessions: dict[int, Session] = {}
        self._transport = HostTransport(sock)
        self._transport.banner_timeout = self._transport.handshake_timeout = LOGIN_GRACE_S
        self._transport.add_server_key(host_key)
        self._forwards = Forwards(self._transport, log)

    def serve(self) -> None:
        """Blocks until the client has gone; what a bad client sends ends up in the log only."""
        transport, deadline = self._transport, time.monotonic() + LOGIN_GRACE_S
        held: list[Channel] = []  # paramiko itself keeps only weak references, and closes on loss
        try:
            transport.start_server(server=self)
            while transport.is_active():
                opened = transport.accept(1.0)
                held = [channel for channel in (*held, opened) if channel and not channel.closed]
                if not transport.is_authenticated() and time.monotonic() > deadline:
                    self._log.info("%s: no log-in within %.0f s", self._peer, LOGIN_GRACE_S)
                    break
        except (SSHException, EOFError, OSError) as problem:
            self._log.info("%s: %s: %s", self._peer, type(problem).__name__, problem)
        finally:
            self._forwards.close()
            transport.close()
            for session in list(self._sessions.values()):
                session.hang_up()
            self._log.info("%s: connection ended", self._peer)

    def answered(self, channel: Channel) -> None:
        """The client has been told that its request succeeded: start what it asked for."""
        start = self._starts.pop(channel.get_id(), None)
        if start is not None:
            start()

    def closed(self, channel: Channel) -> None:
        """The client closed a channel; its session may have ended long before."""
        self._terminals.pop(channel.get_id(), None)
        self._taken.discard(channel.get_id())
        session = self._sessions.pop(channel.get_id(), None)
        if session is not None:
            session.hang_up()

    # What paramiko asks, in its words.

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: PKey) -> int:
        if username == USER and key.asbytes() == self._authorized():
            self._log.info("%s: key accepted for %s", self._peer, USER)
            return AUTH_SUCCESSFUL
        self._failures += 1
        self._log.warning("%s: log-in refused (%d)", self._peer, self._failures)
        if self._failures >= MAX_AUTH_TRIES:
            raise SSHException("too many authentication failures")
        return AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if kind != "session":
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        if len(self._taken) >= MAX_SESSIONS:
            return OPEN_FAILED_RESOURCE_SHORTAGE
        return OPEN_SUCCEEDED

    def check_channel_pty_request(
        self,
        channel: Channel,
        term: bytes,
        width: int,
        height: int,
        pixelwidth: int,
        pixelheight: int,
        modes: bytes,
    ) -> bool:
        self._terminals[channel.get_id()] = Terminal(
            term=os.fsdecode(term),
            columns=width,
            rows=height,
            width=pixelwidth,
            height=pixelheight,
        )
        return True

    def check_channel_window_change_request(
        self, channel: Channel, width: int, height: int, pixelwidth: int, pixelheight: int
    ) -> bool:
        session = self._sessions.get(channel.get_id())
        asked = self._terminals.get(channel.get_id())
        if session is None or asked is None:
            return False
        session.resize(
            Terminal(
                term=asked.term,
                columns=width,
                rows=height,
                width=pixelwidth,
                height=pixelheight,
            )
        )
        return True

    def check_channel_exec_request(self, channel: Channel, command: bytes) -> bool:
        return b"\0" not in command and self._take(channel, ["sh", "-c", command])

    def check_channel_shell_request(self, channel: Channel) -> bool:
        return self._take(channel, ["sh"])

    def check_channel_subsystem_request(self, channel: Channel, name: str) -> bool:
        return name == "sftp" and self._take(channel, None)

    def check_port_forward_request(self, address: str, port: int) -> int:
        return self._forwards.open(address, port)

    def cancel_port_forward_request(self, address: str, port: int) -> None:
        self._forwards.cancel(address, port)

    def check_global_request(self, kind: str, msg: Message) -> bool | tuple[bool | int | str, ...]:
        return False  # keepalives want any answer; sshd refuses them too

    def _take(self, channel: Channel, argv: Sequence[str | bytes] | None) -> bool:
        """Prepares a command, or SFTP for None; one per channel and no more (RFC 4254, 6.5)."""
        number = channel.get_id()
        if number in self._taken:
            return False
        self._taken.add(number)
        if argv is None:
            self._starts[number] = sftp_server(channel, self).start
            return True
        session = Session(
            channel=channel,
            table=self._table,
            argv=argv,
            environment=self._environment,
            terminal=self._terminals.get(number),
            log=self._log,
            late_s=self._late_s,
        )
        self._sessions[number] = session
        self._starts[number] = session.start
        return True

    def __repr__(self) -> str:
        return f"<Connection from {self._peer}>"
