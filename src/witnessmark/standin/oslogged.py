"""What ``eslogger --oslog`` makes of events: records of the host's unified log, cut at 32 kB.

The process that logs is eslogger's; here the recorder stands for it, which is no process of the
host, so its pid is 0 and marked as not known.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 32 << 10
"""Bytes of a message that are kept (eslogger(1))."""
PROGRAM = "/usr/bin/eslogger"


class Oslogged:
    """Appends each line of the event store to the host's log, too. Raises OSError if it cannot."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)

    def append(self, line: bytes) -> None:
        """One line, in one call."""
        os.write(self._fd, logged(line, time.time()))

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def logged(line: bytes, at_s: float) -> bytes:
    """The record of one event, as ``log show --style ndjson`` tells it."""
    message = line.rstrip(b"\n")[:LIMIT].decode(errors="ignore")
    when = dt.datetime.fromtimestamp(at_s, dt.UTC)
    said = {
        "timestamp": when.strftime("%Y-%m-%d %H:%M:%S.%f%z"),
        "machTimestamp": time.monotonic_ns(),
        "bootUUID": "",
        "timezoneName": "",
        "eventType": "logEvent",
        "messageType": "Default",
        "subsystem": "com.apple.eslogger",
        "category": "events",
        "processImagePath": PROGRAM,
        "processID": 0,
        "userID": 0,
        "formatString": "%{public}s",
        "eventMessage": message,
        "x_standin": {"unknown": ["processID"]},
    }
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"
