"""The usual order of fields in Santa's lines: read by one pattern, several times faster than split.

A line of another order or with other fields is no error; it is split into its fields instead, and
means the same.
"""

from __future__ import annotations

import re
from typing import Final

_WHO: Final = (
    "+pid",
    "+pidversion?",
    "+ppid",
    "process",
    "+processpath",
    "uid",
    "user",
    "gid",
    "group?",
)


def _layout(*names: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """The pattern of such a line after its action, and the names of the fields that it takes.

    ``+`` marks a field that is taken, ``?`` one that may be absent.
    """
    parts = []
    for place, name in enumerate(names):
        bar = r"\|" if place else ""
        value = "([^|]*)" if name[0] == "+" else "[^|]*"
        field = f"{bar}{name.strip('+?')}={value}"
        parts.append(f"(?:{field})?" if name[-1] == "?" else field)
    return re.compile("".join(parts)), tuple(name.strip("+?") for name in names if name[0] == "+")


LAYOUTS: Final = {
    "EXEC": _layout(
        "+decision", "reason", "explain?", "sha256", "cert_sha256?", "cert_cn?", "+teamid?",
        "quarantine_url?", "+pid", "+pidversion?", "+ppid", "uid", "user", "gid", "group", "mode",
        "+path", "+args?",
    ),
    "WRITE": _layout("+path", *_WHO),
    "DELETE": _layout("+path", *_WHO),
    "RENAME": _layout("+path", "+newpath", *_WHO),
    "LINK": _layout("+path", "+newpath", *_WHO),
    "CLONE": _layout("+source", "+target", *_WHO),
    "COPYFILE": _layout("+source", "+target", *_WHO),
}  # fmt: skip
LAST: Final = {"EXEC": "mode"} | dict.fromkeys(LAYOUTS.keys() - {"EXEC"}, "gid")
"""A field near the end of such a line: one that was cut off does not have it."""


def usual(action: str, rest: str) -> dict[str, str] | None:
    """The fields of a line in its usual order (absent ones empty), or None if it has another."""
    layout = LAYOUTS.get(action)
    if layout is None:
        return None
    found = layout[0].fullmatch(rest)
    return None if found is None else dict(zip(layout[1], found.groups(""), strict=False))
