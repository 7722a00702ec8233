"""The JSON shapes of Santa's protobuf messages, as far as they are read."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class Id(msgspec.Struct):
    """A process's pid and pidversion."""

    pid: int
    pidversion: int | None = None


class User(msgspec.Struct):
    """A user."""

    uid: int | None = None


class Stat(msgspec.Struct):
    """What tells files apart; 64 bit numbers may be strings."""

    dev: int | None = None
    ino: int | None = None
    size: int | None = None
    birth_time: str | None = None


class File(msgspec.Struct):
    """A file."""

    path: str
    truncated: bool = False
    stat: Stat | None = None


class Signature(msgspec.Struct):
    """A code signature; ``cdhash`` is base64."""

    cdhash: bytes | None = None
    signing_id: str | None = None
    team_id: str | None = None


class Proc(msgspec.Struct):
    """``ProcessInfo`` and ``ProcessInfoLight``: the latter ends with ``executable``."""

    id: Id
    executable: File
    parent_id: Id | None = None
    responsible_id: Id | None = None
    original_parent_pid: int | None = None
    group_id: int | None = None
    session_id: int | None = None
    effective_user: User | None = None
    is_platform_binary: bool | None = None
    code_signature: Signature | None = None
    cs_flags: int | None = None
    start_time: str | None = None


class Execution(msgspec.Struct):
    """``execution``; args are base64, each."""

    instigator: Proc
    target: Proc
    script: File | None = None
    working_directory: File | None = None
    args: list[bytes] | None = None
    decision: str | None = None


class Fork(msgspec.Struct):
    """``fork``."""

    instigator: Proc
    child: Proc


class Exited(msgspec.Struct):
    """How a process ended by itself."""

    exit_status: int = 0


class Signaled(msgspec.Struct):
    """How a process was ended."""

    signal: int = 0


class Exit(msgspec.Struct):
    """``exit``."""

    instigator: Proc
    exited: Exited | None = None
    signaled: Signaled | None = None


class Close(msgspec.Struct):
    """``close``; protobuf leaves a false ``modified`` out."""

    instigator: Proc
    target: File
    modified: bool = False


class Unlink(msgspec.Struct):
    """``unlink``."""

    instigator: Proc
    target: File


class Two(msgspec.Struct):
    """``rename``, ``link``, ``clone`` and ``copyfile``: ``target`` is a path without stat."""

    instigator: Proc
    source: File
    target: str
    target_existed: bool | None = None


class Message(msgspec.Struct):
    """``SantaMessage``: the envelope, and one event."""

    event_time: str
    execution: Execution | UnsetType = UNSET
    fork: Fork | UnsetType = UNSET
    exit: Exit | UnsetType = UNSET
    close: Close | UnsetType = UNSET
    rename: Two | UnsetType = UNSET
    unlink: Unlink | UnsetType = UNSET
    link: Two | UnsetType = UNSET
    clone: Two | UnsetType = UNSET
    copyfile: Two | UnsetType = UNSET
