"""Logs in to hosts with paramiko: host keys always enforced, every refusal one clear sentence."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko
from paramiko.ssh_exception import NoValidConnectionsError

from witnessmark.errors import HostError, HostKeyError

if TYPE_CHECKING:
    from witnessmark.model.hosts import Host


def login(host: Host) -> paramiko.SSHClient:
    """An SSH connection to a host whose key is the one in known_hosts.

    Raises:
        HostKeyError: the key is another, unknown, or known_hosts cannot be read.
        HostError: not reachable, or the login was refused. Names host, file and mend.
    """
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    known = host.known_hosts or Path("~/.ssh/known_hosts").expanduser()
    try:
        client.load_host_keys(str(known))
    except OSError as problem:
        raise HostKeyError(
            f"{host.name}: {known} cannot be read ({problem.strerror}); "
            "add the host's key there before running anything on it"
        ) from problem
    try:
        _open(client, host)
    except paramiko.BadHostKeyException as problem:
        client.close()
        raise HostKeyError(
            f"{host.name}: its host key is not the one in {known}; if the host was rebuilt, "
            "replace its line there after checking the key on the host itself"
        ) from problem
    except (paramiko.SSHException, OSError, EOFError) as problem:
        client.close()
        raise _refused(host, known, problem) from problem
    transport = client.get_transport()
    if transport is not None:
        if isinstance(transport.sock, socket.socket):
            transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_keepalive(15)
    return client


def _open(client: paramiko.SSHClient, host: Host) -> None:
    client.connect(
        host.address,
        port=host.port,
        username=host.user,
        key_filename=str(host.key_file) if host.key_file else None,
        look_for_keys=host.key_file is None,
        allow_agent=host.key_file is None,
        timeout=host.connect_timeout_s,
        banner_timeout=host.connect_timeout_s,
        auth_timeout=host.connect_timeout_s,
    )


def _refused(host: Host, known: Path, problem: Exception) -> HostError:
    where = f"{host.name} ({host.address}:{host.port})"
    if "not found in known_hosts" in str(problem):
        return HostKeyError(
            f"{where}: no host key in {known}; add it after checking it on the host"
        )
    if isinstance(problem, paramiko.AuthenticationException):
        return HostError(
            f"{where}: login as {host.user or 'the current user'} was refused; "
            "check ansible_user and ansible_ssh_private_key_file"
        )
    if isinstance(problem, NoValidConnectionsError):
        errors = problem.errors.values()
        if all(isinstance(item, ConnectionRefusedError) for item in errors):
            why = "nothing listens there; is Remote Login switched on?"
            return HostError(f"{where}: not reachable by SSH: {why}")
        text = ", ".join(sorted({str(getattr(item, "strerror", None) or item) for item in errors}))
        return HostError(f"{where}: not reachable by SSH ({text}); is the host up?")
    return HostError(f"{where}: not reachable by SSH ({problem or type(problem).__name__})")
