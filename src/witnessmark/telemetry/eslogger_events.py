"""Turns eslogger's decoded shapes into the model's events."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from msgspec.structs import astuple

from witnessmark.model.events import FileRef, Kind, Process, Token
from witnessmark.telemetry import swift
from witnessmark.telemetry.eslogger_shapes import Payload
from witnessmark.telemetry.format import BadShape
from witnessmark.telemetry.times import nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from witnessmark.telemetry import eslogger_shapes as shape

NAMES = {
    "codesigning_flags": "cs_flags",
    "is_platform_binary": "platform_binary",
    "responsible_audit_token": "responsible",
}
"""eslogger's names of the fields that the model calls otherwise."""


_KEPT: dict[tuple[int, int | None], tuple[shape.Proc, Process]] = {}
"""Images by token, each with what it was made of: a cache, as what is alike is made alike."""
MOST_KEPT = 1_024
PATH_MAX = 1_024
"""The longest path that macOS knows; what is longer is not kept in memory."""


def kind_of(payload: shape.Payload) -> tuple[Kind, Any] | None:
    """The known event of a payload, or None if there is none or more than one."""
    values = astuple(payload)
    if values.count(UNSET) != len(values) - 1:
        return None
    if values[_CLOSE] is not UNSET:
        return _CLOSED, values[_CLOSE]
    return next(item for item in zip(_KINDS, values, strict=True) if item[1] is not UNSET)


def details(kind: Kind, value: Any, unknown: frozenset[str]) -> dict[str, Any]:
    """The fields of an ``Event`` that belong to its kind."""
    make = _DETAILS.get(kind)
    return make(value, unknown) if make else {}


def process(raw: shape.Proc, unknown: frozenset[str]) -> Process:
    """A process image. Fields that the host could not know are None and named ``simulated``.

    A process that acts often is written alike each time, so its image is kept.

    Raises:
        BadShape: a pid that is not positive, as eslogger is known to write at times.
    """
    token = raw.audit_token
    pid, version = (
        (token[5], token[7]) if isinstance(token, tuple) else (token.pid, token.pidversion)
    )
    kept = _KEPT.get((pid, version))
    if kept is not None and kept[0] == raw and kept[1].simulated == unknown:
        return kept[1]
    made = _process(raw, unknown)
    if len(raw.executable.path) <= PATH_MAX:
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        _KEPT[pid, version] = (raw, made)
    return made


def _process(raw: shape.Proc, unknown: frozenset[str]) -> Process:
    own = _token(raw.audit_token)
    if own.pid <= 0:
        raise BadShape(f"pid {own.pid} is not a process")
    parent = None if raw.parent_audit_token is None else _token(raw.parent_audit_token)
    answers = raw.responsible_audit_token
    responsible = None if answers is None or "responsible" in unknown else _token(answers)
    ppid = raw.ppid
    if ppid is not None and ppid < 0:
        raise BadShape(f"ppid {ppid} is not a process")
    if parent is not None and parent.pid < 0:
        raise BadShape(f"parent pid {parent.pid} is not a process")
    if responsible is not None and responsible.pid < 0:
        raise BadShape(f"responsible pid {responsible.pid} is not a process")
    hidden = bool(unknown)
    return swift.process(  # by place, as the model orders its fields
        own,
        raw.executable.path,
        parent,
        responsible,
        ppid,
        raw.original_ppid,
        raw.group_id,
        raw.session_id,
        None if raw.start_time is None else nanoseconds(raw.start_time),
        None if hidden and "signing_id" in unknown else raw.signing_id,
        None if hidden and "team_id" in unknown else raw.team_id,
        None if hidden and "cdhash" in unknown else raw.cdhash,
        None if hidden and "cs_flags" in unknown else raw.codesigning_flags,
        None if hidden and "platform_binary" in unknown else raw.is_platform_binary,
        file(raw.executable),
        unknown,
    )


def file(raw: shape.File) -> FileRef:
    """A file, with what tells it apart where ``stat`` is there."""
    stat = raw.stat
    if stat is None:
        return swift.file_ref(path=raw.path, truncated=raw.path_truncated)
    birth = stat.st_birthtimespec
    birth_ns = None if birth is None else nanoseconds(birth)
    return swift.file_ref(  # by place, as the model orders its fields
        raw.path, stat.st_dev, stat.st_ino, stat.st_size, birth_ns, raw.path_truncated
    )


@lru_cache(maxsize=64)
def unknown_fields(names: tuple[str, ...]) -> frozenset[str]:
    """A stand-in's list of unknown fields, in the model's names."""
    return frozenset(NAMES.get(name, name) for name in names)


def _token(raw: shape.AnyToken) -> Token:
    if isinstance(raw, tuple):
        return swift.token(raw[5], raw[7], raw[1])
    return swift.token(raw.pid, raw.pidversion, raw.euid)


def _join(folder: shape.File, name: str | None) -> FileRef:
    if not name or "/" in name or name in (".", ".."):
        raise BadShape(f"{str(name)[:40]!r} is not a file's name")
    return swift.file_ref(path=f"{folder.path.rstrip('/')}/{name}", truncated=folder.path_truncated)


def _destination(raw: shape.Destination) -> tuple[FileRef, bool]:
    if (raw.existing_file is None) == (raw.new_path is None):
        raise BadShape("destination is neither an existing file nor a new path")
    if raw.existing_file is not None:
        return file(raw.existing_file), True
    assert raw.new_path is not None
    return _join(raw.new_path.dir, raw.new_path.filename), False


def _exec(raw: shape.Exec, unknown: frozenset[str]) -> dict[str, Any]:
    return {
        "target": process(raw.target, unknown),
        "script": None if raw.script is None else file(raw.script),
        "args": None if raw.args is None else tuple(raw.args),
        "cwd": None if raw.cwd is None else raw.cwd.path,
        "dyld_exec_path": raw.dyld_exec_path,
    }


def _fork(raw: shape.Fork, unknown: frozenset[str]) -> dict[str, Any]:
    return {"child": process(raw.child, unknown)}


def _create(raw: shape.Create, _: frozenset[str]) -> dict[str, Any]:
    made, existed = _destination(raw.destination)
    # ES tells of a create after the fact, so existing_file is the new file itself.
    return {"file": made, "existed": None if existed else False}


def _rename(raw: shape.Rename, _: frozenset[str]) -> dict[str, Any]:
    to, existed = _destination(raw.destination)
    return {"source_file": file(raw.source), "file": to, "existed": existed}


def _close(raw: shape.Close, _: frozenset[str]) -> dict[str, Any]:
    return {
        "file": file(raw.target),
        "modified": raw.modified,
        "mapped_writable": raw.was_mapped_writable,
    }


def _copy(raw: shape.Copy, _: frozenset[str]) -> dict[str, Any]:
    name = raw.target_name if raw.target_filename is None else raw.target_filename
    if name is None and raw.target_file is not None:
        to = file(raw.target_file)
    else:
        to = _join(raw.target_dir, name)
    return {"source_file": file(raw.source), "file": to}


def _mount(raw: shape.Mount, _: frozenset[str]) -> dict[str, Any]:
    device = swift.file_ref(path=raw.statfs.f_mntfromname)
    return {"file": swift.file_ref(path=raw.statfs.f_mntonname), "source_file": device}


_DETAILS: dict[Kind, Callable[[Any, frozenset[str]], dict[str, Any]]] = {
    Kind.EXEC: _exec,
    Kind.FORK: _fork,
    Kind.EXIT: lambda raw, _: {"exit_status": raw.stat},
    Kind.CREATE: _create,
    Kind.CLOSE: _close,
    Kind.RENAME: _rename,
    Kind.LINK: _copy,
    Kind.CLONE: _copy,
    Kind.COPYFILE: _copy,
    Kind.UNLINK: lambda raw, _: {"file": file(raw.target)},
    Kind.SETMODE: lambda raw, _: {"file": file(raw.target), "mode": raw.mode},
    Kind.SETEXTATTR: lambda raw, _: {"file": file(raw.target), "xattr": raw.extattr},
    Kind.MOUNT: _mount,
    Kind.UNMOUNT: _mount,
}
_KINDS = tuple(Kind(name) for name in Payload.__struct_fields__)
_CLOSE, _CLOSED = _KINDS.index(Kind.CLOSE), Kind.CLOSE  # by far the most frequent
