"""Turns eslogger's decoded shapes into the model's events."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from witnessmark.model.events import FileRef, Kind, Process, Token
from witnessmark.telemetry import swift
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


PATH_MAX = 1_024
"""The longest path that macOS knows; what is longer is not kept in memory."""


def kind_of(payload: shape.Payload) -> tuple[Kind, Any] | None:
    """The known event of a payload, or None if there is none or more than one."""
    found = None
    for kind, name in _KINDS:
        value = getattr(payload, name)
        if value is not UNSET:
            if found is not None:
                return None
            found = (kind, value)
    return found


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
    sane = len(raw.executable.path) <= PATH_MAX
    return _kept_process(raw, unknown) if sane else _process(raw, unknown)


def _process(raw: shape.Proc, unknown: frozenset[str]) -> Process:
    own = _token(raw.audit_token)
    if own.pid <= 0:
        raise BadShape(f"pid {own.pid} is not a process")
    parent = None if raw.parent_audit_token is None else _token(raw.parent_audit_token)
    answers = raw.responsible_audit_token
    responsible = None if answers is None or "responsible" in unknown else _token(answers)
    for name, pid in (
        ("ppid", raw.ppid),
        ("parent pid", None if parent is None else parent.pid),
        ("responsible pid", None if responsible is None else responsible.pid),
    ):
        if pid is not None and pid < 0:
            raise BadShape(f"{name} {pid} is not a process")
    hidden = bool(unknown)
    return swift.process(
        token=own,
        path=raw.executable.path,
        parent=parent,
        responsible=responsible,
        ppid=raw.ppid,
        original_ppid=raw.original_ppid,
        group_id=raw.group_id,
        session_id=raw.session_id,
        start_ns=None if raw.start_time is None else nanoseconds(raw.start_time),
        signing_id=None if hidden and "signing_id" in unknown else raw.signing_id,
        team_id=None if hidden and "team_id" in unknown else raw.team_id,
        cdhash=None if hidden and "cdhash" in unknown else raw.cdhash,
        cs_flags=None if hidden and "cs_flags" in unknown else raw.codesigning_flags,
        platform_binary=(
            None if hidden and "platform_binary" in unknown else raw.is_platform_binary
        ),
        file=file(raw.executable),
        simulated=unknown,
    )


_kept_process = lru_cache(maxsize=1_024)(_process)


def file(raw: shape.File) -> FileRef:
    """A file, with what tells it apart where ``stat`` is there."""
    stat = raw.stat
    if stat is None:
        return swift.file_ref(path=raw.path, truncated=raw.path_truncated)
    birth = stat.st_birthtimespec
    return swift.file_ref(
        path=raw.path,
        dev=stat.st_dev,
        ino=stat.st_ino,
        size=stat.st_size,
        birth_ns=None if birth is None else nanoseconds(birth),
        truncated=raw.path_truncated,
    )


@lru_cache(maxsize=64)
def unknown_fields(names: tuple[str, ...]) -> frozenset[str]:
    """A stand-in's list of unknown fields, in the model's names."""
    return frozenset(NAMES.get(name, name) for name in names)


def _token(raw: shape.AnyToken) -> Token:
    if isinstance(raw, tuple):
        return swift.token(pid=raw[5], pidversion=raw[7], euid=raw[1])
    return swift.token(pid=raw.pid, pidversion=raw.pidversion, euid=raw.euid)


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
_KINDS = tuple((kind, kind.value) for kind in _DETAILS)
