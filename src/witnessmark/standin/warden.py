"""Outlives the process that a tied stand-in belongs to, then shuts the stand-in down.

The recorder ends by itself with its owner (owner.py); the warden deletes the files.
A parent-death signal would not do: it fires when the *thread* that booted the host ends, and a
pipe held open would be kept open by the caller's own children.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.standin.pidfile import Process
from witnessmark.standin.state import shutdown

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Waits for the owner's end, then ends the host and deletes its files."""
    parser = argparse.ArgumentParser(prog="python -m witnessmark.standin.warden")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("pid", type=int)
    parser.add_argument("started", type=int)
    options = parser.parse_args(arguments)
    Process(options.pid, options.started).wait()
    shutdown(options.folder.parent, [options.folder.name], remove=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
