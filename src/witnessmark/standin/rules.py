"""The rules of an organisation that a stand-in plays: a few lines, and weaker still if asked.

They stand for somebody else's detection, so nothing of this suite's analytic is used here, and
they know far less: no pidversion, no inode, no workflow. What each clause is called is how
docs/analytic.md calls the rule that it is a poor copy of, so that a test can take one away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from posixpath import basename, normpath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RULES: Mapping[str, str] = {"A": "standin-browser-child", "B": "standin-drop-exec"}
"""The rule ids that an inventory declares for a stand-in."""
CLAUSES = ("A", "A6", "B", "B2", "B3", "B5")
"""What may be taken away: a whole rule, descendants, moves, operands, the window."""
FOLDERS = ("/Users/*/Downloads/*", "/Users/*/Library/Caches/*")
BROWSERS = ("*/Safari", "*/Google Chrome*", "*/firefox", "*/Chromium", "*/Lab Browser")
INTERPRETERS = frozenset(
    ("sh", "bash", "zsh", "dash", "ksh", "python3", "osascript", "perl", "ruby", "php", "node")
)
MOST_KNOWN = 50_000
_WANTED = (b'"exec"', b'"close"', b'"rename"', b'"link"', b'"clone"', b'"copyfile"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An execution that a rule matched."""

    rule: str
    pid: int
    path: str
    script: str | None
    time: str


@dataclass(slots=True, kw_only=True)
class Rules:
    """Two rules over the lines of one event store, in their order."""

    window_s: float = 600.0
    lacks: frozenset[str] = frozenset()
    _drops: dict[str, float] = field(default_factory=dict)
    _images: dict[int, str] = field(default_factory=dict)
    _spawned: set[int] = field(default_factory=set)

    def take(self, line: bytes) -> Iterator[Hit]:
        """What one line makes the rules match; nothing for what they do not understand."""
        if not any(name in line for name in _WANTED):
            return
        try:
            record = json.loads(line)
            (name,) = record["event"]
            body, when = record["event"][name], _seconds(record["time"])
            if name == "exec":
                yield from self._exec(body, record["time"], when)
            else:
                self._wrote(name, body, when)
        except (ValueError, KeyError, TypeError, RecursionError):
            return

    def _wrote(self, name: str, body: Mapping[str, Any], when: float) -> None:
        if name != "close" and "B2" in self.lacks:
            return
        if name == "close" and not body.get("modified"):
            return
        path = body["target"]["path"] if name == "close" else _moved_to(body)
        if path and any(fnmatchcase(path, folder) for folder in FOLDERS):
            self._drops[path] = when
            if len(self._drops) > MOST_KNOWN:
                self._drops.pop(next(iter(self._drops)))

    def _exec(self, body: Mapping[str, Any], time: str, when: float) -> Iterator[Hit]:
        target = body["target"]
        path, pid = target["executable"]["path"], target["audit_token"]["pid"]
        parent = target["parent_audit_token"]["pid"]
        script = body["script"]["path"] if body.get("script") else None
        args = body.get("args") or []
        operand = self._operand(path, args, body)
        spawned = "A" not in self.lacks and self._below_browser(pid, parent)
        if spawned and (script or basename(path) in INTERPRETERS):
            yield Hit(rule=RULES["A"], pid=pid, path=path, script=script, time=time)
        if "B" not in self.lacks and any(
            self._fresh(name, when) for name in (path, script, operand) if name
        ):
            yield Hit(rule=RULES["B"], pid=pid, path=path, script=script or operand, time=time)
        self._images[pid] = path
        if len(self._images) > MOST_KNOWN:
            self._images.pop(next(iter(self._images)))

    def _below_browser(self, pid: int, parent: int) -> bool:
        image = self._images.get(parent, "")
        spawned = any(fnmatchcase(image, name) for name in BROWSERS)
        if spawned or ("A6" not in self.lacks and parent in self._spawned):
            self._spawned.add(pid)
            return True
        return False

    def _operand(self, path: str, args: list[str], body: Mapping[str, Any]) -> str | None:
        if "B3" in self.lacks or basename(path) not in INTERPRETERS:
            return None
        word = next((word for word in args[1:] if not word.startswith("-")), None)
        cwd = body.get("cwd") or {}
        return word and normpath(f"{cwd.get('path', '')}/{word}" if word[0] != "/" else word)

    def _fresh(self, path: str, when: float) -> bool:
        dropped = self._drops.get(path)
        return dropped is not None and ("B5" in self.lacks or 0 <= when - dropped <= self.window_s)


def _moved_to(body: Mapping[str, Any]) -> str | None:
    for part in (body.get("destination"), body):
        if not isinstance(part, dict):
            continue
        inner = part.get("new_path") or part
        if isinstance(inner, dict) and isinstance(inner.get("dir"), dict):
            return f"{inner['dir']['path']}/{inner['filename']}"
        if isinstance(part.get("existing_file"), dict):
            return str(part["existing_file"]["path"])
        if isinstance(part.get("target_dir"), dict):
            name = part.get("target_filename") or part.get("target_name")
            return f"{part['target_dir']['path']}/{name}"
    return None


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00").timestamp()
