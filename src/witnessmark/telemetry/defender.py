"""Reads rows of Microsoft Defender's advanced hunting: one a line, a result, or streamed.

``ProcessCreated`` is taken for an exec. The command line is one string without word boundaries, so
``args`` is split at spaces. The initiating process is described in each row, which makes a browser
known even if its own start was never exported.

Assumed, since which columns macOS fills is not published and no capture was at hand: that
``FolderPath`` may or may not end with ``FileName``, that ``FileCreated`` and ``FileModified`` stand
for content written, and that times are exact to 100 ns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from witnessmark.model.events import FileRef, Kind, Process
from witnessmark.telemetry import swift
from witnessmark.telemetry.format import BadShape, Found, fills, never
from witnessmark.telemetry.times import nanoseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND: Final = "defender"
TITLE: Final = "Microsoft Defender, advanced hunting rows"
FILLS: Final = fills(
    present="exec rename unlink parent ppid start_ns size",
    derived="close modified args",
)
TIME_RESOLUTION: Final = 100
LOSS_SIGNALS: Final = ()
UNKNOWN: Final = never(FILLS) | {"args"}


class Row(msgspec.Struct, rename="pascal"):
    """A row of DeviceProcessEvents or DeviceFileEvents, or what holds such rows."""

    timestamp: str | None = None
    action_type: str | None = None
    device_name: str | None = None
    file_name: str | None = None
    folder_path: str | None = None
    previous_file_name: str | None = None
    previous_folder_path: str | None = None
    file_size: int | None = None
    process_id: int | None = None
    process_command_line: str | None = None
    process_creation_time: str | None = None
    initiating_process_id: int | None = None
    initiating_process_file_name: str | None = None
    initiating_process_folder_path: str | None = None
    initiating_process_creation_time: str | None = None
    initiating_process_parent_id: int | None = None
    results: list[Row] | None = None
    properties: Row | None = msgspec.field(default=None, name="properties")


_ROW = msgspec.json.Decoder(Row, strict=False)


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found | Sequence[Found]:
        """One row, or all rows of a result."""
        row = _ROW.decode(line)
        if row.results is not None:
            return [_one(item) for item in row.results] or Found(name="no results")
        return _one(row.properties or row)


def _one(row: Row) -> Found:
    if row.timestamp is None or row.action_type is None:
        raise BadShape("no advanced hunting row: it lacks Timestamp or ActionType")
    make = _ACTIONS.get(row.action_type)
    kind, process, details = make(row) if make else (Kind.OTHER, _actor(row), {})
    return Found(
        name=row.action_type[:64],
        kind=kind,
        time_ns=nanoseconds(row.timestamp),
        process=process,
        details=details,
        host=row.device_name,
    )


def _exec(row: Row) -> tuple[Kind, Process | None, dict[str, Any]]:
    if row.process_id is None or row.process_id <= 0:
        raise BadShape(f"pid {row.process_id} is not a process")
    parent = _actor(row)
    again = parent is not None and parent.token.pid == row.process_id
    token = swift.token(pid=row.process_id)
    above = None if again or parent is None else parent
    start = _time(row.process_creation_time)
    target = swift.process(
        token=token,
        path=_joined(row.folder_path, row.file_name),
        parent=above.token if above else None,
        ppid=above.token.pid if above else _above(row),
        start_ns=start,
        simulated=UNKNOWN,
    )
    before = swift.process(
        token=token, path="", ppid=target.ppid, parent=target.parent, start_ns=start,
        simulated=UNKNOWN,
    )  # fmt: skip
    words = row.process_command_line
    args = tuple(words.split(" ")) if words else None
    return Kind.EXEC, before, {"target": target, "args": args, "parent": above}


def _actor(row: Row) -> Process | None:
    """The initiating process; pid 0 where the row does not say it."""
    pid = row.initiating_process_id
    if pid is None:
        return None
    if pid < 0:
        raise BadShape(f"pid {pid} is not a process")
    above = _above(row)
    return swift.process(
        token=swift.token(pid=pid),
        path=_joined(row.initiating_process_folder_path, row.initiating_process_file_name),
        ppid=above,
        start_ns=_time(row.initiating_process_creation_time),
        simulated=UNKNOWN,
    )


def _above(row: Row) -> int | None:
    """The pid of the initiating process's parent, where that is one."""
    pid = row.initiating_process_parent_id
    return None if pid is None or pid < 0 else pid


def _write(row: Row) -> tuple[Kind, Process | None, dict[str, Any]]:
    return Kind.CLOSE, _writer(row), {"file": _file(row), "modified": True}


def _delete(row: Row) -> tuple[Kind, Process | None, dict[str, Any]]:
    return Kind.UNLINK, _writer(row), {"file": _file(row)}


def _rename(row: Row) -> tuple[Kind, Process | None, dict[str, Any]]:
    folder = row.previous_folder_path or row.folder_path
    before = _joined(folder, row.previous_file_name) if row.previous_file_name else ""
    if not before:
        raise BadShape("a rename without PreviousFileName")
    return (
        Kind.RENAME,
        _writer(row),
        {"file": _file(row), "source_file": swift.file_ref(path=before)},
    )


def _writer(row: Row) -> Process:
    return _actor(row) or swift.process(token=swift.token(pid=0), path="", simulated=UNKNOWN)


def _file(row: Row) -> FileRef:
    path = _joined(row.folder_path, row.file_name)
    if not path:
        raise BadShape("a file event without FolderPath")
    return swift.file_ref(path=path, size=row.file_size)


def _joined(folder: str | None, name: str | None) -> str:
    """A path from a folder that may already end with the file's name."""
    if not folder or not name or folder == name or folder.endswith(f"/{name}"):
        return folder or ""
    return f"{folder.rstrip('/')}/{name}"


def _time(text: str | None) -> int | None:
    return nanoseconds(text) if text else None


_ACTIONS: Final = {
    "ProcessCreated": _exec,
    "FileCreated": _write,
    "FileModified": _write,
    "FileRenamed": _rename,
    "FileDeleted": _delete,
}
