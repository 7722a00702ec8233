"""Reads Santa's file log (``/var/db/santa/santa.log``): one line of ``key=value|...`` per event.

Santa joins a command line with spaces and quotes nothing, so ``args`` is split at spaces: wrong
wherever a word holds a space. It tells of the image after an exec only, and of no responsible
process, working directory or script. ``|`` in a value is written ``<pipe>``, a line end ``\\n``,
and nothing tells them from names that hold these very letters. Its ``ppid`` is the pid of the
process's first parent, whoever its parent is by now.

DISKAPPEAR names the disk image that a volume came from (``dmgpath``), which B7 asks for; it names
no process, so pid 0 stands for none. DISKDISAPPEAR does not say where a volume was mounted.

Not seen in a capture, but read in its source: FORK names the child.
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
from witnessmark.telemetry.santa_layouts import HEAD, LAYOUTS, LONGEST, actor
from witnessmark.telemetry.times import nanoseconds, whole_second

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KIND: Final = "santa"
TITLE: Final = "Santa, file log"
FILLS: Final = fills(
    present="""exec fork exit rename link unlink clone copyfile denied mount pidversion
    original_ppid team_id""",
    derived="close modified args parent ppid",
)
TIME_RESOLUTION: Final = MILLISECOND
LOSS_SIGNALS: Final = ('lines "LOG MESSAGE QUOTA EXCEEDED": some records of that moment are gone',)
QUOTA: Final = "LOG MESSAGE QUOTA EXCEEDED"
UNKNOWN: Final = never(FILLS) | {"args"}
"""What no line can say for certain; ``args`` because of the lost word boundaries."""
_VERSIONED: Final = UNKNOWN | {"team_id"}
"""Without a team id: unsigned, Apple's own, or of a Santa that did not write one."""
_VERSIONLESS: Final = _VERSIONED | {"pidversion"}
"""Old versions of Santa, and lines about files, have no pidversion."""
# Members of an enum are looked up slowly (until Python 3.12), and each line asks for one.
_DENIED, _EXEC, _FORK = Kind.DENIED, Kind.EXEC, Kind.FORK
_EXIT, _CLOSE, _UNLINK = Kind.EXIT, Kind.CLOSE, Kind.UNLINK
_MILLISECONDS: Final = {f".{count:03}Z": count * MILLISECOND for count in range(1_000)}
_Made: TypeAlias = tuple[Kind, Process | None, dict[str, Any] | None]


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def __init__(self) -> None:
        self._second = ""
        self._second_ns = 0
        """The second of the line before, which many lines share."""

    def read(self, line: bytes, whole: bool) -> Found:
        """One line."""
        text = line.decode()
        # A time in milliseconds, as every version writes it, ends at the 25th character.
        usual = text.startswith(HEAD, 25)
        end = 25 if usual else text.find("]", 0, 40)
        if text[:1] != "[" or end < 0:
            raise Unreadable("not a line of Santa's: it does not begin with [time]")
        if not whole:
            raise Unreadable("the line has no end: it is cut off, or still being written")
        fraction = _MILLISECONDS.get(text[20:end])
        if fraction is not None and text[1:20] == self._second:
            time_ns = self._second_ns + fraction
        else:
            time_ns = self._time(text, end, fraction)
        if not usual and not text.startswith(HEAD, end):
            return _notice(text, end, time_ns)
        begin = end + len(HEAD)
        bar = text.find("|", begin)
        if bar < 0:
            raise Unreadable("an action without fields: the line is cut off")
        action = text[begin:bar]
        make = _ACTIONS.get(action)
        if make is None:
            return _unused(action, text[bar + 1 :], time_ns)
        kind, process, details = make(*LAYOUTS[action].values(action, text, bar + 1))
        return Found(action, kind, time_ns, process, details)

    def _time(self, text: str, end: int, fraction: int | None) -> int:
        """The time of a line that is of another second than the line before."""
        if fraction is None:
            return nanoseconds(text[1:end])
        second = text[1:20]
        self._second_ns = whole_second(second)
        self._second = second
        return self._second_ns + fraction


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
    # By place throughout, in the order of the model's fields, which saves a third: token, path,
    # parent, responsible, ppid, original_ppid, group_id, session_id, start_ns, signing_id, team_id,
    # cdhash, cs_flags, platform_binary, file, simulated.
    return swift.process(
        swift.token(number, int(version) if version else None),
        _plain(path) if path else "",
        _parent(above), None, above, above, None, None, None,
        None, team or None, None, None, None, None,
        (UNKNOWN if team else _VERSIONED) if version else _VERSIONLESS,
    )  # fmt: skip


def _bare(token: Token, parent: Token | None = None, ppid: int | None = None) -> Process:
    """A process of which the line says little more than its pid; by place, as above."""
    return swift.process(
        token, "", parent, None, ppid, ppid, None, None, None,
        None, None, None, None, None, None, _VERSIONLESS,
    )  # fmt: skip


@lru_cache(maxsize=1_024)
def _parent(pid: int) -> Token | None:
    return swift.token(pid=pid) if pid else None


def _actor(who: str) -> Process:
    """The image of who acts, kept as the line's text is."""
    return (_kept if len(who) <= LONGEST else _acting)(who)


def _acting(who: str) -> Process:
    found = actor.__wrapped__(who)
    assert found is not None  # a layout gives no other
    return _image(*found)


_kept = lru_cache(maxsize=1_024)(_acting)


def _exec(
    decision: str, team: str, pid: str, version: str, ppid: str, path: str, args: str
) -> _Made:
    """``pid`` and ``path`` are of the image after; of the one before only the pid is known."""
    target = _image(pid, version, ppid, path, team)
    words = _plain(args) if "<" in args or "\\" in args or args[:1] == "(" else args
    details = {"target": target, "args": tuple(words.split(" ")) if words else None}
    kind = _DENIED if decision.startswith("DENY") else _EXEC
    own = target.token
    token = swift.token(own.pid) if version else own
    return kind, _bare(token, target.parent, target.ppid), details


def _fork(pid: str, version: str, ppid: str) -> _Made:
    child = _image(pid, version, ppid, "")
    if not child.ppid:
        raise BadShape(f"FORK by pid {child.ppid}")
    parent = _bare(swift.token(child.ppid))
    return _FORK, parent, {"child": child}


def _exit(pid: str, version: str, ppid: str) -> _Made:
    return _EXIT, _image(pid, version, ppid, ""), None


def _write(path: str, who: str) -> _Made:
    """Santa's WRITE is a close after a modification."""
    file = swift.file_ref(_plain(path))
    return _CLOSE, _actor(who), {"file": file, "modified": True}


def _delete(path: str, who: str) -> _Made:
    file = swift.file_ref(_plain(path))
    return _UNLINK, _actor(who), {"file": file}


def _two(kind: Kind) -> Callable[..., _Made]:
    """An action from one path to another."""

    def make(source: str, to: str, who: str) -> _Made:
        details = {
            "source_file": swift.file_ref(_plain(source)),
            "file": swift.file_ref(_plain(to)),
        }
        return kind, _actor(who), details

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
