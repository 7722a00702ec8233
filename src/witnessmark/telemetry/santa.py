"""Reads Santa's file log (``/var/db/santa/santa.log``): one line of ``key=value|...`` per event.

Santa joins a command line with spaces and quotes nothing, so ``args`` is split at spaces: wrong
wherever a word holds a space. It tells of the image after an exec only, and of no responsible
process, working directory or script. ``|`` in a value is written ``<pipe>``, a line end ``\\n``.

DISKAPPEAR names the disk image that a volume came from (``dmgpath``), which B7 asks for; it names
no process, so pid 0 stands for none. DISKDISAPPEAR does not say where a volume was mounted.

Assumed, not seen in a capture: which of its two processes FORK names (the child, as EXEC does).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from witnessmark.model.events import Kind, Process, Token
from witnessmark.telemetry import swift
from witnessmark.telemetry.format import (
    MILLISECOND,
    BadShape,
    Found,
    Unreadable,
    fills,
    never,
)
from witnessmark.telemetry.santa_layouts import LAST, usual
from witnessmark.telemetry.times import nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KIND: Final = "santa"
TITLE: Final = "Santa, file log"
FILLS: Final = fills(
    present="""exec fork exit rename link unlink clone copyfile denied mount pidversion ppid
    team_id""",
    derived="close modified args parent",
)
TIME_RESOLUTION: Final = MILLISECOND
LOSS_SIGNALS: Final = ('lines "LOG MESSAGE QUOTA EXCEEDED": some records of that moment are gone',)
QUOTA: Final = "LOG MESSAGE QUOTA EXCEEDED"
UNKNOWN: Final = never(FILLS) | {"args"}
"""What no line can say for certain; ``args`` because of the lost word boundaries."""
_VERSIONLESS: Final = UNKNOWN | {"pidversion"}
"""Old versions of Santa, and lines about files, have no pidversion."""
_HEAD: Final = "] I santad: action="
_LONGEST: Final = 1_024


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found:
        """One line."""
        text = line.decode()
        end = text.find("]", 0, 40)
        if text[:1] != "[" or end < 0:
            raise Unreadable("not a line of Santa's: it does not begin with [time]")
        if not whole:
            raise Unreadable("the line has no end: it is cut off, or still being written")
        time_ns = nanoseconds(text[1:end])
        if not text.startswith(_HEAD, end):
            return _notice(text, end, time_ns)
        if text.find(_HEAD, end + 1) >= 0:
            raise Unreadable("two records run into one another")
        return _found(text[end + len(_HEAD) :], time_ns)


def _notice(text: str, end: int, time_ns: int) -> Found:
    if QUOTA in text:
        return Found(name="log quota exceeded", time_ns=time_ns, lost="log quota exceeded")
    raise BadShape(f"no action: {text[end + 1 : end + 60]!r}")


def _found(body: str, time_ns: int) -> Found:
    action, bar, rest = body.partition("|")
    if not bar:
        raise Unreadable("an action without fields: the line is cut off")
    make = _ACTIONS.get(action)
    if make is None:
        if not action.replace("_", "").isupper():
            raise BadShape(f"action {action[:40]!r} is none of Santa's")
        return Found(name=action[:64], time_ns=time_ns)
    fields = usual(action, rest) or _split(action, rest)
    try:
        kind, process, details = make(fields)
    except KeyError as missing:
        raise Unreadable(f"{action} without {missing.args[0]}: the line is cut off") from None
    return Found(name=action, kind=kind, time_ns=time_ns, process=process, details=details)


def _split(action: str, rest: str) -> dict[str, str]:
    """The fields of a line, whatever their order."""
    parts = rest.split("|")
    try:
        fields = dict([part.split("=", 1) for part in parts])
    except ValueError:
        raise Unreadable("a field without =: the line is cut off or garbled") from None
    if len(fields) != len(parts):
        raise BadShape("a field is there twice")
    last = LAST.get(action)
    if last is not None and last not in fields:
        raise Unreadable(f"{action} without {last}: the line is cut off")
    return fields


def _plain(value: str) -> str:
    """A value as it was before Santa escaped it; ``(null)`` is what it writes for none."""
    if value == "(null)":
        return ""
    if "<" in value or "\\" in value:
        return value.replace("<pipe>", "|").replace("\\n", "\n").replace("\\r", "\r")
    return value


def _image(pid: str, version: str | None, ppid: str, path: str, team: str | None = None) -> Process:
    digits = f"{pid}{version}{ppid}" if version else pid + ppid
    if not (pid and ppid and digits.isdecimal() and digits.isascii()):
        raise BadShape(f"{pid[:20]!r} and {ppid[:20]!r} are no process ids")
    number, above = int(pid), int(ppid)
    if number <= 0:
        raise BadShape(f"pid {number} is not a process")
    return swift.process(
        token=swift.token(pid=number, pidversion=int(version) if version else None),
        path=_plain(path) if path else "",
        parent=_parent(above),
        ppid=above,
        team_id=team or None,
        simulated=UNKNOWN if version else _VERSIONLESS,
    )


@lru_cache(maxsize=1_024)
def _parent(pid: int) -> Token | None:
    return swift.token(pid=pid) if pid else None


_kept = lru_cache(maxsize=1_024)(_image)


def _process(fields: Mapping[str, str], path: str, team: str | None = None) -> Process:
    make = _kept if len(path) <= _LONGEST else _image
    return make(fields["pid"], fields.get("pidversion"), fields["ppid"], path, team)


def _exec(fields: Mapping[str, str]) -> tuple[Kind, Process, dict[str, Any]]:
    """``pid`` and ``path`` are of the image after; of the one before only the pid is known."""
    get = fields.get
    target = _image(fields["pid"], get("pidversion"), fields["ppid"], fields["path"], get("teamid"))
    words = _plain(get("args", ""))
    decision = fields["decision"]
    details = {"target": target, "args": tuple(words.split(" ")) if words else None}
    kind = Kind.DENIED if decision.startswith("DENY") else Kind.EXEC
    return kind, _before(target), details


def _before(target: Process) -> Process:
    """What an exec replaced, as far as its line tells."""
    own, version = target.token, target.token.pidversion
    return swift.process(
        token=own if version is None else swift.token(pid=own.pid),
        path="",
        parent=target.parent,
        ppid=target.ppid,
        simulated=_VERSIONLESS,
    )


def _fork(fields: Mapping[str, str]) -> tuple[Kind, Process, dict[str, Any]]:
    child = _process(fields, "")
    if not child.ppid:
        raise BadShape(f"FORK by pid {child.ppid}")
    parent = swift.process(token=swift.token(pid=child.ppid), path="", simulated=UNKNOWN)
    return Kind.FORK, parent, {"child": child}


def _exit(fields: Mapping[str, str]) -> tuple[Kind, Process, dict[str, Any]]:
    return Kind.EXIT, _process(fields, ""), {}


def _file(kind: Kind, **more: Any) -> Callable[[Mapping[str, str]], Any]:
    """An action with one ``path``."""

    def make(fields: Mapping[str, str]) -> tuple[Kind, Process, dict[str, Any]]:
        file = swift.file_ref(path=_plain(fields["path"]))
        return kind, _process(fields, fields["processpath"]), {"file": file, **more}

    return make


def _two(kind: Kind, source: str, to: str) -> Callable[[Mapping[str, str]], Any]:
    """An action from one path to another."""

    def make(fields: Mapping[str, str]) -> tuple[Kind, Process, dict[str, Any]]:
        details = {
            "source_file": swift.file_ref(path=_plain(fields[source])),
            "file": swift.file_ref(path=_plain(fields[to])),
        }
        return kind, _process(fields, fields["processpath"]), details

    return make


def _volume(fields: Mapping[str, str]) -> tuple[Kind, Process | None, dict[str, Any] | None]:
    """A volume that came; one that is mounted nowhere is a notice only."""
    device = f"/dev/{_plain(fields['bsdname'])}"
    point = _plain(fields["mount"])
    if not point:
        return Kind.OTHER, None, None
    image = _plain(fields.get("dmgpath", ""))
    return (
        Kind.MOUNT,
        _NOBODY,
        {"file": swift.file_ref(path=point), "source_file": swift.file_ref(path=image or device)},
    )


_NOBODY: Final = swift.process(token=swift.token(pid=0), path="", simulated=UNKNOWN)
_ACTIONS: Final[Mapping[str, Callable[..., tuple[Kind, Process | None, dict[str, Any] | None]]]] = {
    "EXEC": _exec,
    "FORK": _fork,
    "EXIT": _exit,
    "WRITE": _file(Kind.CLOSE, modified=True),  # Santa's WRITE is a close after a modification
    "DELETE": _file(Kind.UNLINK),
    "RENAME": _two(Kind.RENAME, "path", "newpath"),
    "LINK": _two(Kind.LINK, "path", "newpath"),
    "CLONE": _two(Kind.CLONE, "source", "target"),
    "COPYFILE": _two(Kind.COPYFILE, "source", "target"),
    "DISKAPPEAR": _volume,
}
