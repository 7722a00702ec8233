"""Command lines that name what another program is to run or attach (B3 wrappers, B7 images).

From each program's manual. Options in ``value`` take the next word unless something is glued on.
"""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import basename
from shlex import split
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DEEPEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrapper:
    value: str = ""
    """Short options that take a value."""
    long_value: frozenset[str] = frozenset()
    quits: frozenset[str] = frozenset()
    """Options with which it runs nothing, or its words do not tell where (another folder)."""
    words: frozenset[str] = frozenset()
    """Whole words that take a value, where letters do not cluster."""
    assigns: bool = False
    """``NAME=VALUE`` words stand before the command."""
    verb: str | None = None
    """The first word that makes it run something at all."""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


WRAPPERS: dict[str, _Wrapper] = {
    "env": _Wrapper(value="uPS", long_value=_set("unset"), assigns=True,
                    quits=_set("C chdir help version")),
    "nohup": _Wrapper(),
    "sudo": _Wrapper(value="CghprTtUu", assigns=True,
                     long_value=_set("user group prompt close-from host role type "
                                     "other-user command-timeout"),
                     quits=_set("e l v K V D R s i chdir chroot shell login edit list "
                                "validate remove-timestamp version help")),
    "arch": _Wrapper(words=_set("-arch -e -d")),
    "xargs": _Wrapper(value="EIJLnPRSsad"),
    "caffeinate": _Wrapper(value="tw"),
    "time": _Wrapper(value="of"),
    "nice": _Wrapper(value="n"),
    "launchctl": _Wrapper(value="lpoe", verb="submit"),
}  # fmt: skip


def inner(args: Sequence[str]) -> tuple[str, ...] | None:
    """The command line that a wrapper runs, however many wrappers stand before it.

    None if these words are no wrapper's, or if it runs nothing that they name.
    """
    words: list[str] | None = list(args)
    found: tuple[str, ...] | None = None
    for _ in range(DEEPEST):
        if not words or basename(words[0]) not in WRAPPERS:
            break
        words = _unwrapped(basename(words[0]), words[1:])
        found = tuple(words) if words else None
    return found


def _unwrapped(name: str, words: list[str]) -> list[str] | None:
    form = WRAPPERS[name]
    if form.verb is not None and (not words or words.pop(0) != form.verb):
        return None
    while words:
        word = words[0]
        if word == "--":
            return words[1:]
        if word.startswith("-") and word != "-":
            words = words[1:]
            if _quits(form, word):
                return None
            if name == "env" and word.startswith(("-S", "--split-string")):
                return _split_string(word, words)
            if (name == "arch" and word == "-arch") or _takes_next(form, word):
                words = words[1:]
        elif word == "-" or (form.assigns and "=" in word):
            words = words[1:]
        else:
            return words
    return None


def _quits(form: _Wrapper, word: str) -> bool:
    if word.startswith("--"):
        return word[2:].partition("=")[0] in form.quits
    for letter in word[1:]:
        if letter in form.value or letter in form.quits:
            return letter in form.quits
    return False


def _takes_next(form: _Wrapper, word: str) -> bool:
    if form.words:
        return word in form.words
    if word.startswith("--"):
        return "=" not in word and word[2:] in form.long_value
    for place, letter in enumerate(word[1:], start=1):
        if letter in form.value:
            return place == len(word) - 1
    return False


def _split_string(word: str, rest: list[str]) -> list[str] | None:
    """``env -S``: one word that holds a whole command line."""
    text = word.removeprefix("--split-string").removeprefix("-S").removeprefix("=")
    if not text:
        if not rest:
            return None
        text, *rest = rest
    try:
        return _unwrapped("env", [*split(text), *rest])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What ``hdiutil attach`` was asked for."""

    image: str
    mount_point: str | None = None


_ATTACH_VALUE = _set(
    "-mountpoint -mountroot -mountrandom -shadow -section -encryption -owners -kernel -recover "
    "-imagekey -certificate -cacert -drivekey"
)


def attached(args: Sequence[str]) -> Attached | None:
    """The image of an ``hdiutil attach`` (or ``mount``), and where it is to appear."""
    words = list(args[1:])
    if not words or words.pop(0) not in ("attach", "mount"):
        return None
    point = None
    while words:
        word = words.pop(0)
        if word in _ATTACH_VALUE:
            value = words.pop(0) if words else None
            point = value if word == "-mountpoint" else point
        elif not word.startswith("-"):
            return _rest(word, words, point)
    return None


def _rest(image: str, words: list[str], point: str | None) -> Attached:
    """Options may stand behind the image too."""
    for place, word in enumerate(words[:-1]):
        point = words[place + 1] if word == "-mountpoint" else point
    return Attached(image=image, mount_point=point)
