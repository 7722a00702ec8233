"""The JSON shapes of eslogger, as far as we read them (message versions 6 to 10, macOS 13 to 27).

Keys come from eslogger's own coding keys; everything not named here is skipped unread. An audit
token is an object or, on early macOS 26, an array; one file may hold both. ``gc=False``: JSON holds
no cycles, and the collector need not follow millions of short-lived objects.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType


class TokenObject(msgspec.Struct, frozen=True, gc=False):
    """``audit_token`` as an object."""

    pid: int
    pidversion: int | None = None
    euid: int | None = None


TokenArray: TypeAlias = tuple[int, int, int, int, int, int, int, int]
"""``[auid, euid, egid, ruid, rgid, pid, asid, pidversion]``."""
AnyToken: TypeAlias = TokenObject | TokenArray


class Stat(msgspec.Struct, frozen=True, gc=False):
    """The part of ``stat`` that tells files apart."""

    st_dev: int | None = None
    st_ino: int | None = None
    st_size: int | None = None
    st_birthtimespec: str | None = None


class File(msgspec.Struct, frozen=True, gc=False):
    """``es_file_t``."""

    path: str
    path_truncated: bool = False
    stat: Stat | None = None


class Proc(msgspec.Struct, frozen=True, gc=False):
    """``es_process_t``."""

    audit_token: AnyToken
    executable: File
    parent_audit_token: AnyToken | None = None
    responsible_audit_token: AnyToken | None = None
    ppid: int | None = None
    original_ppid: int | None = None
    group_id: int | None = None
    session_id: int | None = None
    start_time: str | None = None
    signing_id: str | None = None
    team_id: str | None = None
    cdhash: str | None = None
    codesigning_flags: int | None = None
    is_platform_binary: bool | None = None


class Exec(msgspec.Struct, gc=False):
    """``exec``: ``target`` is the image after; ``script`` only when executed directly."""

    target: Proc
    args: list[str] | None = None
    script: File | None = None
    cwd: File | None = None
    dyld_exec_path: str | None = None


class Fork(msgspec.Struct, gc=False):
    """``fork``."""

    child: Proc


class Exit(msgspec.Struct, gc=False):
    """``exit``: ``stat`` is a wait status."""

    stat: int | None = None


class NewPath(msgspec.Struct, gc=False):
    """A destination that did not exist."""

    dir: File
    filename: str


class Destination(msgspec.Struct, gc=False):
    """Either arm of the union; exactly one is there."""

    existing_file: File | None = None
    new_path: NewPath | None = None


class Create(msgspec.Struct, gc=False):
    """``create``."""

    destination: Destination


class Rename(msgspec.Struct, gc=False):
    """``rename``: an existing destination names the file that is replaced."""

    source: File
    destination: Destination


class Close(msgspec.Struct, gc=False):
    """``close``."""

    target: File
    modified: bool | None = None
    was_mapped_writable: bool | None = None


class Copy(msgspec.Struct, gc=False):
    """``link``, ``clone`` and ``copyfile``, which name their target alike but for one key."""

    source: File
    target_dir: File
    target_filename: str | None = None
    target_name: str | None = None
    target_file: File | None = None


class Target(msgspec.Struct, gc=False):
    """``unlink``."""

    target: File


class SetMode(msgspec.Struct, gc=False):
    """``setmode``."""

    target: File
    mode: int | None = None


class SetExtAttr(msgspec.Struct, gc=False):
    """``setextattr``: the attribute's name only, never its value."""

    target: File
    extattr: str | None = None


class StatFs(msgspec.Struct, gc=False):
    """``statfs`` (statfs(2)), as far as it names the volume."""

    f_mntonname: str
    f_mntfromname: str


class Mount(msgspec.Struct, gc=False):
    """``mount`` and ``unmount``."""

    statfs: StatFs


class Payload(msgspec.Struct, gc=False):
    """``event``: one key says what happened. The number ``event_type`` is never trusted."""

    exec: Exec | UnsetType = UNSET
    fork: Fork | UnsetType = UNSET
    exit: Exit | UnsetType = UNSET
    create: Create | UnsetType = UNSET
    close: Close | UnsetType = UNSET
    rename: Rename | UnsetType = UNSET
    link: Copy | UnsetType = UNSET
    unlink: Target | UnsetType = UNSET
    clone: Copy | UnsetType = UNSET
    copyfile: Copy | UnsetType = UNSET
    setextattr: SetExtAttr | UnsetType = UNSET
    setmode: SetMode | UnsetType = UNSET
    mount: Mount | UnsetType = UNSET
    unmount: Mount | UnsetType = UNSET


class Standin(msgspec.Struct, gc=False):
    """``x_standin``: not eslogger's. A stand-in host names here the fields it cannot know."""

    unknown: tuple[str, ...] = ()


class Record(msgspec.Struct, gc=False):
    """The envelope."""

    time: str
    process: Proc
    event: Payload
    seq_num: int | None = None
    global_seq_num: int | None = None
    schema_version: int | None = None
    """Of eslogger's JSON, not of Endpoint Security's message (``version``)."""
    glob_seq_num: msgspec.Raw | UnsetType = UNSET
    """Not eslogger's: Jamf Protect's records are much alike, but count under this name."""
    x_standin: Standin | None = None


class Named(msgspec.Struct, gc=False):
    """The envelope of an event that is read for its name only."""

    event: dict[str, msgspec.Raw]
