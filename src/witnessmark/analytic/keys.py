"""File keys (K2, K3): one spelling for a path, whatever firmlink, link, case or form it came in.

A glob's ``*`` stays inside one folder, ``**`` crosses folders, ``[...]`` is a choice, and a leading
``~`` is the home of every local user.
"""

from __future__ import annotations

import re
from functools import lru_cache
from posixpath import normpath
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

DATA_VOLUME = "/System/Volumes/Data"
LONGEST = 4_096
"""Longer paths than any kernel takes are cut: no pattern is tried on megabytes of text."""
PRIVATE = ("/private/tmp", "/private/var", "/private/etc")
_CROOKED = re.compile(r"/\.{0,2}(?:/|\Z)")
"""A path that ``normpath`` would straighten."""
_HOMES = r"(?:/Users/(?!Shared(?:/|\Z))[^/]+|/var/root)"


class Paths:
    """Makes canonical keys for one host: its homes, its linked directories, its case rule."""

    def __init__(
        self,
        *,
        home_dirs: Iterable[str] = (),
        symlinks: Iterable[tuple[str, str]] = (),
        case_sensitive: bool = False,
    ) -> None:
        self._fold = not case_sensitive
        self._links: list[tuple[str, str]] = []
        self._cached = lru_cache(maxsize=16_384)(self._key)
        for link, target in symlinks:
            pair = (self._plain(link), self._plain(target))
            if pair[0] != pair[1] and "/" not in pair:
                self._links.append(pair)
        homes = "|".join(re.escape(self._key(home)) for home in home_dirs)
        inferred = _HOMES.replace("U", "u").replace("S", "s") if self._fold else _HOMES
        self._home = f"(?:{homes})" if homes else inferred

    def key(self, path: str) -> str:
        """The canonical key of an absolute path."""
        return self._cached(path[:LONGEST])

    def resolve(self, path: str, cwd: str | None) -> str | None:
        """An absolute path of an operand; None where it is relative and ``cwd`` is unknown."""
        if path.startswith("/"):
            return path
        return None if cwd is None else f"{cwd}/{path}"

    def inside(self, patterns: Iterable[str]) -> re.Pattern[str]:
        """Matches keys below any of these directories, or below what such a directory links to."""
        globs = [self._glob(item) for item in patterns]
        globs += [
            re.escape(target)
            for link, target in self._links
            if any(re.fullmatch(item, link, re.DOTALL) for item in tuple(globs))
        ]
        return _any(f"{item}/." for item in globs)

    def exactly(self, patterns: Iterable[str]) -> re.Pattern[str]:
        """Matches keys that one of these globs describes as a whole."""
        return _any(rf"{self._glob(item)}\Z" for item in patterns)

    def names(self, patterns: Iterable[str]) -> re.Pattern[str]:
        """Matches one part of a key that one of these globs describes as a whole."""
        return words(item.lower() if self._fold else item for item in patterns)

    def _key(self, path: str) -> str:
        key = self._plain(path)
        for _ in range(8):
            for link, target in self._links:
                if key == link or key.startswith(link + "/"):
                    key = target + key[len(link) :]
                    break
            else:
                break
        return key

    def _plain(self, path: str) -> str:
        key = path
        if _CROOKED.search(path) or not path.startswith("/"):
            key = normpath(path)
            if key.startswith("//"):
                key = key[1:]
        if not key.isascii():
            key = normalize("NFC", key)
        head = key[:24].lower() if self._fold else key
        prefix = DATA_VOLUME.lower() if self._fold else DATA_VOLUME
        if head.startswith(prefix) and key[len(prefix) : len(prefix) + 1] in ("", "/"):
            key = key[len(prefix) :] or "/"
            head = key[:24].lower() if self._fold else key
        if head.startswith(PRIVATE) and head[12:13] in ("", "/"):
            key = key[len("/private") :]
        if not self._fold:
            return key
        return key.lower() if key.isascii() else normalize("NFC", key.casefold())

    def _glob(self, pattern: str) -> str:
        """A regular expression of a glob, in canonical spelling."""
        if pattern == "~" or pattern.startswith("~/"):
            return self._home + _regex(self._plain("/" + pattern[2:]) if pattern[2:] else "")
        return _regex(self._key(pattern))


def _regex(glob: str) -> str:
    parts = re.split(r"(/\*\*/|\*\*|\*|\?|\[[^]/]*\])", glob)
    return "".join(_part(part) for part in parts if part)


def _part(part: str) -> str:
    fixed = {"/**/": "/(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if part in fixed:
        return fixed[part]
    if part.startswith("[") and part.endswith("]"):
        return f"[{re.escape(part[1:-1])}]"
    return re.escape(part)


def words(patterns: Iterable[str]) -> re.Pattern[str]:
    """Matches words, such as signing ids, that one of these globs describes as a whole."""
    return _any(rf"{_regex(item)}\Z" for item in patterns)


def _any(expressions: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(expressions) or "(?!)", re.DOTALL)
