"""xattr(1) of a stand-in host, on the file system's own attributes.

A name is kept as ``user.NAME``, the only names that Linux leaves to users. Other namespaces are
not shown. With -x values are hexadecimal; macOS's other output forms are kept.
"""

# ruff: noqa: PTH112, PTH114
from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = """usage: xattr [-l] [-r] [-s] [-v] [-x] file [file ...]
       xattr -p [-l] [-r] [-s] [-v] [-x] attr_name file [file ...]
       xattr -w [-r] [-s] [-x] attr_name attr_value file [file ...]
       xattr -d [-r] [-s] attr_name file [file ...]
       xattr -c [-r] [-s] file [file ...]"""
_ACTIONS = frozenset("pwdc")
_PREFIX = "user."
_OPERANDS = {"p": 1, "w": 2, "d": 1}


def main(arguments: list[str], _root: str) -> int:
    flags: set[str] = set()
    words = list(arguments)
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        flags |= set(word[1:])
    actions = flags & _ACTIONS
    action = next(iter(actions), "")
    operands = words[: _OPERANDS.get(action, 0)]
    files = words[len(operands) :]
    if flags - set("lrsvx") - _ACTIONS or len(actions) > 1 or not files:
        print(USAGE, file=sys.stderr)
        return 64
    every = list(files)
    if "r" in flags:
        every = [found for file in files for found in below(file)]
    failed = [file for file in every if not one(file, action, operands, flags, len(every) > 1)]
    return 1 if failed else 0


def below(path: str) -> Iterator[str]:
    """A file, and all that lies in it if it is a folder."""
    yield path
    if os.path.isdir(path) and not os.path.islink(path):
        for folder, folders, files in os.walk(path):
            yield from (f"{folder}/{name}" for name in (*folders, *files))


def one(file: str, action: str, operands: list[str], flags: set[str], many: bool) -> bool:
    """Carries the command out on one file; says on standard error why it could not."""
    try:
        act(file, action, operands, flags, many)
    except OSError as problem:
        if problem.errno == errno.ENOENT:
            what = f"No such file: {file}"
        elif problem.errno == errno.ENODATA:
            what = f"{file}: No such xattr: {operands[0]}"
        else:
            what = f"[Errno {problem.errno}] {problem.strerror}: '{file}'"
        print(f"xattr: {what}", file=sys.stderr)
        return False
    except ValueError as problem:
        print(f"xattr: {problem}", file=sys.stderr)
        return False
    return True


def act(file: str, action: str, operands: list[str], flags: set[str], many: bool) -> None:
    follow = "s" not in flags
    before = f"{file}: " if many or "v" in flags else ""
    if action == "w":
        name, text = operands
        value = bytes.fromhex(text) if "x" in flags else os.fsencode(text)
        os.setxattr(file, _PREFIX + name, value, follow_symlinks=follow)
    elif action == "d":
        os.removexattr(file, _PREFIX + operands[0], follow_symlinks=follow)
    elif action == "c":
        for name in names(file, follow):
            os.removexattr(file, _PREFIX + name, follow_symlinks=follow)
    else:
        for name in operands or names(file, follow):
            value = b""
            if action == "p" or "l" in flags:
                value = os.getxattr(file, _PREFIX + name, follow_symlinks=follow)
            print(before + shown(name, value, action, flags))


def names(file: str, follow: bool) -> list[str]:
    found = os.listxattr(file, follow_symlinks=follow)
    return [name.removeprefix(_PREFIX) for name in found if name.startswith(_PREFIX)]


def shown(name: str, value: bytes, action: str, flags: set[str]) -> str:
    if action != "p" and "l" not in flags:
        return name
    text = value.hex(" ").upper() if "x" in flags or b"\0" in value else os.fsdecode(value)
    return f"{name}: {text}" if "l" in flags else text
