"""What was really broken, event by event: for tests of the judge, which itself never reads it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from .known import Fault

NAME = "injected.ndjson"
"""Lies beside the faults file, outside the host's own root."""


def journal(faults_file: Path | None) -> Callable[[Fault, str, Iterable[str]], None]:
    """What to call for each event that a fault touched; writes nothing without a faults file."""
    path = None if faults_file is None else faults_file.with_name(NAME)

    def note(fault: Fault, event: str, names: Iterable[str]) -> None:
        if path is not None:
            row = {
                "layer": fault.layer,
                "action": fault.action,
                "event": event,
                "at_ns": time.time_ns(),
            }
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(json.dumps({**row, "names": list(names)}) + "\n")

    return note
