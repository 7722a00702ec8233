"""The host's own log, which its `log` command shows: what its init, and nobody else, wrote.

On a Mac the unified log holds what every process says. Here only init writes to it: log-ins, ends
of sessions, jobs that it started. No event of the recorder is ever told in it.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import threading
import time
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OS_LOG = "private/var/db/diagnostics/standin.ndjson"
"""Below the host's root. A Mac keeps tracev3 files in this folder."""
_SUBSYSTEM = "org.witnessmark.standin"
_TYPES = ((logging.ERROR, "Error"), (logging.NOTSET, "Default"))


class OsLog(logging.Handler):
    """Appends each message as one record in the shape of ``log show --style ndjson``."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        path = root / OS_LOG
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)
        self._boot = str(uuid.uuid4()).upper()  # a stand-in boots more often than its machine

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; one that cannot be written is reported by ``logging`` itself."""
        try:
            os.write(self._fd, json.dumps(self._as_json(record)).encode() + b"\n")
        except OSError:
            self.handleError(record)

    def _as_json(self, record: logging.LogRecord) -> dict[str, object]:
        when = dt.datetime.fromtimestamp(record.created, dt.UTC)
        return {
            "timestamp": when.strftime("%Y-%m-%d %H:%M:%S.%f%z"),
            "machTimestamp": time.monotonic_ns(),
            "bootUUID": self._boot,
            "timezoneName": "",
            "eventType": "logEvent",
            "messageType": next(name for level, name in _TYPES if record.levelno >= level),
            "subsystem": _SUBSYSTEM,
            "category": getattr(record, "category", "sshd"),
            "processImagePath": "/usr/bin/python3",
            "processID": os.getpid(),
            "threadID": threading.get_native_id(),
            "userID": os.geteuid(),
            "formatString": str(record.msg),
            "eventMessage": record.getMessage(),
        }
