"""Reads osquery's result log for es_process_events and es_process_file_events.

Rows are known by their columns, not by the query's name, which anybody may choose. Results of
other queries are notices. A column that a query did not select is unknown, not empty. ``euid`` is
not taken: osquery fills it from the group (es_utils.cpp). Times are whole seconds, and each of the
two tables counts for itself, so nothing tells the order within a second across them. An exec row
tells of the image after only.

Assumed, not seen in a capture: that ``write`` rows stand for content written (the table has no
close), and that a row's sequence numbers are whole, which a query with WHERE breaks visibly.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from witnessmark.model.events import Kind, Process, Token
from witnessmark.telemetry import swift
from witnessmark.telemetry.format import SECOND, BadShape, Found, fills, never
from witnessmark.telemetry.osquery_words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND: Final = "osquery"
TITLE: Final = "osquery, es_process_events and es_process_file_events"
FILLS: Final = fills(
    present="""exec fork exit create rename seq global_seq pidversion parent responsible ppid
    original_ppid session_id signing_id team_id cdhash platform_binary cwd exit_status""",
    derived="close modified args",
)
TIME_RESOLUTION: Final = SECOND
LOSS_SIGNALS: Final = (
    "gaps in global_seq_num and seq_num, which each of the two tables counts for itself",
)
UNKNOWN: Final = never(FILLS)
_FILE_UNKNOWN: Final = UNKNOWN | {
    "pidversion", "responsible", "parent", "original_ppid", "session_id", "signing_id", "team_id",
    "cdhash", "platform_binary",
}  # fmt: skip
_TOLD: Final = {
    "pidversion": {"pidversion"}, "parent": {"parent", "ppid"},
    "original_parent": {"original_ppid"},
    "session_id": {"session_id"}, "responsible_pid": {"responsible"}, "signing_id": {"signing_id"},
    "team_id": {"team_id"}, "cdhash": {"cdhash"}, "platform_binary": {"platform_binary"},
    "cwd": {"cwd"}, "exit_code": {"exit_status"}, "cmdline": {"args"},
}  # fmt: skip
"""What each column of es_process_events tells."""


class Columns(msgspec.Struct):
    """Columns of either table. All values are strings, or numbers with ``numerics``."""

    event_type: str | None = None
    pid: int | None = None
    path: str | None = None
    time: int | None = None
    seq_num: int | None = None
    global_seq_num: int | None = None
    pidversion: int | None = None
    parent: int | None = None
    parent_pidversion: int | None = None
    original_parent: int | None = None
    session_id: int | None = None
    responsible_pid: int | None = None
    responsible_pidversion: int | None = None
    cmdline: str | None = None
    cmdline_count: int | None = None
    cwd: str | None = None
    signing_id: str | None = None
    team_id: str | None = None
    cdhash: str | None = None
    platform_binary: int | None = None
    exit_code: int | None = None
    child_pid: int | None = None
    filename: str | None = None
    dest_filename: str | None = None


class Raw(msgspec.Struct):
    """Rows as they are: those of other queries may hold anything."""

    added: list[dict[str, Any]] = []
    removed: list[dict[str, Any]] = []


class Result(msgspec.Struct):
    """One line of the result log, in any of its forms (event, snapshot, batch)."""

    name: str
    hostIdentifier: str | None = None  # noqa: N815 - osquery's key
    action: str | None = None
    columns: dict[str, Any] | None = None
    snapshot: list[dict[str, Any]] | None = None
    diffResults: Raw | None = None  # noqa: N815 - osquery's key


_RESULT = msgspec.json.Decoder(Result)


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found | Sequence[Found]:
        """One line: a row, or a batch of them."""
        result = _RESULT.decode(line)
        if result.columns is not None:
            return _one(result, result.columns, result.action)
        if result.diffResults is not None:
            pairs = [(row, "added") for row in result.diffResults.added]
            pairs += [(row, "removed") for row in result.diffResults.removed]
        elif result.snapshot is not None:
            pairs = [(row, "snapshot") for row in result.snapshot]
        else:
            raise BadShape("a result without columns, snapshot or diffResults")
        found = [_one(result, row, action) for row, action in pairs]
        return found or Found(name=f"query {result.name}"[:64], host=result.hostIdentifier)


def _one(result: Result, row: dict[str, Any], action: str | None) -> Found:
    named = row.get("event_type")
    make = _TYPES.get(named) if isinstance(named, str) and "global_seq_num" in row else None
    if make is None:
        return Found(name=f"query {result.name}"[:64], host=result.hostIdentifier)
    if action == "removed":
        # An event cannot be taken back: the row only left osquery's own buffer.
        return Found(name=f"removed {named}", host=result.hostIdentifier)
    columns = msgspec.convert(
        {key: value for key, value in row.items() if value != ""}, Columns, strict=False
    )
    files = make is _file
    kind, process, details = make(columns, _FILE_UNKNOWN if files else _unknown(row))
    if columns.time is None:
        raise BadShape("a row without time")
    return Found(
        name=f"{named} (files)" if files else str(named),
        kind=kind,
        time_ns=columns.time * SECOND,
        process=process,
        details={**details, "numbered_apart": True},
        seq=columns.seq_num,
        global_seq=columns.global_seq_num,
        counter="es_process_file_events" if files else "es_process_events",
        host=result.hostIdentifier,
    )


def _unknown(row: dict[str, Any]) -> frozenset[str]:
    """What a row of es_process_events does not tell: columns that it lacks were not selected,
    which is not the same as empty."""
    return _lacking(tuple([name for name in _TOLD if name not in row]))


@lru_cache(maxsize=64)
def _lacking(columns: tuple[str, ...]) -> frozenset[str]:
    return UNKNOWN.union(*(_TOLD[name] for name in columns))


def _token(pid: int | None, version: int | None) -> Token | None:
    """A related process; osquery writes 0 or -1 where it knows of none."""
    return None if pid is None or pid <= 0 else swift.token(pid=pid, pidversion=version)


def _pid(value: int | None) -> int:
    if value is None or value <= 0:
        raise BadShape(f"pid {value} is not a process")
    return value


def _image(row: Columns, unknown: frozenset[str]) -> Process:
    binary = row.platform_binary
    return swift.process(
        token=swift.token(pid=_pid(row.pid), pidversion=row.pidversion),
        path=row.path or "",
        parent=_token(row.parent, row.parent_pidversion),
        responsible=_token(row.responsible_pid, row.responsible_pidversion),
        ppid=row.parent if row.parent is not None and row.parent >= 0 else None,
        original_ppid=row.original_parent
        if row.original_parent is not None and row.original_parent >= 0
        else None,
        session_id=row.session_id,
        signing_id=row.signing_id,
        team_id=row.team_id,
        cdhash=row.cdhash,
        platform_binary=None if binary is None else bool(binary),
        simulated=unknown,
    )


def _exec(row: Columns, unknown: frozenset[str]) -> tuple[Kind, Process, dict[str, Any]]:
    args = words(row.cmdline, row.cmdline_count) if row.cmdline else None
    known = args is not None and row.cmdline_count is not None
    target = _image(row, unknown if known else unknown | {"args"})
    before = swift.process(
        token=swift.token(pid=target.token.pid),
        path="",
        parent=target.parent,
        ppid=target.ppid,
        original_ppid=target.original_ppid,
        simulated=_FILE_UNKNOWN,
    )
    return Kind.EXEC, before, {"target": target, "args": args, "cwd": row.cwd}


def _fork(row: Columns, unknown: frozenset[str]) -> tuple[Kind, Process, dict[str, Any]]:
    parent = _image(row, unknown)
    child = swift.process(
        token=swift.token(pid=_pid(row.child_pid)),
        path=parent.path,
        parent=parent.token,
        ppid=parent.token.pid,
        simulated=_FILE_UNKNOWN,
    )
    return Kind.FORK, parent, {"child": child}


def _exit(row: Columns, unknown: frozenset[str]) -> tuple[Kind, Process, dict[str, Any]]:
    status = None if row.exit_code is None else row.exit_code
    return Kind.EXIT, _image(row, unknown), {"exit_status": status}


def _file(row: Columns, unknown: frozenset[str]) -> tuple[Kind, Process, dict[str, Any]]:
    if row.filename is None:
        raise BadShape("a file event without filename")
    process = _image(row, unknown)
    kind = _FILES.get(row.event_type or "", Kind.OTHER)
    if kind is Kind.RENAME:
        if row.dest_filename is None:
            raise BadShape("a rename without dest_filename")
        there = {
            "source_file": swift.file_ref(path=row.filename),
            "file": swift.file_ref(path=row.dest_filename),
        }
        return kind, process, there
    details: dict[str, Any] = {"file": swift.file_ref(path=row.filename)}
    return kind, process, details | ({"modified": True} if kind is Kind.CLOSE else {})


_FILES: Final = {"create": Kind.CREATE, "rename": Kind.RENAME, "write": Kind.CLOSE}
_TYPES: Final = {
    "exec": _exec,
    "fork": _fork,
    "exit": _exit,
    **dict.fromkeys(("create", "rename", "write", "truncate", "open"), _file),
}
