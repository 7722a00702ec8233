"""eslogger's objects, key by key. What Linux cannot know is null, and named in `UNKNOWN`.

Keys and types: those of eslogger's own encoder on macOS 15 and later.
"""

from __future__ import annotations

from typing import Literal

import msgspec

TokenForm = Literal["object", "array"]
UNKNOWN = (
    "signing_id",
    "team_id",
    "cdhash",
    "codesigning_flags",
    "is_platform_binary",
    "responsible_audit_token",
)
"""Fields of `process` that are always null here."""


class Stat(msgspec.Struct, gc=False):
    """`stat` of eslogger. Linux has no st_flags and st_gen: 0, as on most files of a Mac."""

    st_dev: int
    st_ino: int
    st_mode: int
    st_nlink: int
    st_uid: int
    st_gid: int
    st_rdev: int
    st_size: int
    st_blocks: int
    st_blksize: int
    st_atimespec: str
    st_mtimespec: str
    st_ctimespec: str
    st_birthtimespec: str | None
    st_flags: int = 0
    st_gen: int = 0


class File(msgspec.Struct, gc=False):
    """`file` of eslogger."""

    path: str
    stat: Stat | None
    path_truncated: bool = False


class Token(msgspec.Struct, gc=False):
    """`audit_token` as macOS 15 writes it."""

    pid: int
    pidversion: int
    euid: int
    ruid: int
    egid: int
    rgid: int
    auid: int
    asid: int


class ProcessRecord(msgspec.Struct, gc=False):
    """`process` of eslogger."""

    audit_token: Token | list[int]
    parent_audit_token: Token | list[int]
    ppid: int
    original_ppid: int
    group_id: int
    session_id: int
    executable: msgspec.Raw
    start_time: str
    tty: msgspec.Raw
    responsible_audit_token: None = None
    signing_id: None = None
    team_id: None = None
    cdhash: None = None
    codesigning_flags: None = None
    is_platform_binary: None = None
    is_es_client: bool = False


class ExecBody(msgspec.Struct):
    """The `exec` event. `dyld_exec_path` is a script's interpreter as its first line names it."""

    target: msgspec.Raw
    args: list[str]
    env: list[str]
    script: File | None
    cwd: File
    last_fd: int
    fds: list[dict[str, object]]
    image_cputype: int
    image_cpusubtype: int
    dyld_exec_path: str


def descriptor(number: int, kind: int, pipe: int | None) -> dict[str, object]:
    """One open descriptor of `exec`; ``pipe`` is the id of a pipe."""
    if pipe is None:
        return {"fd": number, "fdtype": kind}
    return {"fd": number, "fdtype": kind, "pipe": {"pipe_id": pipe}}
