"""The pack: every file that goes onto a host, as relative path -> bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.content import root
from witnessmark.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OURS = ("deadman.sh", "sweep.sh")
"""What a host needs to clean up by itself: the timer, and the very script that teardown runs."""
PATTERNS = ("lib/*.sh", "lib/payloads/*", "*/*/run.sh")


def build(folder: Path | None = None) -> Mapping[str, bytes]:
    """The step library, the inert payload templates and every scenario's script.

    Raises:
        ContentError: if the step library is not there, because no script could run without it.
    """
    base = folder or root() / "scenarios"
    files = {
        path.relative_to(base).as_posix(): path.read_bytes()
        for pattern in PATTERNS
        for path in sorted(base.glob(pattern))
        if path.is_file()
    }
    if "lib/witness.sh" not in files:
        raise ContentError([f"{base}: lib/witness.sh is missing; reinstall witnessmark"])
    shells = root() / "inventory" / "playbooks"
    return files | {f"lib/{name}": (shells / name).read_bytes() for name in OURS}
