"""Of a unified log that shows no execution: whether it keeps what is written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from witnessmark.collect.canaries import is_of
from witnessmark.collect.logasked import read
from witnessmark.doctor.lines import Line
from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.collect.collector import Collected
    from witnessmark.model.hosts import Source

RIGHTS: Final = (
    "may this user read the log? An administrator may, or `sudo: true` with a sudoers line for "
    "/usr/bin/log"
)
DEAD: Final = "is the default level switched off for logger (`log config --status`)?"


def line(source: Source, found: Collected, raw: Path) -> Line:
    """What became of the canaries that were written while the log was read."""
    written = found.log.canaries if found.log else ()
    failed = next((item.problem for item in written if item.problem is not None), None)
    seen = [item for part in raw.read_bytes().splitlines() if (item := read(part)) is not None]
    there = sum(any(is_of(item, canary) for item in seen) for canary in written)
    if failed is not None or not written:
        status, mend = Status.ERROR, ""
        message = f"nothing could be written into it: {failed or 'nobody tried'}"
    elif there < len(written):
        status, mend = Status.FAIL, DEAD
        message = f"it can be read, but of {len(written)} messages written into it it shows {there}"
    else:
        status, mend = Status.PASS, ""
        message = "what was written into it is there; executions are never: its coverage gap"
    return Line(
        host=found.host, name=f"sensor {source.name}", status=status, message=message, mend=mend
    )
