"""codesign(1) of a stand-in host: only ``-d``, and only what the manifest says of a path.

``{"signatures": {"/path": {"Identifier": "org.x", "TeamIdentifier": "ABCDE12345"}}}``; null as a
path's value says that it is not signed. Linux executables carry no such signature: of any other
path it is not known, which is not the same as unsigned.
"""

# ruff: noqa: PTH100, PTH110
from __future__ import annotations

import os
import sys

from .host import Stop, complain, manifest, unknown


def main(arguments: list[str], root: str) -> int:
    flags = [word for word in arguments if word.startswith("-")]
    paths = [word for word in arguments if not word.startswith("-")]
    shows = any(flag == "--display" or (flag[1:2] != "-" and "d" in flag) for flag in flags)
    try:
        if not shows or not paths:
            raise Stop("a stand-in signs and verifies nothing: it knows only codesign -dv PATH", 2)
        return max(display(path, root) for path in paths)
    except Stop as stop:
        return complain("codesign", stop)


def display(path: str, root: str) -> int:
    if not os.path.exists(path):
        raise Stop(f"{path}: No such file or directory")
    known = manifest(root).get("signatures")
    host_path = os.path.abspath(path).removeprefix(root)
    if not isinstance(known, dict) or host_path not in known:
        unknown(f"how {path} is signed", f"signatures.{host_path}")
    fields = known[host_path]
    if not isinstance(fields, dict):
        print(f"{path}: code object is not signed at all", file=sys.stderr)
        return 1
    for key, value in {"Executable": host_path, **fields}.items():
        print(f"{key}={value}", file=sys.stderr)  # where codesign prints it too
    return 0
