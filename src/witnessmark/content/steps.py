"""Every step that a script takes is one of the library's: a misspelt one would do nothing at all.

A shell that cannot find a command goes on with the next one, so that a case could end well without
having done what it says. Names that begin with ``wm_`` are the library's own, so they can be held
against it before anything is played.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from witnessmark.content import root
from witnessmark.content.near import meant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
_DEFINED = re.compile(r"(?m)^\s*(\w+)\s*\(\)")
_WORDS = r"\b(?:then|do|else|elif|if|while|until)(?=\s)"
_BEFORE = rf"^|[;&|!`]|(?<!\()\((?!\()|\{{(?=\s)|\)(?=\s)|{_WORDS}"
"""What stands before a command's name (POSIX.1-2017, shell grammar); never before an argument."""
_CALLED = re.compile(rf"(?m)(?:{_BEFORE})[^\S\n]*(?P<name>wm_\w+)(?![\w=])(?![^\S\n]*\(\))")
_CONTINUED = "\v"
"""Stands for a line's end that a backslash takes away."""


def unknown(script: Path) -> Iterator[str]:
    """Steps that a script takes and nobody defines, each as ``file:line: what``."""
    library = _library(script)
    text = script.read_text("utf-8", errors="replace")
    files = [file.read_text("utf-8", errors="replace") for file in sorted(library.glob("*.sh"))]
    known = {name for each in (*files, text) for name in _DEFINED.findall(each)}
    text = _COMMENT.sub("", text).replace("\\\n", f" {_CONTINUED}")
    for found in _CALLED.finditer(text):
        name = found["name"]
        if name not in known:
            before = text[: found.start("name")]
            line = 1 + before.count("\n") + before.count(_CONTINUED)
            yield f"{script}:{line}: no step {name}{meant(name, known)}"


def _library(script: Path) -> Path:
    """The library that the script will source: its own catalogue's, else the one that ships."""
    own = script.parent if script.parent.name == "lib" else script.parents[2] / "lib"
    return own if (own / "witness.sh").is_file() else root() / "scenarios/lib"
