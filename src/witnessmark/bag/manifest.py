"""BagIt manifests (RFC 8493): a SHA-256 covers every payload byte, and the manifests too."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.errors import BagError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAGS = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
PAYLOADS, TAG_FILES = "manifest-sha256.txt", "tagmanifest-sha256.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a whole bag is known by, and the only files of it that may be read."""

    digest: str
    """SHA-256 of tagmanifest-sha256.txt, which covers everything else."""
    names: frozenset[str]
    """Every payload file, as the manifest names it: ``data/run.json``."""


def seal(bag: Path, info: dict[str, str]) -> str:
    """Write the tag files over ``bag/data`` and return the digest that names this bag.

    The digest is the SHA-256 of tagmanifest-sha256.txt, which covers everything else.
    """
    files = [item for item in sorted((bag / "data").rglob("*")) if item.is_file()]
    octets = sum(item.stat().st_size for item in files)
    lines = {**info, "Payload-Oxum": f"{octets}.{len(files)}"}
    _write(bag / "bagit.txt", DECLARATION)
    _write(bag / "bag-info.txt", "".join(f"{key}: {value}\n" for key, value in lines.items()))
    _write(bag / PAYLOADS, _lines(bag, files))
    tags = _lines(bag, [bag / name for name in TAGS])
    _write(bag / TAG_FILES, tags)
    return _digest(bag / TAG_FILES)


def verify(bag: Path) -> Verified:
    """Check every byte of the bag against its manifests; return what names it and its files.

    Raises:
        BagError: naming the first file that is missing, added, altered or no plain file.
    """
    try:
        return _verify(bag)
    except OSError as problem:
        raise BagError(
            f"{problem.filename or bag}: cannot be read ({problem.strerror}), so this bag cannot "
            "be verified"
        ) from problem


def _verify(bag: Path) -> Verified:
    for name in (*TAGS, TAG_FILES):
        if not (bag / name).is_file():
            raise BagError(f"{bag}: {name} is missing, so this is not a whole evidence bag")
    for item in sorted(bag.iterdir()):
        if item.name not in (*TAGS, TAG_FILES, "data") and item.suffix != ".sig":
            raise BagError(f"{bag}: {item.name} does not belong into an evidence bag")
        if item.is_symlink():
            raise BagError(f"{bag}: {item.name} is a symbolic link; it does not lie inside the bag")
    tags = _check(bag, bag / TAG_FILES)
    if tags != set(TAGS):
        raise BagError(f"{bag}: {TAG_FILES} must list {', '.join(TAGS)}, and nothing else")
    listed = _check(bag, bag / PAYLOADS, below="data/")
    for item in sorted((bag / "data").rglob("*")):
        name = item.relative_to(bag).as_posix()
        if item.is_dir() and not item.is_symlink():
            continue
        if name not in listed:
            raise BagError(f"{bag}: {name} is not in the manifest; it was added after sealing")
    return Verified(digest=_digest(bag / TAG_FILES), names=frozenset(listed))


def _check(bag: Path, manifest: Path, below: str = "") -> set[str]:
    """The names that a manifest lists, each a plain file of the bag with just that SHA-256."""
    names: set[str] = set()
    try:
        lines = manifest.read_bytes().decode().split("\n")
    except UnicodeDecodeError:
        raise BagError(f"{manifest} is not UTF-8 text, so this bag cannot be verified") from None
    for number, line in enumerate(lines[:-1] if lines[-1] == "" else lines, 1):
        expected, _, quoted = line.partition("  ")
        name = quoted.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        item = bag / name
        if not _inside(name, below) or item.is_symlink():
            raise BagError(f"{manifest}:{number}: {name!r} does not lie inside the bag")
        if not item.resolve().is_relative_to(bag.resolve()):
            raise BagError(f"{manifest}:{number}: {name!r} does not lie inside the bag")
        if name in names:
            raise BagError(f"{manifest}:{number}: {name!r} is listed twice")
        if not item.is_file():
            raise BagError(f"{bag}: {name} is missing, or is no plain file")
        if _digest(item) != expected:
            raise BagError(f"{bag}: {name} was altered after sealing (its SHA-256 differs)")
        names.add(name)
    return names


def _inside(name: str, below: str) -> bool:
    """Whether a name is a plain relative path without detours, so that it names one file only."""
    parts = name.split("/")
    return name.startswith(below) and "\0" not in name and not {"", ".", ".."} & set(parts)


def _lines(bag: Path, files: Iterable[Path]) -> str:
    return "".join(f"{_digest(item)}  {_quoted(item, bag)}\n" for item in files)


def _quoted(item: Path, bag: Path) -> str:
    name = item.relative_to(bag).as_posix()
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _digest(item: Path) -> str:
    with item.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode(errors="backslashreplace"))
