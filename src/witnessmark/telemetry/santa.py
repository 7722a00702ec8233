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
from typing import TYPE_CHECKING, Any, Final, TypeAlias

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
from witnessmark.telemetry.santa_layouts import HEAD, LAYOUTS
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
_LONGEST: Final = 1_024
_Made: TypeAlias = tuple[Kind, Process | None, dict[str, Any] | None]


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found:
        """One line."""
        text = line.decode()
        # A time in milliseconds, as every version writes it, ends at the 25th character.
        end = 25 if text.startswith(HEAD, 25) else text.find("]", 0, 40)
        if text[:1] != "[" or end < 0:
            raise Unreadable("not a line of Santa's: it does not begin with [time]")
        if not whole:
            raise Unreadable("the line has no end: it is cut off, or still being written")
        time_ns = nanoseconds(text[1:end])
        if not text.startswith(HEAD, end):
            return _notice(text, end, time_ns)
        action, bar, rest = text[end + len(HEAD) :].partition("|")
        if not bar:
            raise Unreadable("an action without fields: the line is cut off")
        make = _ACTIONS.get(action)
        if make is None:
            return _unused(action, rest, time_ns)
        kind, process, details = make(*LAYOUTS[action].values(action, rest))
        return Found(action, kind, time_ns, process, details)


def _notice(text: str, end: int, time_ns: int) -> Found:
    if QUOTA in text:
        return Found(name="log quota exceeded", time_ns=time_ns, lost="log quota exceeded")
    raise BadShape(f"no action: {text[end + 1 : end + 60]!r}")


def _unused(action: str, rest: str, time_ns: int) -> Found:
    """An action that the event model has no use for, such as ALLOWLIST."""
    if not action.replace("_", "").isupper():
        raise BadShape(f"action {action[:40]!r} is none of Santa's")
    if HEAD in rest:
        raise Unreadable("two records run into one another")
    return Found(name=action[:64], time_ns=time_ns)


def _plain(value: str) -> str:
    """A value as it was before Santa escaped it; ``(null)`` is what it writes for none."""
    if value == "(null)":
        return ""
    if "<" in value or "\\" in value:
        return value.replace("<pipe>", "|").replace("\\n", "\n").replace("\\r", "\r")
    return value


def _image(pid: str, version: str, ppid: str, path: str, team: str = "") -> Process:
    digits = pid + version + ppid
    if not (pid and ppid and digits.isdecimal() and digits.isascii()):
        raise BadShape(f"{pid[:20]!r} and {ppid[:20]!r} are no process ids")
    number, above = int(pid), int(ppid)
    if number <= 0:
        raise BadShape(f"pid {number} is not a process")
    return swift.process(  # by place: token, path, parent, responsible, ppid
        swift.token(number, int(version) if version else None),
        _plain(path) if path else "",
        _parent(above),
        None,
        above,
        team_id=team or None,
        simulated=UNKNOWN if version else _VERSIONLESS,
    )


@lru_cache(maxsize=1_024)
def _parent(pid: int) -> Token | None:
    return swift.token(pid=pid) if pid else None


_kept = lru_cache(maxsize=1_024)(_image)


def _actor(pid: str, version: str, ppid: str, path: str) -> Process:
    """A process that acts often is written alike each time, so its image is kept."""
    return (_kept if len(path) <= _LONGEST else _image)(pid, version, ppid, path)


def _exec(
    decision: str, team: str, pid: str, version: str, ppid: str, path: str, args: str
) -> _Made:
    """``pid`` and ``path`` are of the image after; of the one before only the pid is known."""
    target = _image(pid, version, ppid, path, team)
    words = _plain(args)
    details = {"target": target, "args": tuple(words.split(" ")) if words else None}
    kind = Kind.DENIED if decision.startswith("DENY") else Kind.EXEC
    own = target.token
    token = swift.token(own.pid) if version else own
    before = swift.process(token, "", target.parent, None, target.ppid, simulated=_VERSIONLESS)
    return kind, before, details


def _fork(pid: str, version: str, ppid: str) -> _Made:
    child = _image(pid, version, ppid, "")
    if not child.ppid:
        raise BadShape(f"FORK by pid {child.ppid}")
    parent = swift.process(token=swift.token(pid=child.ppid), path="", simulated=_VERSIONLESS)
    return Kind.FORK, parent, {"child": child}


def _exit(pid: str, version: str, ppid: str) -> _Made:
    return Kind.EXIT, _image(pid, version, ppid, ""), None


def _write(path: str, pid: str, version: str, ppid: str, actor: str) -> _Made:
    """Santa's WRITE is a close after a modification."""
    file = swift.file_ref(_plain(path))
    return Kind.CLOSE, _actor(pid, version, ppid, actor), {"file": file, "modified": True}


def _delete(path: str, pid: str, version: str, ppid: str, actor: str) -> _Made:
    file = swift.file_ref(_plain(path))
    return Kind.UNLINK, _actor(pid, version, ppid, actor), {"file": file}


def _two(kind: Kind) -> Callable[..., _Made]:
    """An action from one path to another."""

    def make(source: str, to: str, pid: str, version: str, ppid: str, actor: str) -> _Made:
        details = {
            "source_file": swift.file_ref(_plain(source)),
            "file": swift.file_ref(_plain(to)),
        }
        return kind, _actor(pid, version, ppid, actor), details

    return make


def _volume(mount: str, bsdname: str, dmgpath: str) -> _Made:
    """A volume that came; one that is mounted nowhere is a notice only."""
    point, image = _plain(mount), _plain(dmgpath)
    if not point:
        return Kind.OTHER, None, None
    origin = swift.file_ref(path=image or f"/dev/{_plain(bsdname)}")
    return Kind.MOUNT, _NOBODY, {"file": swift.file_ref(path=point), "source_file": origin}


_NOBODY: Final = swift.process(token=swift.token(pid=0), path="", simulated=UNKNOWN)
_ACTIONS: Final[Mapping[str, Callable[..., _Made]]] = {
    "EXEC": _exec,
    "FORK": _fork,
    "EXIT": _exit,
    "WRITE": _write,
    "DELETE": _delete,
    "RENAME": _two(Kind.RENAME),
    "LINK": _two(Kind.LINK),
    "CLONE": _two(Kind.CLONE),
    "COPYFILE": _two(Kind.COPYFILE),
    "DISKAPPEAR": _volume,
}
