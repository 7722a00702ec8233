"""A controller that is killed right after a certain journal entry, for test_killed_controller.py.

    python killed.py POINT [witnessmark's own arguments]

POINT is KIND[:NEEDLE][#N][+arrived]: the Nth entry of that kind whose text holds NEEDLE; with
``+arrived`` it dies once all that was collected has also arrived at its destination and was noted,
however slow the machine is.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from typing import TYPE_CHECKING

from witnessmark import cli
from witnessmark.journal.file import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.model.journal import Entry

SETTLED_S = 3.0
"""Beyond the clock_skew_tolerance of 2 s, within which a record could still be the case's own."""


def main(point: str) -> None:
    parts = re.fullmatch(r"([a-z-]+)(?::([^#+]*))?(?:#(\d+))?(\+arrived)?", point)
    assert parts is not None
    kind, needle, left = parts[1], parts[2] or "", int(parts[3] or 1)
    add = Journal.add

    def add_and_die(self: Journal, entry: Entry, *, sync: bool = True) -> None:
        nonlocal left
        add(self, entry, sync=sync)
        if entry.entry == kind and needle in repr(entry):
            left -= 1
            if left == 0:
                if parts[4]:
                    await_arrival(self.path.parent)
                os.kill(os.getpid(), signal.SIGKILL)

    Journal.add = add_and_die  # type: ignore[method-assign]
    cli.main()


def await_arrival(folder: Path) -> None:
    """Wait until every line that was collected has arrived and the case before is long over."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not all(map(arrived, folder.rglob("*.delivered.ndjson"))):
        time.sleep(0.1)
    time.sleep(SETTLED_S)


def arrived(path: Path) -> bool:
    store = path.with_name(path.name.replace(".delivered", ""))
    return set(store.read_bytes().split(b"\n")) <= set(path.read_bytes().split(b"\n"))


if __name__ == "__main__":
    at = sys.argv.pop(1)
    main(at)
