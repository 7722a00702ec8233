"""The shapes of Elastic Defend's documents, as far as they are read."""

from __future__ import annotations

import msgspec


class Signature(msgspec.Struct):
    """``process.code_signature``."""

    exists: bool | None = None
    trusted: bool | None = None
    signing_id: str | None = None
    team_id: str | None = None
    subject_name: str | None = None


class Parent(msgspec.Struct):
    """``process.parent`` and ``process.Ext.effective_parent``; their entity_id is not read."""

    pid: int | None = None
    executable: str | None = None


class Script(msgspec.Struct):
    """``process.Ext.script``."""

    path: str | None = None


class ProcExt(msgspec.Struct):
    """``process.Ext``."""

    effective_parent: Parent | None = None
    script: Script | None = None


class Proc(msgspec.Struct):
    """``process``."""

    pid: int | None = None
    executable: str | None = None
    args: list[str] | None = None
    exit_code: int | None = None
    parent: Parent | None = None
    code_signature: Signature | None = None
    ext: ProcExt | None = msgspec.field(default=None, name="Ext")


class Original(msgspec.Struct):
    """``file.Ext.original``: where a renamed file came from."""

    path: str | None = None


class FileExt(msgspec.Struct):
    """``file.Ext``."""

    original: Original | None = None


class File(msgspec.Struct):
    """``file``."""

    path: str | None = None
    inode: int | str | None = None
    size: int | None = None
    ext: FileExt | None = msgspec.field(default=None, name="Ext")


class Happened(msgspec.Struct):
    """``event``."""

    action: str | None = None
    sequence: int | None = None


class Host(msgspec.Struct):
    """``host``."""

    hostname: str | None = None
    name: str | None = None


class Document(msgspec.Struct):
    """A document, or a search hit that holds one."""

    time: str | None = msgspec.field(default=None, name="@timestamp")
    event: Happened | None = None
    host: Host | None = None
    process: Proc | None = None
    file: File | None = None
    source: Document | None = msgspec.field(default=None, name="_source")
