"""The same events as Santa's file log tells them: one line of ``key=value|...`` each.

Order of fields, names and escaping are those of its serializer (northpolesec/santa, BasicString.mm
and SanitizableString.mm). ``ppid`` is the *original* parent's, WRITE is a close after a change, and
files' lines have no pidversion. What Linux cannot know is left out, as Santa leaves out what it
does not have: certificate, team id, quarantine URL. Each line says in ``machineid``, where Santa
lets an organisation say which Mac it is, that it is a stand-in's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .told import group_name, tokens, user_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .records import Token
    from .told import Told

STORE = "private/var/db/santa/santa.log"
QUOTA = (
    b"*** LOG MESSAGE QUOTA EXCEEDED - SOME MESSAGES FROM THIS PROCESS HAVE BEEN DISCARDED ***\n"
)
_STAMP = len(b"[2026-10-04T10:00:00.000Z] ")


class Santa:
    """Writes Santa's lines for one host."""

    def __init__(self, host: str) -> None:
        self._end = f"|machineid=stand-in {_plain(host)}\n"

    def tells(self, told: Told) -> bool:
        """Whether Santa logs such an event at all."""
        return told.name in _ACTIONS and told.event.get("modified") is not False

    def line(self, told: Told) -> bytes:
        """The event's line."""
        seconds, ns = divmod(told.time_ns, 1_000_000_000)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        action, fields = _ACTIONS[told.name]
        text = f"[{stamp}.{ns // 1_000_000:03d}Z] I santad: action={action}|{fields(told)}"
        return (text + self._end).encode("utf-8", "replace")

    def lost(self, name: str, _count: int) -> bytes:
        """What shows that events were lost, if it logs such events."""
        if name not in _ACTIONS:
            return b""
        now = time.time_ns()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1_000_000_000))
        return f"[{stamp}.{now // 1_000_000 % 1000:03d}Z] ".encode() + QUOTA

    def instead(self, line: bytes) -> bytes:
        """What shows that this line was lost after it was made."""
        return line[:_STAMP] + QUOTA


def _plain(value: str) -> str:
    return value.replace("|", "<pipe>").replace("\n", "\\n").replace("\r", "\\r")


def _path(file: Mapping[str, Any]) -> str:
    return _plain(file["path"])


def _below(folder: dict[str, Any], name: str) -> str:
    return f"{_path(folder)}/{_plain(name)}"


def _exec(told: Told) -> str:
    own = tokens(told.process)[0]
    digest = told.digest()
    known = "" if digest is None else f"|sha256={digest}"
    words = " ".join(_plain(word) for word in told.event["args"])
    args = f"|args={words}" if told.event["args"] else ""
    return (
        f"decision=ALLOW|reason=UNKNOWN{known}|{_numbers(told.process)}|{_who(own)}"
        f"|mode=M|path={_path(told.process['executable'])}{args}"
    )


def _numbers(process: Mapping[str, Any]) -> str:
    own = tokens(process)[0]
    return f"pid={own.pid}|pidversion={own.pidversion}|ppid={process['original_ppid']}"


def _who(own: Token) -> str:
    return (
        f"uid={own.ruid}|user={user_name(own.ruid) or '(null)'}"
        f"|gid={own.rgid}|group={group_name(own.rgid) or '(null)'}"
    )


def _task(process: Mapping[str, Any]) -> str:
    own = tokens(process)[0]
    return f"{_numbers(process)}|uid={own.ruid}|gid={own.rgid}"


def _actor(told: Told) -> str:
    own, path = tokens(told.process)[0], _path(told.process["executable"])
    return (
        f"pid={own.pid}|ppid={told.process['original_ppid']}|process={path.rpartition('/')[2]}"
        f"|processpath={path}|{_who(own)}"
    )


def _one(told: Told) -> str:
    return f"path={_path(told.event['target'])}|{_actor(told)}"


def _rename(told: Told) -> str:
    to = told.event["destination"]
    made = to.get("new_path")
    there = _below(made["dir"], made["filename"]) if made else _path(to["existing_file"])
    return f"path={_path(told.event['source'])}|newpath={there}|{_actor(told)}"


def _link(told: Told) -> str:
    there = _below(told.event["target_dir"], told.event["target_filename"])
    return f"path={_path(told.event['source'])}|newpath={there}|{_actor(told)}"


_ACTIONS: dict[str, tuple[str, Callable[[Told], str]]] = {
    "exec": ("EXEC", _exec),
    "fork": ("FORK", lambda told: _task(told.event["child"])),
    "exit": ("EXIT", lambda told: _task(told.process)),
    "close": ("WRITE", _one),
    "rename": ("RENAME", _rename),
    "link": ("LINK", _link),
    "unlink": ("DELETE", _one),
}
