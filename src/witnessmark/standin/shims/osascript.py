"""osascript(1) of a stand-in host: ``do shell script "..."`` and ``return "..."``, nothing else.

From ``-e`` lines, a file, or standard input. As on a Mac the shell is /bin/sh, a child of this
process; its output's line ends become carriage returns, the last one is dropped, and only the last
statement's result is printed. Every other statement is refused before any is carried out.
"""

# ruff: noqa: PTH123
from __future__ import annotations

import re
import subprocess
import sys

from .host import Stop, complain

_STATEMENT = re.compile(r'(do shell script|return)\s+"((?:[^"\\]|\\.)*)"')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def main(arguments: list[str], _root: str) -> int:
    try:
        statements = [parsed(line) for line in source(arguments) if not blank(line)]
        result = ""
        for verb, text in statements:
            result = text if verb == "return" else shell(text)
            if verb == "return":
                break
    except Stop as stop:
        return complain("osascript", stop)
    if statements:
        print(result)
    return 0


def source(arguments: list[str]) -> list[str]:
    """The script's lines, wherever they are."""
    lines: list[str] = []
    words = list(arguments)
    while words and words[0] == "-e":
        if len(words) == 1:
            raise Stop("option requires an argument -- e")
        lines += words[1].splitlines()
        words = words[2:]
    if lines:
        return lines
    if words and words[0].startswith("-") and words[0] != "-":
        raise Stop(f"the stand-in's osascript has no option {words[0]}; it knows -e")
    try:
        if not words or words[0] == "-":
            return sys.stdin.read().splitlines()
        with open(words[0], encoding="utf-8") as file:
            return file.read().splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise Stop(f"{words[0] if words else '-'}: {problem}") from problem


def blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith(("--", "#"))


def parsed(line: str) -> tuple[str, str]:
    """A statement as (verb, text)."""
    found = _STATEMENT.fullmatch(line.strip())
    if found is None:
        raise Stop(
            'the stand-in\'s osascript knows only do shell script "..." and return "...", '
            f"not: {line.strip()}"
        )
    text = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), found[2], flags=re.DOTALL)
    return found[1], text


def shell(command: str) -> str:
    """Runs a command; its output as AppleScript gives it. Stop: it failed."""
    done = subprocess.run(
        ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="surrogateescape").strip()
        raise Stop(f"execution error: {said} ({done.returncode})")
    out = done.stdout.decode(errors="surrogateescape")
    return out.removesuffix("\n").replace("\n", "\r")
