"""Reads the unified log: ``/usr/bin/log show|stream --style ndjson``.

It records no execution, fork or file: only what processes chose to log, and what the kernel says of
executions that it stopped (AppleSystemPolicy, AMFI). ``log`` prints a banner before its records and
one record that only counts them after; neither is an event. Loss events come only with ``--loss``.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from witnessmark.model.events import Kind, Process
from witnessmark.telemetry import swift
from witnessmark.telemetry.format import BadShape, Found, fills, never
from witnessmark.telemetry.times import nanoseconds

KIND: Final = "unifiedlog"
TITLE: Final = "unified log, NDJSON of `log`"
FILLS: Final = fills(present="log message", derived="denied")
TIME_RESOLUTION: Final = 1_000
LOSS_SIGNALS: Final = ("records of eventType lossEvent, where `--loss` asked for them",)
UNKNOWN: Final = never(FILLS)
BANNER: Final = b"Filtering the log data using "
_POLICY: Final = re.compile(
    r"ASP: Security policy would not allow process: ([0-9]{1,10}), (/.*)", re.DOTALL
)
_AMFI: Final = re.compile(r"AMFI: hook\.\.execve\(\) killing pid ([0-9]{1,10}): .*", re.DOTALL)


class Record(msgspec.Struct, rename="camel"):
    """A record, or the one that only counts (``finished``)."""

    timestamp: str | None = None
    event_type: str | None = None
    subsystem: str | None = None
    category: str | None = None
    event_message: str | None = None
    process_image_path: str | None = None
    process_id: int | None = msgspec.field(default=None, name="processID")
    finished: int | None = None


_RECORD = msgspec.json.Decoder(Record)


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found:
        """One record."""
        if line.startswith(BANNER):
            return Found(name="banner")
        record = _RECORD.decode(line)
        if record.finished is not None and record.timestamp is None:
            return Found(name="finished")
        if record.timestamp is None or record.event_type is None:
            raise BadShape("no record of the unified log: it lacks timestamp or eventType")
        time_ns = moment(record.timestamp)
        if record.event_type == "lossEvent":
            return Found(name="lossEvent", time_ns=time_ns, lost="lossEvent")
        if record.process_id is None or record.event_message is None:
            return Found(name=record.event_type[:64], time_ns=time_ns)
        kind, details = said(record.process_id, record.event_message)
        details["subsystem"] = f"{record.subsystem or ''}:{record.category or ''}"
        return Found(
            name=record.event_type[:64],
            kind=kind,
            time_ns=time_ns,
            process=_process(record.process_id, record.process_image_path or ""),
            details=details,
        )


def moment(text: str) -> int:
    """``2025-07-26 18:10:17.745652-0400``, the form of ``log``, in ns; RFC 3339 is read too."""
    if len(text) > 5 and text[-5] in "+-" and text[-4:].isdecimal():
        text = f"{text[:-2]}:{text[-2:]}"
    return nanoseconds(text)


def said(pid: int, message: str) -> tuple[Kind, dict[str, Any]]:
    """What a message says: only the kernel's own words count as a stopped execution."""
    if pid == 0:
        policy = _POLICY.fullmatch(message)
        found = policy or _AMFI.fullmatch(message)
        if found is not None and int(found[1]) > 0:
            target = _process(int(found[1]), policy[2] if policy else "")
            return Kind.DENIED, {"message": message, "target": target}
    return Kind.LOG, {"message": message}


def _process(pid: int, path: str) -> Process:
    if pid < 0:
        raise BadShape(f"pid {pid} is not a process")
    return swift.process(token=swift.token(pid=pid), path=path, simulated=UNKNOWN)
