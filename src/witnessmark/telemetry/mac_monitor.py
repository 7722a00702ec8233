"""Reads Red Canary Mac Monitor's JSONL export, whose records are eslogger's.

Version 2.1 and older wrote the host's local time and called it UTC (a ``Z`` after milliseconds, 24
characters where eslogger has 30). When that was cannot be known, so such records are refused.
"""

from __future__ import annotations

import re
from typing import Final

from witnessmark.telemetry import eslogger
from witnessmark.telemetry.format import BadShape, Found

KIND: Final = "mac-monitor"
TITLE: Final = "Red Canary Mac Monitor, JSONL"
FILLS: Final = eslogger.FILLS
TIME_RESOLUTION: Final = eslogger.TIME_RESOLUTION
LOSS_SIGNALS: Final = eslogger.LOSS_SIGNALS
_FALSE: Final = re.compile(rb'"time"\s*:\s*"[0-9T:-]{19}\.[0-9]{3}Z"')


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def __init__(self) -> None:
        self._reader = eslogger.reader()

    def read(self, line: bytes, whole: bool) -> Found:
        """One record."""
        found = self._reader.read(line, whole)
        if _FALSE.search(line):
            raise BadShape(
                "its time is the host's local time called UTC (Mac Monitor 2.1 and older): "
                "export it again with a newer version"
            )
        return found
