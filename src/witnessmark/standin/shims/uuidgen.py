"""uuidgen(1) of a stand-in host: a random UUID from this machine's kernel, in upper case."""

# ruff: noqa: PTH123
from __future__ import annotations

import sys


def main(arguments: list[str], _root: str) -> int:
    if arguments not in ([], ["-hdr"]):
        print("usage: uuidgen", file=sys.stderr)
        return 1
    with open("/proc/sys/kernel/random/uuid", encoding="ascii") as file:
        print(file.read().strip().upper())
    return 0
