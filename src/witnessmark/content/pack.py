"""The pack: every file that goes onto a host, as relative path -> bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from witnessmark.content import root
from witnessmark.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OURS = ("deadman.sh", "sweep.sh")
"""What a host needs to clean up by itself: the timer, and the very script that teardown runs."""
PAYLOADS = "lib/payloads.sha256"
"""The reviewed payload templates, as ``sha256sum`` writes them: nothing else is ever run."""
PATTERNS = ("lib/*.sh", "lib/payloads/*", "*/*/run.sh")


def build(folder: Path | None = None) -> Mapping[str, bytes]:
    """The step library, the inert payload templates and every scenario's script.

    Raises:
        ContentError: if the step library is not there, because no script could run without it; or
            if a payload is not one of the reviewed templates.
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
    problems = [*_unreviewed(base, files)]
    if problems:
        raise ContentError(problems)
    shells = root() / "inventory" / "playbooks"
    return files | {f"lib/{name}": (shells / name).read_bytes() for name in OURS}


def descriptions() -> Mapping[str, bytes]:
    """Every scenario's scenario.yaml, under its folder's name: no host ever gets these."""
    base = root() / "scenarios"
    return {
        path.relative_to(base).as_posix(): path.read_bytes()
        for path in sorted(base.glob("*/*/scenario.yaml"))
    }


def script_of(family: str, scenario: str) -> str:
    """The text of a scenario's script; empty where there is none."""
    file = root() / "scenarios" / family / scenario / "run.sh"
    return file.read_text("utf-8") if file.is_file() else ""


def _unreviewed(base: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """Payload templates that are not, byte by byte, those that somebody found to be inert."""
    listed = base / PAYLOADS
    if not listed.is_file():
        yield f"{listed}: is missing, so no payload can be trusted; reinstall witnessmark"
        return
    lines = [line.split(None, 1) for line in listed.read_text("utf-8").splitlines() if line]
    known = {f"lib/payloads/{parts[-1]}": parts[0] for parts in lines}
    for name in sorted(known.keys() | {item for item in files if item.startswith("lib/payloads/")}):
        if name not in files:
            yield f"{base / name}: {PAYLOADS} lists this payload, but it is not there"
        elif known.get(name) != hashlib.sha256(files[name]).hexdigest():
            yield (
                f"{base / name}: is not a reviewed payload; undo the change, or review it (inert: "
                f"its mark, its line of evidence, exit 0) and put its SHA-256 into {PAYLOADS}"
            )
