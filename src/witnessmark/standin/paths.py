"""Linux names to the names a Mac would show. Every rule that was applied is named in the event."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .tools import SHIMS

ROOT_RULE = "host root -> /"
PYTHON_RULE = "python* -> /usr/bin/python3"

SHELLS = ("bash", "zsh", "dash", "ksh", "tcsh", "csh", "sh")
"""bash before sh: where sh is bash, the one file is shown as /bin/bash. dash is sh on Debian."""
# fmt: off
IN_BIN = (
    "[", "cat", "chmod", "cp", "date", "dd", "df", "echo", "ed", "expr", "hostname", "kill",
    "launchctl", "link", "ln", "ls", "mkdir", "mv", "pax", "ps", "pwd", "realpath", "rm", "rmdir",
    "sleep", "stty", "sync", "test", "unlink",
)
# fmt: on
"""What macOS keeps in /bin; Linux with merged /usr runs it from /usr/bin."""

SHIM_PATHS = frozenset(f"/{folder}/{name}" for folder, names in SHIMS.items() for name in names)
_PYTHON = re.compile(rb".*/python[0-9.]*")
_ENDS_PATH = rb"(?=/|$|[\s:;,'\"()|&<>=])"
_STARTS_PATH = rb"(?:(?<![\w.\-])|(?<=[\s'\"]-\w)|(?<=^-\w))"


@dataclass(frozen=True, slots=True)
class Shown:
    """A path as emitted, and the rule that changed more than its root, if any."""

    path: str
    rule: str | None = None


class Translator:
    """Removes the host's root from paths and gives system programs their macOS names.

    `root` may hold spaces and undecodable bytes; what is no UTF-8 is shown as U+FFFD.
    """

    rule = ROOT_RULE

    def __init__(self, root: Path, table: dict[bytes, str] | None = None) -> None:
        given, real = os.path.abspath(root), os.path.realpath(root)  # noqa: PTH100
        self._roots = tuple({os.fsencode(given), os.fsencode(real)} - {b"/"})
        self._table = system_programs() if table is None else table
        self._real = os.fsencode(real)
        longest_first = sorted(self._roots, key=len, reverse=True)
        names = b"|".join(re.escape(name) for name in longest_first)
        self._anywhere = re.compile(_STARTS_PATH + rb"(?:" + names + rb")" + _ENDS_PATH)

    def inside(self, path: bytes) -> bool:
        """Whether a real path lies in the host."""
        root = self._real
        return root == b"/" or path == root or path.startswith(root + b"/")

    def path(self, path: bytes) -> str:
        """A real path as the host sees it; paths outside the root stay as they are."""
        for root in self._roots:
            if path.startswith(root):
                rest = path[len(root) :]
                if not rest:
                    return "/"
                if rest.startswith(b"/"):
                    return rest.decode(errors="replace")
        return path.decode(errors="replace")

    def program(self, path: bytes) -> Shown:
        """An executable's path: also by the table of system programs."""
        if self.inside(path):
            return Shown(self.path(path))
        if (name := self._table.get(path)) is not None:
            shown = path.decode(errors="replace")
            return Shown(name, None if shown == name else f"{shown} -> {name}")
        if _PYTHON.fullmatch(path):
            return Shown("/usr/bin/python3", PYTHON_RULE)
        return Shown(path.decode(errors="replace"))

    def shim(self, script: bytes | None) -> str | None:
        """The command that a script is, if it is one of the stand-in's own, by its macOS path."""
        if script is None or not self.inside(script):
            return None
        shown = self.path(script)
        return shown if shown in SHIM_PATHS else None

    def text(self, text: bytes) -> str:
        """An argument or a variable: the root is removed wherever it starts a path in it."""
        if text in self._table:
            return self._table[text]
        for root in self._roots:
            if root in text:
                text = self._anywhere.sub(_or_slash, text)
        return text.decode(errors="replace")


def _or_slash(match: re.Match[bytes]) -> bytes:
    follows_slash = match.string[match.end() : match.end() + 1] == b"/"
    return b"" if follows_slash else b"/"


def system_programs(search: str = "/bin:/usr/bin:/usr/local/bin") -> dict[bytes, str]:
    """Real file -> macOS name, for the shells and the commands that macOS keeps in /bin.

    A file that serves several commands (a multi-call coreutils) keeps its own name: which command
    it was shows only in the arguments.
    """
    found: dict[bytes, list[str]] = {}
    for name in (*SHELLS, *IN_BIN):
        program = shutil.which(name, path=search)
        if program is not None:
            real = os.fsencode(os.path.realpath(program))
            found.setdefault(real, []).append(name)
    table = {}
    for real, names in found.items():
        shell = next((name for name in names if name in SHELLS), None)
        if shell is not None:
            table[real] = "/bin/sh" if "sh" in names and shell == "dash" else f"/bin/{shell}"
        elif len(names) == 1:
            table[real] = f"/bin/{names[0]}"
    return table


class HostPaths(Translator):
    """Namespace mode: a host has its own `/`, so its paths are shown as the kernel gives them."""

    rule = "paths: the host's own root"
    _ELSEWHERE = (b"/dev/", b"/proc/", b"/memfd:", b"/SYSV", b"/[")
    """Devices and what is no file of a file system, as Endpoint Security tells nothing of them."""

    def __init__(self) -> None:
        super().__init__(Path("/"), {})

    def inside(self, path: bytes) -> bool:
        return path.startswith(b"/") and not path.startswith(self._ELSEWHERE)

    def program(self, path: bytes) -> Shown:
        if _PYTHON.fullmatch(path):
            return Shown("/usr/bin/python3", PYTHON_RULE)
        return Shown(path.decode(errors="replace"))
