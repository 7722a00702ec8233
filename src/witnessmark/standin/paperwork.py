"""The files that let a controller reach and trust stand-in hosts: keys, known_hosts, inventory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from witnessmark.standin.broken import browser, known_key, variables
from witnessmark.standin.keys import replace
from witnessmark.standin.tree import DELIVERED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from witnessmark.standin.booted import BootedHost


def write_known_hosts(path: Path, hosts: Sequence[BootedHost]) -> None:
    """From the host keys themselves: what a scan of a port found would prove nothing."""
    lines = [
        f"[{host.address}]:{host.port} {known_key(host.host_key, host.folder, host.faults)}\n"
        for host in hosts
    ]
    replace(path, "".join(lines))


def write_inventory(path: Path, hosts: Sequence[BootedHost]) -> None:
    """An Ansible inventory; every value is written as JSON, which YAML reads unchanged."""
    lines = [
        "# Written by `witnessmark standin up`: these hosts are stand-ins, not Macs.",
        "all:",
        "  children:",
        "    standin:",
        "      hosts:" if hosts else "      hosts: {}",
    ]
    for host in hosts:
        lines.append(f"        {host.name}:")
        lines += [f"          {key}: {json.dumps(value)}" for key, value in _variables(host)]
    replace(path, "\n".join(lines) + "\n")


def _variables(host: BootedHost) -> list[tuple[str, object]]:
    return [
        ("ansible_host", host.address),
        ("ansible_port", host.port),
        ("ansible_user", host.user),
        ("ansible_ssh_private_key_file", str(host.key_file)),
        # Ansible's default begins with ~purple, no account of this machine; and it does not quote
        # the path, which may hold spaces. A log-in starts at home, so this is the default's place.
        ("ansible_remote_tmp", ".ansible/tmp"),
        ("witnessmark_known_hosts", str(host.known_hosts)),
        *([("witnessmark_path_prefix", host.prefix)] if host.prefix else []),
        ("witnessmark_standin", {"mode": host.chosen.mode, "why": host.chosen.why}),
        *browser(host.faults),
        ("witnessmark_destination_root", str(host.folder / DELIVERED)),
        ("witnessmark_origin", "stand-in"),
        *variables(host.faults),
    ]
