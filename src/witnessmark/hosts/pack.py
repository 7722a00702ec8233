"""A pack of scenario files as one POSIX shell script that carries its own data.

Shar-like, with one difference: the shell never sees the data (it exits before it), so nothing in a
file can end a here-document or be expanded. Every file is proven on the host by POSIX ``cksum``.
"""

from __future__ import annotations

import re
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from witnessmark.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"(?!-)[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*\Z")
_LONGEST = 200
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def script(template: bytes, run_id: str, pack: Mapping[str, bytes]) -> bytes:
    """The template (``pack.sh``) with this run's names before it and the pack's files behind it.

    Raises ContentError naming every file that cannot be carried unchanged.
    """
    _check(pack)
    names = sorted(pack)
    dirs = sorted({str(PurePosixPath(name).parent) for name in names})
    sums = "\n".join(f"{cksum(pack[name])} {len(pack[name])} ./{name}" for name in names)
    head = f"run={run_id}\ncount={len(names)}\ndirs='{' '.join(dirs)}'\nsums='{sums}'\n"
    body = b"".join(b"@./" + name.encode() + b"\n" + _quoted(pack[name]) for name in names)
    return b"#!/bin/sh\n" + head.encode() + template + body


def cksum(data: bytes) -> int:
    """The checksum that ``cksum`` prints (POSIX: CRC-32, most significant bit first, length last).

    zlib computes the mirror image of that CRC, so both ends are mirrored bit by bit.
    """
    length = len(data).to_bytes((len(data).bit_length() + 7) // 8, "little")
    mirrored = zlib.crc32((data + length).translate(_MIRRORED), 0xFFFFFFFF)
    return int(f"{mirrored:032b}"[::-1], 2)


def _quoted(data: bytes) -> bytes:
    return b"".join(b"X" + line + b"\n" for line in data.split(b"\n")[:-1])


def _check(pack: Mapping[str, bytes]) -> None:
    problems = [
        f"{name}: {problem}" for name, data in pack.items() if (problem := _wrong(name, data))
    ]
    folded: dict[str, str] = {}
    for name in sorted(pack):
        twin = folded.setdefault(name.casefold(), name)
        if twin != name:
            problems.append(
                f"{name}: differs from {twin} by case only, and macOS takes both as one"
            )
        for parent in map(str, PurePosixPath(name).parents):
            if parent in pack:
                problems.append(f"{name}: {parent} is a file of the pack, so it cannot be a folder")
    if not pack:
        problems.append("the pack is empty: there is no scenario to lay on a host")
    if problems:
        raise ContentError(problems)


def _wrong(name: str, data: bytes) -> str | None:
    if not _NAME.match(name) or {".", ".."} & set(name.split("/")) or len(name) > _LONGEST:
        return f"a pack's file is a relative path of [A-Za-z0-9._-], at most {_LONGEST} characters"
    if b"\0" in data:
        return "holds a NUL byte, and a pack carries text only"
    if data and not data.endswith(b"\n"):
        return "does not end in a newline; add one, since a text file without it is not portable"
    return None
