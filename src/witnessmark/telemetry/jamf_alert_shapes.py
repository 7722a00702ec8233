"""The shapes of Jamf Protect's alerts, as far as they are read."""

from __future__ import annotations

import msgspec
from msgspec import field


class Signing(msgspec.Struct):
    """``signingInfo``; cdhash is base64."""

    appid: str | None = None
    teamid: str | None = None
    cdhash: bytes | None = None
    signer: int | None = field(default=None, name="signerType")
    status: int | None = None


class Proc(msgspec.Struct):
    """One of ``related.processes``."""

    pid: int
    path: str
    ppid: int | None = None
    args: list[str] | None = None
    version: int | None = field(default=None, name="processIdentifier")
    responsible: int | None = field(default=None, name="responsiblePID")
    original_ppid: int | None = field(default=None, name="originalParentPID")
    start: float | None = field(default=None, name="startTimestamp")
    signing: Signing | None = field(default=None, name="signingInfo")


class Related(msgspec.Struct):
    """``related``."""

    processes: list[Proc] = []


class Happened(msgspec.Struct):
    """``match.event``: what it holds depends on the alert's eventType."""

    timestamp: float
    pid: int | None = None
    kind: int | None = field(default=None, name="type")
    path: str | None = None
    dev: int | None = None
    inode: int | None = field(default=None, name="iNode")
    previous: str | None = field(default=None, name="prevFile")
    message: str | None = field(default=None, name="composedMessage")
    subsystem: str | None = None
    category: str | None = None
    logger: int | None = field(default=None, name="processIdentifier")
    image: str | None = field(default=None, name="processImagePath")
    process: Proc | str | None = None
    blocked: bool | None = None


class Match(msgspec.Struct):
    """``match``."""

    event: Happened


class Host(msgspec.Struct):
    """``host``."""

    hostname: str | None = None
    serial: str | None = None


class Alert(msgspec.Struct):
    """An alert, or what a forwarder wrapped around one."""

    type: str | None = field(default=None, name="eventType")
    host: Host | None = None
    match: Match | None = None
    related: Related | None = None
    input: Alert | None = None
