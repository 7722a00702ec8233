"""BagIt manifests (RFC 8493): a SHA-256 covers every payload byte, and the manifests too."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from witnessmark.errors import BagError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAGS = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")


def seal(bag: Path, info: dict[str, str]) -> str:
    """Write the tag files over ``bag/data`` and return the digest that names this bag.

    The digest is the SHA-256 of tagmanifest-sha256.txt, which covers everything else.
    """
    files = [item for item in sorted((bag / "data").rglob("*")) if item.is_file()]
    octets = sum(item.stat().st_size for item in files)
    lines = {**info, "Payload-Oxum": f"{octets}.{len(files)}"}
    _write(bag / "bagit.txt", DECLARATION)
    _write(bag / "bag-info.txt", "".join(f"{key}: {value}\n" for key, value in lines.items()))
    _write(bag / "manifest-sha256.txt", _lines(bag, files))
    tags = _lines(bag, [bag / name for name in TAGS])
    _write(bag / "tagmanifest-sha256.txt", tags)
    return hashlib.sha256(tags.encode()).hexdigest()


def verify(bag: Path) -> str:
    """Check every byte of the bag against its manifests; return the digest that names it.

    Raises:
        BagError: naming the first file that is missing, added or altered.
    """
    for name in (*TAGS, "tagmanifest-sha256.txt"):
        if not (bag / name).is_file():
            raise BagError(f"{bag}: {name} is missing, so this is not a whole evidence bag")
    _check(bag, bag / "tagmanifest-sha256.txt")
    listed = _check(bag, bag / "manifest-sha256.txt")
    for item in sorted((bag / "data").rglob("*")):
        name = item.relative_to(bag).as_posix()
        if item.is_symlink() or (item.is_file() and name not in listed):
            raise BagError(f"{bag}: {name} is not in the manifest; it was added after sealing")
    return _digest(bag / "tagmanifest-sha256.txt")


def _check(bag: Path, manifest: Path) -> set[str]:
    names = set()
    for number, line in enumerate(manifest.read_text("utf-8").splitlines(), 1):
        expected, _, quoted = line.partition("  ")
        name = quoted.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        item = bag / name
        if not name or item.is_symlink() or not item.resolve().is_relative_to(bag.resolve()):
            raise BagError(f"{manifest}:{number}: {name!r} does not lie inside the bag")
        if not item.is_file():
            raise BagError(f"{bag}: {name} is missing")
        if _digest(item) != expected:
            raise BagError(f"{bag}: {name} was altered after sealing (its SHA-256 differs)")
        names.add(name)
    return names


def _lines(bag: Path, files: Iterable[Path]) -> str:
    return "".join(f"{_digest(item)}  {_quoted(item, bag)}\n" for item in files)


def _quoted(item: Path, bag: Path) -> str:
    name = item.relative_to(bag).as_posix()
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _digest(item: Path) -> str:
    with item.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
