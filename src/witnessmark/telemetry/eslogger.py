"""Reads eslogger's NDJSON (Apple Endpoint Security, macOS 13 and later).

Message versions 6 to 10 and the keys of macOS 27 are read alike: the JSON's own ``schema_version``
tells whether a key may mean something else, the message's ``version`` does not.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET

from witnessmark.model.events import Kind
from witnessmark.telemetry.eslogger_events import details, kind_of, process, unknown_fields
from witnessmark.telemetry.eslogger_shapes import Named, Record
from witnessmark.telemetry.format import BadShape, Found, fills
from witnessmark.telemetry.times import nanoseconds

KIND: Final = "eslogger"
TITLE: Final = "eslogger (Endpoint Security, NDJSON)"
FILLS: Final = fills(
    present="""exec fork exit create close rename link unlink clone copyfile setextattr setmode
    mount unmount
    seq global_seq pidversion euid parent responsible ppid original_ppid group_id session_id
    start_ns signing_id team_id cdhash cs_flags platform_binary args cwd script dyld_exec_path
    dev ino size birth_ns modified mapped_writable xattr mode exit_status""",
    derived="existed",
)
TIME_RESOLUTION: Final = 1
LOSS_SIGNALS: Final = (
    "gaps in global_seq_num (all records) and in seq_num (one event type)",
    "counters that begin anew (the sensor was restarted)",
)
SCHEMAS: Final = (None, 1)
"""Values of ``schema_version`` that are understood: all that macOS 13 to 27 write, or none said.
Under another one a key may mean something else, so that reading it would be guessing."""
_RECORD = msgspec.json.Decoder(Record)
_NAMED = msgspec.json.Decoder(Named)
_NO_FIELDS: Final[frozenset[str]] = frozenset()


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found:
        """One record."""
        record = _RECORD.decode(line)
        if record.schema_version not in SCHEMAS:
            raise BadShape(f"schema_version {record.schema_version} is none that we know")
        if record.glob_seq_num is not UNSET:
            raise BadShape("glob_seq_num is Jamf Protect's: its kind is jamf-telemetry")
        found = kind_of(record.event)
        standin = record.x_standin
        unknown = unknown_fields(standin.unknown) if standin else _NO_FIELDS
        return Found(
            name=found[0].value if found else only_name(line),
            kind=found[0] if found else Kind.OTHER,
            time_ns=nanoseconds(record.time),
            process=process(record.process, unknown),
            seq=record.seq_num,
            global_seq=record.global_seq_num,
            details=details(*found, unknown) if found else None,
        )


def only_name(line: bytes) -> str:
    """The single event name of a record that no kind claims."""
    names = list(_NAMED.decode(line).event)
    if len(names) != 1:
        raise BadShape(f"{len(names)} events in one record")
    return names[0][:64]
