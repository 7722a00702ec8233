"""The files that let a controller reach and trust stand-in hosts: keys, known_hosts, inventory."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from witnessmark.standin.broken import variables
from witnessmark.standin.tree import BROWSER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from witnessmark.standin.state import BootedHost


def ensure_key(path: Path) -> str:
    """The public line (``ssh-ed25519 AAAA...``) of the key in ``path``, made if there is none."""
    public = path.with_name(path.name + ".pub")
    if not (path.exists() and public.exists()):
        _make_key(path, public)
    return public.read_text(encoding="ascii").strip()


def write_known_hosts(path: Path, hosts: Sequence[BootedHost]) -> None:
    """From the host keys themselves: what a scan of a port found would prove nothing."""
    lines = [f"[{host.address}]:{host.port} {host.host_key}\n" for host in hosts]
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


def replace(path: Path, text: str, mode: int = 0o600) -> None:
    """Writes a file whole or not at all, readable by its owner only."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    partial.replace(path)


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
        ("witnessmark_path_prefix", str(host.root)),
        ("witnessmark_browser", BROWSER),
        ("witnessmark_origin", "stand-in"),
        *variables(host.faults),
    ]


def _make_key(path: Path, public: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption()
    ).decode("ascii")
    line = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    replace(path, secret)
    replace(public, line.decode("ascii") + "\n")
