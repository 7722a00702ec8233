"""plutil(1) of a stand-in host: ``-convert json|xml1|binary1`` and ``-lint``.

XML and binary property lists are read; JSON is written as plutil does, without spaces. As there,
a list that holds data or dates cannot become JSON.
"""

# ruff: noqa: PTH123
from __future__ import annotations

import json
import plistlib
import sys
from typing import Any

from .host import Stop, complain

_FORMS = {"xml1": plistlib.FMT_XML, "binary1": plistlib.FMT_BINARY}


def main(arguments: list[str], _root: str) -> int:
    try:
        form, out, files = parse(arguments)
        for file in files:
            value = load(file)
            if form is None:
                print(f"{file}: OK")
            else:
                write(out or file, encode(file, value, form))
    except Stop as stop:
        return complain("plutil", stop)
    return 0


def parse(arguments: list[str]) -> tuple[str | None, str | None, list[str]]:
    """The form to convert to (None: only check), where to, and the files."""
    form: str | None = None
    out: str | None = None
    files: list[str] = []
    words = iter(arguments)
    lint = not arguments or not arguments[0].startswith("-")
    for word in words:
        if word == "-convert":
            form = next(words, "")
        elif word == "-o":
            out = next(words, "")
        elif word == "-lint":
            lint = True
        elif word == "--":
            files += words
        elif word in ("-r", "-s"):
            continue
        elif word.startswith("-") and word != "-":
            raise Stop(f"the stand-in's plutil has no option {word}; it knows -convert and -lint")
        else:
            files.append(word)
    if not files or (form is None) is not lint or form not in (None, "json", *_FORMS):
        raise Stop("say -convert json|xml1|binary1 [-o path] file ..., or -lint file ...")
    return form, out, files


def load(file: str) -> Any:
    try:
        if file == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as source:
                data = source.read()
    except OSError as problem:
        raise Stop(f"{file}: {problem.strerror}") from problem
    try:
        if data[:1] in (b"{", b"["):
            return json.loads(data)
        return plistlib.loads(data)
    except Exception as problem:  # plistlib raises whatever its parsers do
        raise Stop(f"{file}: Property List error: {problem}") from problem


def encode(file: str, value: Any, form: str) -> bytes:
    try:
        if form == "json":
            text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
            return text.replace("/", "\\/").encode()
        return plistlib.dumps(value, fmt=_FORMS[form], sort_keys=True)
    except (TypeError, ValueError, OverflowError) as problem:
        raise Stop(f"{file}: Invalid object in plist for destination format") from problem


def write(out: str, data: bytes) -> None:
    if out == "-":
        sys.stdout.buffer.write(data)
        return
    try:
        with open(out, "wb") as target:
            target.write(data)
    except OSError as problem:
        raise Stop(f"{out}: {problem.strerror}") from problem
