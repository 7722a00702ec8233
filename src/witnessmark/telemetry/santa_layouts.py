"""The fields of Santa's lines, by action: in their usual order by one pattern, else by their names.

A line of another order or with other fields is no error; it is split at its bars, which takes
several times as long and means the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from witnessmark.telemetry.format import BadShape, Unreadable

HEAD: Final = "] I santad: action="


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which fields of an action are taken, in which order."""

    taken: tuple[str, ...]
    """Their names; ``?`` marks one that may be absent, and is then empty."""
    last: str
    """A field near the end of such a line: one that was cut off does not have it."""
    pattern: re.Pattern[str] | None = None

    def values(self, action: str, rest: str) -> tuple[str, ...]:
        """The fields that are taken.

        Raises:
            Unreadable: the line is cut off, or two ran into one another.
            BadShape: a field is there twice.
        """
        usual = None if self.pattern is None else self.pattern.fullmatch(rest)
        if usual is not None:
            found = usual.groups("")
            if HEAD not in found[-1]:
                return found
        return self._by_name(action, rest)

    def _by_name(self, action: str, rest: str) -> tuple[str, ...]:
        if HEAD in rest:
            raise Unreadable("two records run into one another")
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
        value = r"[^|\]]*" if name == "group?" else "[^|]*"
        value = f"({value})" if name[0] == "+" else value
        field = f"{bar}{name.strip('+?')}={value}"
        parts.append(f"(?:{field})?" if name[-1] == "?" else field)
    taken = tuple(name[1:] for name in names if name[0] == "+")
    return Layout(taken=taken, last=last, pattern=re.compile("".join(parts)))


def _file(*paths: str) -> Layout:
    """What a process did to files."""
    who = ("+pid", "+pidversion?", "+ppid", "process", "+processpath", "uid", "user", "gid")
    return _usual(*paths, *who, "group?", last="gid")


_TASK: Final = Layout(taken=("pid", "pidversion?", "ppid"), last="ppid")
LAYOUTS: Final = {
    "EXEC": _usual(
        "+decision", "reason", "explain?", "sha256", "cert_sha256?", "cert_cn?", "+teamid?",
        "quarantine_url?", "+pid", "+pidversion?", "+ppid", "uid", "user", "gid", "group", "mode",
        "+path", "+args?", last="mode",
    ),
    "FORK": _TASK,
    "EXIT": _TASK,
    "WRITE": _file("+path"),
    "DELETE": _file("+path"),
    "RENAME": _file("+path", "+newpath"),
    "LINK": _file("+path", "+newpath"),
    "CLONE": _file("+source", "+target"),
    "COPYFILE": _file("+source", "+target"),
    "DISKAPPEAR": Layout(taken=("mount", "bsdname", "dmgpath?"), last="bsdname"),
}  # fmt: skip
