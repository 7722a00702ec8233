"""defaults(1) of a stand-in host: ``read`` and ``write`` on the user's own preference files.

A domain is ``~/Library/Preferences/DOMAIN.plist``, or a path. Nothing is there until something
wrote it: a key that is not there is answered as a Mac answers.
"""

# ruff: noqa: PTH103, PTH120, PTH123
from __future__ import annotations

import os
import plistlib

from .host import Stop, complain

_TYPES = ("-string", "-int", "-bool", "-float")


def main(arguments: list[str], root: str) -> int:
    try:
        match arguments:
            case ["read", domain]:
                print(shown(load(domain, root, None)))
            case ["read", domain, key]:
                print(shown(value_of(domain, key, root)))
            case ["write", domain, key, *value]:
                write(domain, key, parsed(value), root)
            case _:
                raise Stop("the stand-in's defaults knows read DOMAIN [KEY], write DOMAIN KEY ...")
    except Stop as stop:
        return complain("defaults", stop)
    return 0


def file_of(domain: str, root: str) -> str:
    if domain.startswith("/"):
        return domain if domain.endswith(".plist") else f"{domain}.plist"
    name = ".GlobalPreferences" if domain in ("-g", "NSGlobalDomain") else domain
    if "/" in name:
        raise Stop(f"{domain} is no domain")
    return f"{root}/Users/purple/Library/Preferences/{name}.plist"


def load(domain: str, root: str, key: str | None) -> dict[str, object]:
    missing = (
        f"Domain {domain} does not exist"
        if key is None
        else f"The domain/default pair of ({domain}, {key}) does not exist"
    )
    try:
        with open(file_of(domain, root), "rb") as file:
            found = plistlib.load(file)
    except FileNotFoundError as problem:
        raise Stop(missing) from problem
    except Exception as problem:  # plistlib raises whatever its parsers do
        raise Stop(f"{domain}: {problem}") from problem
    if not isinstance(found, dict) or (key is not None and key not in found):
        raise Stop(missing)
    return found


def value_of(domain: str, key: str, root: str) -> object:
    return load(domain, root, key)[key]


def parsed(words: list[str]) -> object:
    """A value as the command line gives it: a bare word is a string."""
    if len(words) == 1:
        words = ["-string", *words]
    if len(words) != 2 or words[0] not in _TYPES:
        raise Stop(f"give one value, with one of {', '.join(_TYPES)} before it or none")
    kind, text = words
    try:
        if kind == "-bool":
            return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
        return {"-int": int, "-float": float, "-string": str}[kind](text)
    except (KeyError, ValueError) as problem:
        raise Stop(f"{text} is no value for {kind}") from problem


def write(domain: str, key: str, value: object, root: str) -> None:
    try:
        known = load(domain, root, None)
    except Stop:
        known = {}
    path = file_of(domain, root)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.new", "wb") as file:
        plistlib.dump({**known, key: value}, file, fmt=plistlib.FMT_BINARY)
    os.replace(f"{path}.new", path)  # noqa: PTH105


def shown(value: object, indent: str = "") -> str:
    """The old property-list style that defaults prints; a boolean is 1 or 0."""
    if isinstance(value, bool):
        return str(int(value))
    deeper = indent + "    "
    if isinstance(value, dict):
        rows = [f"{deeper}{quoted(k)} = {shown(v, deeper)};\n" for k, v in sorted(value.items())]
        return "{\n" + "".join(rows) + indent + "}"
    if isinstance(value, list):
        rows = [f"{deeper}{shown(item, deeper)}" for item in value]
        return "(\n" + ",\n".join(rows) + f"\n{indent})"
    return quoted(str(value)) if indent else str(value)


def quoted(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
