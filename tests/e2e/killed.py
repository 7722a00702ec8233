"""A controller that is killed right after a certain journal entry, for test_killed_controller.py.

    python killed.py POINT [witnessmark's own arguments]

POINT is KIND[:NEEDLE][#N]: the Nth entry of that kind whose JSON holds NEEDLE.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import TYPE_CHECKING

from witnessmark import cli
from witnessmark.journal.file import Journal

if TYPE_CHECKING:
    from witnessmark.model.journal import Entry


def main(point: str) -> None:
    parts = re.fullmatch(r"([a-z-]+)(?::([^#]*))?(?:#(\d+))?", point)
    assert parts is not None
    kind, needle, left = parts[1], parts[2] or "", int(parts[3] or 1)
    add = Journal.add

    def add_and_die(self: Journal, entry: Entry, *, sync: bool = True) -> None:
        nonlocal left
        add(self, entry, sync=sync)
        if entry.entry == kind and needle in repr(entry):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    Journal.add = add_and_die  # type: ignore[method-assign]
    cli.main()


if __name__ == "__main__":
    at = sys.argv.pop(1)
    main(at)
