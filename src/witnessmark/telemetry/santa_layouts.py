"""The fields of Santa's lines, by action: in their usual order by one pattern, else by their names.

A line of another order or with other fields is no error; it is split at its bars, which takes
several times as long and means the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from witnessmark.telemetry.format import BadShape, Unreadable

HEAD: Final = "] I santad: action="
LONGEST: Final = 1_536
"""What is longer is not kept in memory; a Mac's longest path has 1,024 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which fields of an action are taken, in which order."""

    taken: tuple[str, ...]
    """Their names; ``?`` marks one that may be absent, and is then empty."""
    last: str
    """A field near the end of such a line: one that was cut off does not have it."""
    pattern: re.Pattern[str] | None = None
    """The usual order."""
    who: bool = False
    """Whether the last value is all that ``actor`` reads: in usual order, whatever the line's."""

    def values(self, action: str, text: str, begin: int = 0) -> tuple[str, ...]:
        """The fields that are taken of those in a line from ``begin`` on.

        Raises:
            Unreadable: the line is cut off, or two ran into one another.
            BadShape: a field is there twice.
        """
        if text.find("]", begin) >= 0 and HEAD in text[begin:]:
            raise Unreadable("two records run into one another")
        usual = None if self.pattern is None else self.pattern.fullmatch(text, begin)
        if usual is not None:
            found = usual.groups("")
            if not self.who or actor(found[-1]) is not None:
                return found
        found = self._by_name(action, text[begin:])
        return (*found[:-4], _ACTOR.format(*found[-4:])) if self.who else found

    def _by_name(self, action: str, rest: str) -> tuple[str, ...]:
        parts = rest.split("|")
        try:
            fields = dict([part.split("=", 1) for part in parts])
        except ValueError:
            raise Unreadable("a field without =: the line is cut off or garbled") from None
        if len(fields) != len(parts):
            raise BadShape("a field is there twice")
        needed = [name for name in self.taken if name[-1] != "?"]
        for name in (*needed, self.last):
            if name not in fields:
                raise Unreadable(f"{action} without {name}: the line is cut off")
        return tuple(fields.get(name.rstrip("?"), "") for name in self.taken)


def _usual(*names: str, last: str) -> Layout:
    """A layout with its usual order: ``+`` marks a field that is taken, ``?`` an optional one."""
    parts = []
    for place, name in enumerate(names):
        bar = r"\|" if place else ""
        value = "([^|]*+)" if name[0] == "+" else "[^|]*+"  # possessive: nothing to go back to
        field = f"{bar}{name.strip('+?')}={value}"
        parts.append(f"(?:{field}|)" if name[-1] == "?" else field)
    taken = tuple(name[1:] for name in names if name[0] == "+")
    return Layout(taken=taken, last=last, pattern=re.compile("".join(parts)))


_WHO: Final = _usual(
    "+pid", "+pidversion?", "+ppid", "process", "+processpath", "uid", "user", "gid", "group?",
    "machineid?", last="gid",
)  # fmt: skip
"""Who did something to files: what follows the paths, and is alike in each line of a process."""
_ACTOR: Final = "pid={}|pidversion={}|ppid={}|process=|processpath={}|uid=|user=|gid="
_TASK: Final = Layout(taken=("pid", "pidversion?", "ppid"), last="ppid")


def _file(*paths: str) -> Layout:
    """What a process did to files."""
    head = r"\|".join(f"{path}=([^|]*)" for path in paths)
    return Layout(
        taken=(*paths, *_WHO.taken),
        last=_WHO.last,
        pattern=re.compile(rf"{head}\|(pid=.{{0,{LONGEST}}})", re.DOTALL),
        who=True,
    )


@lru_cache(maxsize=1_024)
def actor(who: str) -> tuple[str, ...] | None:
    """Pid, pidversion, ppid and path of who acts; None if the fields have another order.

    A process that acts often is written alike each time, so it is kept.
    """
    assert _WHO.pattern is not None
    usual = _WHO.pattern.fullmatch(who)
    return None if usual is None else usual.groups("")


LAYOUTS: Final = {
    "EXEC": _usual(
        "+decision", "reason", "explain?", "sha256?", "cert_sha256?", "cert_cn?", "+teamid?",
        "quarantine_url?", "+pid", "+pidversion?", "+ppid", "uid", "user", "gid", "group", "mode",
        "+path", "origpath?", "+args?", "machineid?", last="mode",
    ),
    "FORK": _TASK,
    "EXIT": _TASK,
    "WRITE": _file("path"),
    "DELETE": _file("path"),
    "RENAME": _file("path", "newpath"),
    "LINK": _file("path", "newpath"),
    "CLONE": _file("source", "target"),
    "COPYFILE": _file("source", "target"),
    "DISKAPPEAR": Layout(taken=("mount", "bsdname", "dmgpath?"), last="bsdname"),
}  # fmt: skip
