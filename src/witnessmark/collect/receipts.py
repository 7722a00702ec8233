"""A receipt of each chunk that a command on a host gave: how large, which bytes, received when."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX: Final = "chunks.ndjson"


class Receipts:
    """Beside a raw file; a judge holds the file against them."""

    def __init__(self, raw: Path) -> None:
        self._path = raw.with_name(f"{raw.name.removesuffix('.ndjson')}.{SUFFIX}")

    def catch_up(self, raw: Path) -> None:
        """Of what an earlier controller kept and gave no receipt, or was put behind it since."""
        lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        last = json.loads(lines[-1]) if lines else {"at": 0, "size": 0}
        at = last["at"] + last["size"]
        if rest := raw.read_bytes()[at:]:
            self.note(at, rest, None)

    def note(self, at: int, data: bytes, received_ns: int | None) -> None:
        """Of the bytes that begin at ``at`` in the raw file."""
        row = {
            "at": at,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "received_ns": received_ns,
        }
        with self._path.open("ab") as out:
            out.write(json.dumps(row).encode() + b"\n")
