"""Decodes ``ps -axww -o pid=,ppid=,comm=``: the processes that were running before capture began.

On macOS ``comm`` is the path that the process was started by, or a name of its own choosing
(``-zsh`` for a login shell): a hint about identity, weaker than a record of the kernel's.
"""

from __future__ import annotations

import re

from witnessmark.model.events import SnapshotRow

_ROW = re.compile(r"\s*([0-9]{1,10})\s+([0-9]{1,10})(?:\s+(\S.*?))?\s*")


def decode(raw: bytes) -> tuple[SnapshotRow, ...]:
    """Rows of the listing, in its order; ``comm`` may hold spaces and is "" where ps gave none.

    A line that is not a row (a heading, a warning) is left out; so are pid 0 and repeated pids,
    of which the first stands: ps escapes line ends in names, so a name cannot add a row.
    """
    rows: dict[int, SnapshotRow] = {}
    for line in raw.decode("utf-8", errors="replace").split("\n"):
        found = _ROW.fullmatch(line)
        if found is None:
            continue
        pid = int(found[1])
        if pid > 0 and pid not in rows:
            rows[pid] = SnapshotRow(pid=pid, ppid=int(found[2]), path=found[3] or "")
    return tuple(rows.values())
