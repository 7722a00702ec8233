"""SSH key pairs of stand-in hosts, and files that are written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def ensure_key(path: Path) -> str:
    """The public line (``ssh-ed25519 AAAA...``) of the key in ``path``, made if there is none."""
    public = path.with_name(path.name + ".pub")
    if not (path.exists() and public.exists()):
        _make_key(path, public)
    return public.read_text(encoding="ascii").strip()


def replace(path: Path, text: str, mode: int = 0o600) -> None:
    """Writes a file whole or not at all, readable by its owner only."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    partial.replace(path)


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
