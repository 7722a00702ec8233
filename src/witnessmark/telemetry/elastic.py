"""Reads Elastic Defend's documents (ECS), one a line: as stored, or as a hit with ``_source``.

After an exec Elastic's ``process.parent.entity_id`` names the image before in the same process, not
the parent: only ``parent.pid`` and ``parent.executable`` are of the real parent, so only those are
used. A file's ``modification`` stands for its creation too. A platform binary is one that Elastic
trusts and whose subject is Apple's ``Software Signing``.

Assumed, not seen in a capture: the actions ``creation``, ``overwrite`` and ``end``; that
``event.sequence`` counts without holes on each agent (an export of some documents only has them).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from witnessmark.model.events import Kind, Process, Token
from witnessmark.telemetry import elastic_shapes as shape
from witnessmark.telemetry import swift
from witnessmark.telemetry.format import BadShape, Found, fills, never
from witnessmark.telemetry.times import nanoseconds

KIND: Final = "elastic"
TITLE: Final = "Elastic Defend, ECS documents"
FILLS: Final = fills(
    present="""exec fork exit rename unlink global_seq parent responsible ppid
    signing_id team_id args script ino size""",
    derived="close modified cs_flags platform_binary exit_status",
)
TIME_RESOLUTION: Final = 1_000
LOSS_SIGNALS: Final = ("gaps in event.sequence",)
UNKNOWN: Final = never(FILLS)
APPLE: Final = "Software Signing"
_BARE: Final = UNKNOWN | {
    "responsible", "ppid", "parent", "signing_id", "team_id", "cs_flags", "platform_binary"
}  # fmt: skip
_DOCUMENT = msgspec.json.Decoder(shape.Document)
_WRITES: Final = ("modification", "creation", "overwrite")


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found:
        """One document."""
        document = _DOCUMENT.decode(line)
        source = document if document.source is None else document.source
        if source.time is None or source.event is None:
            raise BadShape("no event document: it lacks @timestamp or event")
        action = source.event.action or ""
        kind, process, details = _made(source, action)
        host = source.host
        return Found(
            name=action[:64] or "no action",
            kind=kind,
            time_ns=nanoseconds(source.time),
            process=process,
            details=details,
            global_seq=source.event.sequence,
            counter="event.sequence",
            host=(host.hostname or host.name) if host else None,
        )


def _made(source: shape.Document, action: str) -> tuple[Kind, Process | None, dict[str, Any]]:
    raw = source.process
    if raw is None or raw.pid is None:
        return Kind.OTHER, None, {}
    image = _image(raw, raw.pid)
    if source.file is not None:
        return _file(source.file, action, image)
    if action == "exec":
        return _exec(raw, image)
    if action == "fork":
        parent = raw.parent
        if parent is None or parent.pid is None:
            raise BadShape("a fork without parent.pid")
        return Kind.FORK, _parent(parent.pid, parent.executable or ""), {"child": image}
    if action in ("end", "exit"):
        code = raw.exit_code
        return Kind.EXIT, image, {"exit_status": None if code is None else code << 8}
    return Kind.OTHER, image, {}


def _exec(raw: shape.Proc, image: Process) -> tuple[Kind, Process, dict[str, Any]]:
    extra = raw.ext
    script = extra.script if extra else None
    above, parent = _related(raw.parent), raw.parent
    details: dict[str, Any] = {
        "target": image,
        "args": None if raw.args is None else tuple(raw.args),
        "script": swift.file_ref(path=script.path) if script and script.path else None,
        "parent": _parent(above, parent.executable)
        if above and parent is not None and parent.executable
        else None,
    }
    before = swift.process(
        token=image.token, path="", parent=image.parent, ppid=image.ppid, simulated=_BARE
    )
    return Kind.EXEC, before, details


def _file(raw: shape.File, action: str, image: Process) -> tuple[Kind, Process, dict[str, Any]]:
    if raw.path is None:
        raise BadShape("a file event without file.path")
    file = swift.file_ref(path=raw.path, ino=_number(raw.inode), size=raw.size)
    if action in _WRITES:
        return Kind.CLOSE, image, {"file": file, "modified": True}
    if action == "deletion":
        return Kind.UNLINK, image, {"file": file}
    if action == "rename":
        before = raw.ext.original.path if raw.ext and raw.ext.original else None
        if before is None:
            raise BadShape("a rename without file.Ext.original.path")
        return Kind.RENAME, image, {"file": file, "source_file": swift.file_ref(path=before)}
    return Kind.OTHER, image, {"file": file}


def _image(raw: shape.Proc, pid: int) -> Process:
    parent = _related(raw.parent)
    answers = _related(raw.ext.effective_parent if raw.ext else None)
    sign = raw.code_signature
    return swift.process(
        token=_token(pid),
        path=raw.executable or "",
        parent=swift.token(pid=parent) if parent else None,
        responsible=swift.token(pid=answers) if answers else None,
        ppid=parent,
        signing_id=sign.signing_id if sign else None,
        team_id=sign.team_id if sign else None,
        cs_flags=0 if sign is not None and sign.exists is False else None,
        platform_binary=None if sign is None else bool(sign.trusted) and sign.subject_name == APPLE,
        simulated=UNKNOWN if answers else UNKNOWN | {"responsible"},
    )


def _parent(pid: int, path: str) -> Process:
    return swift.process(token=_token(pid), path=path, simulated=_BARE)


def _related(raw: shape.Parent | None) -> int | None:
    """The pid of a related process; None where the document names none that could be."""
    return raw.pid if raw is not None and raw.pid is not None and raw.pid >= 0 else None


def _token(pid: int) -> Token:
    if pid <= 0:
        raise BadShape(f"pid {pid} is not a process")
    return swift.token(pid=pid)


def _number(value: int | str | None) -> int | None:
    return int(value) if isinstance(value, str) and value.isdecimal() else _whole(value)


def _whole(value: int | str | None) -> int | None:
    return value if isinstance(value, int) else None
