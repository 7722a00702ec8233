"""The host's own log, which its `log` command shows: what its init wrote, and who told init.

On a Mac the unified log holds what every process says. Here init writes to it (log-ins, ends of
sessions, jobs that it started), and whoever calls logger(1); with ``--oslog`` the recorder too, as
`eslogger --oslog` does (oslogged.py).
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

from witnessmark.standin.faults.oslog import LogFaults

if TYPE_CHECKING:
    from pathlib import Path

OS_LOG = "private/var/db/diagnostics/standin.ndjson"
"""Below the host's root. A Mac keeps tracev3 files in this folder."""
_SUBSYSTEM = "org.witnessmark.standin"
_TYPES = ((logging.ERROR, "Error"), (logging.NOTSET, "Default"))


class OsLog(logging.Handler):
    """Appends each message as one record in the shape of ``log show --style ndjson``."""

    def __init__(self, root: Path, faults: LogFaults | None = None) -> None:
        super().__init__()
        self._path = root / OS_LOG
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(self._path, flags, 0o600)
        self._ends: dict[str, int] = {}
        """Where the last message of each program ends."""
        self._boot = str(uuid.uuid4()).upper()  # a stand-in boots more often than its machine
        self._faults = faults or LogFaults(())

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; one that cannot be written is reported by ``logging`` itself."""
        try:
            self._write(
                record.created,
                next(name for level, name in _TYPES if record.levelno >= level),
                message=record.getMessage(),
                form=str(record.msg),
                subsystem=_SUBSYSTEM,
                category=getattr(record, "category", "sshd"),
                image="/usr/bin/python3",
                pid=os.getpid(),
            )
        except OSError:
            self.handleError(record)

    def said(self, message: str, *, kind: str, image: str, pid: int, uid: int) -> None:
        """Write what another process of the host said. Raises OSError if it cannot be kept."""
        name = image.rpartition("/")[2]
        kept = self._faults.kept(name, message)
        if kept is None:
            return
        if self._faults.purges(name):
            self._forget(self._ends.get(name, 0))
        self._write(
            time.time(), kind, message=kept, form="%s", subsystem="", category="", image=image,
            pid=pid, uid=uid,
        )  # fmt: skip
        self._ends[name] = os.lseek(self._fd, 0, os.SEEK_CUR)

    def _forget(self, end: int) -> None:
        """What is older goes in place, as blank lines: others append and read meanwhile."""
        fd = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.pwrite(fd, b"\n" * end, 0)
        finally:
            os.close(fd)

    def _write(
        self,
        at_s: float,
        kind: str,
        *,
        message: str,
        form: str,
        subsystem: str,
        category: str,
        image: str,
        pid: int,
        uid: int | None = None,
    ) -> None:
        when = dt.datetime.fromtimestamp(at_s, dt.UTC)
        said = {
            "timestamp": when.strftime("%Y-%m-%d %H:%M:%S.%f%z"),
            "machTimestamp": time.monotonic_ns(),
            "bootUUID": self._boot,
            "timezoneName": "",
            "eventType": "logEvent",
            "messageType": kind,
            "subsystem": subsystem,
            "category": category,
            "processImagePath": image,
            "processID": pid,
            "threadID": threading.get_native_id(),
            "userID": os.geteuid() if uid is None else uid,
            "formatString": form,
            "eventMessage": message,
        }
        os.write(self._fd, json.dumps(said).encode() + b"\n")
