"""Reads Jamf Protect's telemetry (version 2): Endpoint Security's events, almost as eslogger's.

It differs by ``glob_seq_num``, times in milliseconds, cdhash in lower case, and nulls left out. The
events that Jamf collects by default have no writes or renames, so branch B cannot be answered.

Assumed, not seen in a capture: that other events than exec keep eslogger's shapes.
"""

from __future__ import annotations

from typing import Final

import msgspec

from witnessmark.model.events import Kind
from witnessmark.telemetry.eslogger_events import details, kind_of, process
from witnessmark.telemetry.eslogger_shapes import Named, Payload, Proc
from witnessmark.telemetry.format import MILLISECOND, BadShape, Found, fills, never
from witnessmark.telemetry.times import nanoseconds

KIND: Final = "jamf-telemetry"
TITLE: Final = "Jamf Protect, telemetry version 2"
FILLS: Final = fills(
    present="""exec seq global_seq pidversion euid parent responsible ppid original_ppid group_id
    session_id start_ns signing_id team_id cdhash cs_flags platform_binary args cwd script
    dyld_exec_path dev ino size birth_ns""",
)
TIME_RESOLUTION: Final = MILLISECOND
LOSS_SIGNALS: Final = ("gaps in glob_seq_num (all records) and in seq_num (one event type)",)
UNKNOWN: Final = never(FILLS)


class Host(msgspec.Struct):
    """``host``."""

    hostname: str | None = None
    serial: str | None = None


class Record(msgspec.Struct):
    """The envelope."""

    time: str
    process: Proc
    event: Payload
    glob_seq_num: int
    seq_num: int | None = None
    host: Host | None = None


_RECORD = msgspec.json.Decoder(Record)
_NAMED = msgspec.json.Decoder(Named)


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found:
        """One record."""
        record = _RECORD.decode(line)
        found = kind_of(record.event)
        host = record.host
        return Found(
            name=found[0].value if found else _name(line),
            kind=found[0] if found else Kind.OTHER,
            time_ns=nanoseconds(record.time),
            process=process(record.process, UNKNOWN),
            seq=record.seq_num,
            global_seq=record.glob_seq_num,
            counter="glob_seq_num",
            details=details(*found, UNKNOWN) if found else None,
            host=(host.hostname or host.serial) if host else None,
        )


def _name(line: bytes) -> str:
    names = list(_NAMED.decode(line).event)
    if len(names) != 1:
        raise BadShape(f"{len(names)} events in one record")
    return names[0][:64]
