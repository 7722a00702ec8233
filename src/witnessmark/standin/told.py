"""One event as every sensor of a host is told it, before any of them writes it down."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from .namespace import MAC_GID, MAC_UID
from .records import Token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_USERS = {0: "root", MAC_UID: "purple", 65534: "nobody"}
_GROUPS = {0: "wheel", MAC_GID: "staff", 65534: "nobody"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event's facts, in the objects of eslogger's records."""

    name: str
    time_ns: int
    process: Mapping[str, Any]
    """The image that acted; of an exec, the image after."""
    event: Mapping[str, Any]
    digest: Callable[[], str | None]
    """The SHA-256 of the file that the process runs; None where it cannot be read as that file."""


def told(
    name: str, time_ns: int, process: object, body: object, digest: Callable[[], str | None]
) -> Told:
    """The facts of what was encoded for eslogger's record, decoded again."""
    found = msgspec.json.decode(msgspec.json.encode((process, body)))
    return Told(name=name, time_ns=time_ns, process=found[0], event=found[1], digest=digest)


def tokens(process: Mapping[str, Any]) -> tuple[Token, Token]:
    """The audit tokens of a process and of its parent, in whichever form they are."""
    return _token(process["audit_token"]), _token(process["parent_audit_token"])


def _token(raw: Any) -> Token:
    if isinstance(raw, dict):
        return Token(**raw)
    auid, euid, egid, ruid, rgid, pid, asid, version = raw
    return Token(pid, version, euid, ruid, egid, rgid, auid, asid)


def user_name(uid: int) -> str | None:
    """What the host calls a user."""
    return _USERS.get(uid)


def group_name(gid: int) -> str | None:
    """What the host calls a group."""
    return _GROUPS.get(gid)


class Digests:
    """SHA-256 of executables; the same few are run again and again, so they are kept."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, int], str] = {}

    def of(self, pid: int, process: Mapping[str, Any]) -> str | None:
        """Of what a stopped process runs, if that is the file that its events show."""
        shown = process["executable"].get("stat")
        try:
            with open(f"/proc/{pid}/exe", "rb") as file:  # noqa: PTH123 - a magic link
                found = os.fstat(file.fileno())
                if shown is None or (found.st_dev, found.st_ino) != (
                    shown["st_dev"],
                    shown["st_ino"],
                ):
                    return None
                key = (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)
                if key not in self._known:
                    if len(self._known) > 1024:
                        self._known.clear()
                    self._known[key] = hashlib.file_digest(file, "sha256").hexdigest()
                return self._known[key]
        except OSError:
            return None
