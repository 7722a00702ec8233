"""How Ansible is told to reach a host: exactly as paramiko reaches it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from witnessmark.hosts.outcome import Outcome, PrepareResult

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.model.hosts import Host


def reach_variables(host: Host, folder: Path) -> dict[str, object]:
    """Ansible's variables for reaching a host exactly as paramiko does (hosts/ssh.py)."""
    if host.connection == "local":
        return {"ansible_connection": "local", "ansible_remote_tmp": f"{folder}/remote"}
    options = ""
    if host.known_hosts:
        # A copy under a plain name; ssh itself would expand % and ${} in the user's.
        copy = folder / f"known_hosts.{host.name}"
        copy.write_bytes(host.known_hosts.read_bytes())
        options = f"""-o 'UserKnownHostsFile="{copy}"'"""
    variables: dict[str, object] = {
        "ansible_connection": "ssh",
        "ansible_host": host.address,
        "ansible_port": host.port,
        "ansible_timeout": max(1, round(host.connect_timeout_s)),
    }
    if host.user:
        variables["ansible_user"] = host.user
    if host.key_file:
        options += " -o IdentitiesOnly=yes"
        variables["ansible_ssh_private_key_file"] = str(host.key_file).replace("%", "%%")
    return {**variables, "ansible_ssh_common_args": options}


def unusable(host: Host) -> PrepareResult | None:
    """What can be said without a connection: a wrong kind of connection, an unreadable file."""
    if host.connection not in ("ssh", "local"):
        kind = host.connection
        reason = f"{host.name}: ansible_connection {kind} is not supported; use ssh or local"
        return PrepareResult(host=host.name, outcome=Outcome.FAILED, reason=reason)
    for what, path in (("SSH key", host.key_file), ("known_hosts file", host.known_hosts)):
        if path and not os.access(path, os.R_OK):
            reason = f"{host.name}: cannot read the {what} {path}; correct the inventory"
            return PrepareResult(host=host.name, outcome=Outcome.UNREACHABLE, reason=reason)
    return None
