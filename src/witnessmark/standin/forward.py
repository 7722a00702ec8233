"""Reverse forwarding (``ssh -R``): a loopback port of the host leads back through a client.

As sshd with GatewayPorts off: whatever address the client names, only 127.0.0.1 is bound.
"""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from paramiko.ssh_exception import SSHException

if TYPE_CHECKING:
    import logging

    from paramiko.channel import Channel
    from paramiko.transport import Transport

_CHUNK = 65536
_OPEN_TIMEOUT_S = 30.0


class Forwards:
    """All the ports that one connection has asked for; closed with it."""

    def __init__(self, transport: Transport, log: logging.Logger) -> None:
        self._transport = transport
        self._log = log
        self._lock = threading.Lock()
        self._listeners: dict[tuple[str, int], socket.socket] = {}

    def open(self, address: str, port: int) -> int:
        """The port now listening on 127.0.0.1 (a free one for 0), or 0 if it cannot be had."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(64)
        except (OSError, OverflowError) as problem:
            listener.close()
            self._log.warning("port %d cannot be forwarded: %s", port, problem)
            return 0
        bound: int = listener.getsockname()[1]
        with self._lock:
            self._listeners[address, bound] = listener
        # The client tells its forwardings apart by the address it asked for, not the one bound.
        threading.Thread(
            target=self._accept, args=(listener, (address, bound)), daemon=True
        ).start()
        return bound

    def cancel(self, address: str, port: int) -> None:
        with self._lock:
            listener = self._listeners.pop((address, port), None)
        if listener is not None:
            _stop(listener)

    def close(self) -> None:
        with self._lock:
            listeners = list(self._listeners.values())
            self._listeners.clear()
        for listener in listeners:
            _stop(listener)

    def _accept(self, listener: socket.socket, asked: tuple[str, int]) -> None:
        with listener:
            while True:
                try:
                    sock, origin = listener.accept()
                except OSError:  # shut down by cancel or close
                    return
                threading.Thread(
                    target=self._carry, args=(sock, origin, asked), daemon=True
                ).start()

    def _carry(self, sock: socket.socket, origin: tuple[str, int], asked: tuple[str, int]) -> None:
        with sock:
            try:
                channel = self._transport.open_channel(
                    "forwarded-tcpip", asked, origin, timeout=_OPEN_TIMEOUT_S
                )
            except (SSHException, OSError, EOFError) as problem:
                self._log.warning("client refused a forwarded connection: %s", problem)
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=_from_client, args=(channel, sock), daemon=True)
            back.start()
            _to_client(sock, channel)
            back.join()
            channel.close()


def _stop(listener: socket.socket) -> None:
    """Wakes the thread in accept(), which then closes the socket; only that thread closes it."""
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def _to_client(sock: socket.socket, channel: Channel) -> None:
    try:
        while data := sock.recv(_CHUNK):
            channel.sendall(data)
        channel.shutdown_write()
    except (OSError, EOFError):
        pass


def _from_client(channel: Channel, sock: socket.socket) -> None:
    try:
        while data := channel.recv(_CHUNK):
            sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
    except (OSError, EOFError):
        pass
    if channel.closed:  # the other direction may still wait for a peer that has nothing to say
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
