"""The files that let a controller reach and trust stand-in hosts: keys, known_hosts, inventory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from witnessmark.standin.alerting import NAME as ALERTS
from witnessmark.standin.broken import browser, known_key, variables
from witnessmark.standin.further import STORES
from witnessmark.standin.keys import replace
from witnessmark.standin.rules import RULES
from witnessmark.standin.tree import DELIVERED, STORE

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
        *([("witnessmark_sources", _sources(host))] if host.also else []),
    ]


def _sources(host: BootedHost) -> list[dict[str, object]]:
    """Each sensor as a source of the organisation's; only eslogger's records are delivered."""
    first: dict[str, object] = {
        "destination": {"kind": "ndjson", "path": "eslogger.ndjson", "deadline": "10s"}
    }
    if host.alerts:
        first["alerts"] = {
            "kind": "ndjson",
            "rules": {branch: [rule] for branch, rule in RULES.items()},
            "path": ALERTS,
            "deadline": "10s",
        }
    return [
        _source("eslogger", STORE) | first,
        *(_source(kind, STORES[kind]) for kind in host.also),
    ]


def _source(kind: str, store: str) -> dict[str, object]:
    return {
        "name": kind,
        "kind": kind,
        "role": "organisation",
        "analytic": "embedded",
        "path": f"/{store}",
    }
