"""Writes a pack into a new folder, and looks later whether one is still what was written."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from witnessmark import plainfile
from witnessmark.errors import PackError
from witnessmark.model.hosts import SOURCE_KINDS, Origin
from witnessmark.qualify.finds import in_line, in_text
from witnessmark.qualify.manifest import FORMAT, MANIFEST, SHAPES
from witnessmark.qualify.own import is_a_stand_ins
from witnessmark.qualify.scrub import Scrubber
from witnessmark.qualify.tokens import is_made
from witnessmark.telemetry.decoder import decode
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from witnessmark.qualify.pack import Pack
    from witnessmark.qualify.private import Private

MOST: Final = 64 << 20
"""Bytes that one file of a pack may have."""


def write(pack: Pack, folder: Path) -> None:
    """Write a pack where nothing is yet. Raises PackError."""
    try:
        folder.mkdir(parents=True)
        for name, data in pack.files.items():
            plainfile.place(folder / name, data)
    except OSError as problem:
        reason = "it exists already" if folder.exists() else problem.strerror
        raise PackError(f"{folder}: the pack cannot be written ({reason})") from problem


def check(folder: Path) -> list[str]:
    """All that is wrong with a pack, a sentence each; nothing if it can be handed on.

    Its sums, its origin, that every record can be read, that no variable of an environment has its
    value, and that nothing has the form of an address, an e-mail or an id that is not made up here.
    Who it is of is not known any more.
    Raises PackError where it is no pack at all.
    """
    manifest = _manifest(folder)
    return [f"{folder}: {problem}" for problem in _problems(folder, manifest)]


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(_read(folder / MANIFEST))
    except (OSError, ValueError) as problem:
        raise PackError(f"{folder / MANIFEST}: no pack of witnessmark ({problem})") from problem
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise PackError(f"{folder / MANIFEST}: not a pack of format {FORMAT}")
    return found


def _read(path: Path) -> bytes:
    data = plainfile.read(path, MOST + 1)
    if len(data) > MOST:
        raise ValueError(f"more than {MOST >> 20} MiB")
    return data


def _problems(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    sums, origin = manifest.get("sha256"), manifest.get("origin")
    if not isinstance(sums, dict) or SHAPES not in sums or origin not in [*Origin]:
        yield f"{MANIFEST} lacks its sums or its origin"
        return
    system = manifest.get("system")
    if origin == Origin.MAC and (not isinstance(system, dict) or system.get("os") != "Darwin"):
        yield f"{MANIFEST} is of another system than Darwin, and calls it a Mac"
    there = {item.name for item in folder.iterdir()}
    for name in sorted(there ^ {*sums, MANIFEST}):
        yield f"{name} is {'not named in' if name in there else 'missing, and is in'} {MANIFEST}"
    for name in sorted({*sums} & there):
        try:
            data = _read(folder / name)
        except (OSError, ValueError) as problem:
            yield f"{name} cannot be read ({problem})"
            continue
        if hashlib.sha256(data).hexdigest() != sums[name]:
            yield f"{name} was changed after it was made"
        elif name == SHAPES:
            yield from _told(name, in_text(data.decode("utf-8", "replace")))
        else:
            yield from _records(name, data, str(origin))
    yield from _private(MANIFEST, _read(folder / MANIFEST))


def _records(name: str, data: bytes, origin: str) -> Iterator[str]:
    kind, _, rest = name.partition(".")
    kind = next((item for item in SOURCE_KINDS if kind == item or kind[:-2] == item), "")
    if not kind or rest.removesuffix(".unknown") != origin:
        yield f"{name} is not called <kind>.{origin}"
        return
    if origin == Origin.MAC and is_a_stand_ins(data):
        yield f"{name} holds a stand-in's records and calls them a Mac's"
    lines = data.splitlines(keepends=True)
    if not rest.endswith(".unknown"):
        stream = decode(decoder_of(kind), lines, host="host", source=kind)
        for bad in stream.coverage.bad:
            yield f"{name}:{bad.line}: {bad.reason}"
    plain = Scrubber(())  # knows of nobody, so it takes out what no pack may hold of anybody
    for number, line in enumerate(lines, start=1):
        text = line.decode("utf-8", "surrogateescape")
        if plain.line(text) != text:
            yield f"{name}:{number}: a variable of an environment is not scrubbed"
        yield from _private(f"{name}:{number}", line)


def _private(where: str, data: bytes) -> Iterator[str]:
    return _told(where, in_line(data.decode("utf-8", "surrogateescape")))


def _told(where: str, found: Iterable[Private]) -> Iterator[str]:
    """What has the form of something private and was not made up here."""
    for item in found:
        if not is_made(item):
            yield f"{where}: the {item.what} {item.value!r} is not made up here"
