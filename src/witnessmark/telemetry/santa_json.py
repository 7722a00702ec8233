"""Reads Santa's JSON log: its protobuf messages (``SantaMessage``) as one JSON object a line.

The shapes are those of Santa's own test output; numbers of 64 bits are strings there, and bytes
(args, cdhash) are base64. A ``responsible_id`` with pid 0 means that Santa knows of none.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET

from witnessmark.model.events import FileRef, Kind, Process, Token
from witnessmark.telemetry import santa_shapes as shape
from witnessmark.telemetry import swift
from witnessmark.telemetry.format import BadShape, Found, fills, never
from witnessmark.telemetry.times import nanoseconds

KIND: Final = "santa-json"
TITLE: Final = "Santa, JSON log"
FILLS: Final = fills(
    present="""exec fork exit close rename link unlink clone copyfile denied
    pidversion euid parent responsible ppid original_ppid group_id session_id start_ns signing_id
    team_id cdhash cs_flags platform_binary args cwd script dev ino size birth_ns modified
    existed""",
    derived="exit_status",
)
TIME_RESOLUTION: Final = 1
LOSS_SIGNALS: Final = ()
UNKNOWN: Final = never(FILLS)
_MESSAGE = msgspec.json.Decoder(shape.Message, strict=False)
_NAMED = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENVELOPE: Final = {"machine_id", "event_time", "processed_time", "boot_session_uuid", "event_id"}


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found:
        """One message."""
        message = _MESSAGE.decode(line)
        for name, make in _MAKERS:
            body = getattr(message, name)
            if body is not UNSET:
                kind, details = make(body)
                return Found(
                    name=name,
                    kind=kind,
                    time_ns=nanoseconds(message.event_time),
                    process=_process(body.instigator),
                    details=details,
                )
        names = [name for name in _NAMED.decode(line) if name not in _ENVELOPE]
        if len(names) != 1:
            raise BadShape(f"{len(names)} events in one message")
        return Found(name=names[0][:64], time_ns=nanoseconds(message.event_time))


def _process(raw: shape.Proc) -> Process:
    sign = raw.code_signature
    own = _token(raw.id, raw.effective_user)
    if own is None:
        raise BadShape("pid 0 or less is not a process")
    return swift.process(
        token=own,
        path=raw.executable.path,
        parent=_token(raw.parent_id),
        responsible=_token(raw.responsible_id),
        ppid=raw.parent_id.pid if raw.parent_id and raw.parent_id.pid >= 0 else None,
        original_ppid=raw.original_parent_pid,
        group_id=raw.group_id,
        session_id=raw.session_id,
        start_ns=nanoseconds(raw.start_time) if raw.start_time else None,
        signing_id=sign.signing_id if sign else None,
        team_id=sign.team_id if sign else None,
        cdhash=sign.cdhash.hex().upper() if sign and sign.cdhash else None,
        cs_flags=raw.cs_flags,
        platform_binary=raw.is_platform_binary,
        file=_file(raw.executable),
        simulated=UNKNOWN if raw.cs_flags is not None else _LIGHT,
    )


_LIGHT: Final = UNKNOWN | {
    "responsible", "signing_id", "team_id", "cdhash", "cs_flags", "platform_binary", "start_ns"
}  # fmt: skip
"""Santa tells these of an exec's target only, not of a process that acts."""


def _token(raw: shape.Id | None, user: shape.User | None = None) -> Token | None:
    if raw is None or raw.pid <= 0:
        return None
    return swift.token(pid=raw.pid, pidversion=raw.pidversion, euid=user.uid if user else None)


def _file(raw: shape.File) -> FileRef:
    stat = raw.stat
    if stat is None:
        return swift.file_ref(path=raw.path, truncated=raw.truncated)
    return swift.file_ref(
        path=raw.path,
        dev=stat.dev,
        ino=stat.ino,
        size=stat.size,
        birth_ns=nanoseconds(stat.birth_time) if stat.birth_time else None,
        truncated=raw.truncated,
    )


def _exec(raw: shape.Execution) -> tuple[Kind, dict[str, Any]]:
    denied = raw.decision is not None and raw.decision.startswith("DECISION_DENY")
    return Kind.DENIED if denied else Kind.EXEC, {
        "target": _process(raw.target),
        "script": _file(raw.script) if raw.script else None,
        "args": None
        if raw.args is None
        else tuple(word.decode("utf-8", "surrogateescape") for word in raw.args),
        "cwd": raw.working_directory.path if raw.working_directory else None,
    }


def _fork(raw: shape.Fork) -> tuple[Kind, dict[str, Any]]:
    return Kind.FORK, {"child": _process(raw.child)}


def _exit(raw: shape.Exit) -> tuple[Kind, dict[str, Any]]:
    """A wait status, as Endpoint Security gives it."""
    status = None
    if raw.exited is not None:
        status = raw.exited.exit_status << 8
    elif raw.signaled is not None:
        status = raw.signaled.signal
    return Kind.EXIT, {"exit_status": status}


def _close(raw: shape.Close) -> tuple[Kind, dict[str, Any]]:
    return Kind.CLOSE, {"file": _file(raw.target), "modified": raw.modified}


def _unlink(raw: shape.Unlink) -> tuple[Kind, dict[str, Any]]:
    return Kind.UNLINK, {"file": _file(raw.target)}


def _two(kind: Kind) -> Any:
    def make(raw: shape.Two) -> tuple[Kind, dict[str, Any]]:
        to = swift.file_ref(path=raw.target)
        return kind, {"source_file": _file(raw.source), "file": to, "existed": raw.target_existed}

    return make


_MAKERS: Final = (
    ("execution", _exec),
    ("close", _close),
    ("rename", _two(Kind.RENAME)),
    ("fork", _fork),
    ("exit", _exit),
    ("unlink", _unlink),
    ("link", _two(Kind.LINK)),
    ("clone", _two(Kind.CLONE)),
    ("copyfile", _two(Kind.COPYFILE)),
)
