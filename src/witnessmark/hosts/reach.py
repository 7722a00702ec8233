"""Opens the right transport for a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.errors import Unsupported

if TYPE_CHECKING:
    from witnessmark.hosts.transport import Transport
    from witnessmark.model.hosts import Host


def reach(host: Host) -> Transport:
    """A transport to the host: ``ssh`` by paramiko, ``local`` as a child of this process."""
    if host.connection == "ssh":
        from witnessmark.hosts.ssh import SshTransport

        return SshTransport(host)
    if host.connection == "local":
        from witnessmark.hosts.local import LocalTransport

        return LocalTransport(host)
    raise Unsupported(
        f"{host.name}: ansible_connection {host.connection} is not supported; use ssh or local"
    )
