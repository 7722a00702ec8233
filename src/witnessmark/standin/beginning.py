"""What is written when a host begins: who was alive before its first event, and that it runs."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .processes import Process
    from .shape import Shape


def write_snapshot(store: Path, init: Process, shape: Shape) -> None:
    """Who was alive before the first event: init, still the recorder's own image."""
    row = {
        "pid": init.number,
        "ppid": init.original_ppid,
        "path": init.path,
        "start_time": shape.stamp(init.started),
    }
    path = store.with_name(f"{store.stem}.snapshot.ndjson")
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")


def announce(ready_file: Path | None, init: int) -> None:
    """Writes down that init runs under this recorder, all at once."""
    if ready_file is None:
        return
    draft = ready_file.with_name(ready_file.name + ".new")
    draft.write_text(json.dumps({"recorder": os.getpid(), "init": init}), encoding="utf-8")
    draft.replace(ready_file)
