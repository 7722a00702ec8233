"""A lake on disk: segments that are there whole or not at all, and what each was made of.

``lake.json`` names the parameters; ``segments/<number>/`` holds ``ev.parquet``, ``xp.parquet``, the
state that the next segment goes on from, and ``segment.json``. A segment is written under a name
that begins with a dot, which every engine passes over, and renamed once it is complete.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from witnessmark.errors import UsageError
from witnessmark.lake.columns import TABLES
from witnessmark.lake.manifest import FORMAT, Head, Manifest, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from witnessmark.lake.columns import Row
    from witnessmark.lake.manifest import Taken

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment that is there."""

    path: Path
    manifest: Manifest

    def state(self, host: str) -> bytes:
        """The state that a host's keys were left in.

        Raises:
            UsageError: its bytes are not those that were written.
        """
        place, file = self.manifest.hosts[host], self.path / "states"
        try:
            with file.open("rb") as states:
                states.seek(place.offset)
                text = states.read(place.bytes)
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from error
        if hashlib.sha256(text).hexdigest() != place.sha256:
            raise UsageError(f"{file} was altered: write the lake anew")
        return text


class Lake:
    """A folder of segments."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def head(self) -> Head:
        """What the lake says of itself.

        Raises:
            UsageError: it is none.
        """
        if not self.path.is_dir():
            what = "is no folder" if self.path.exists() else "does not exist"
            raise UsageError(f"{self.path} {what}: make a lake with witnessmark lake write")
        if not (self.path / "lake.json").is_file():
            raise UsageError(f"{self.path} is no lake: it has no lake.json")
        head, file = _decoded(self.path / "lake.json", Head), self.path / "lake.json"
        if head.format != FORMAT:
            raise UsageError(f"{file}: written by another version of witnessmark")
        _complete(file, "compared", head.compared, TABLES["pa"])
        return head

    def begin(self, head: Head) -> None:
        """Make the lake, or see that what is there was made with the same parameters.

        Raises:
            UsageError: the folder holds something else, or other parameters.
        """
        if (self.path / "lake.json").is_file():
            if self.head() == head:
                return
            if self.segments():
                raise UsageError(
                    f"{self.path} was written with other parameters: they are part of its keys; "
                    "write another lake"
                )
            self._name(head)  # the first write came to nothing
            return
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise UsageError(f"{self.path} is there and no lake: name a new folder")
        try:
            (self.path / "segments").mkdir(parents=True)
        except OSError as error:
            raise UsageError(f"{self.path}: {error.strerror}") from error
        self._name(head)

    def _name(self, head: Head) -> None:
        _write(self.path / ".lake.json", msgspec.json.format(msgspec.json.encode(head)) + b"\n")
        (self.path / ".lake.json").rename(self.path / "lake.json")

    def segments(self) -> list[Segment]:
        """Every complete segment, oldest first.

        Raises:
            UsageError: a manifest cannot be read, or is of another version.
        """
        found = []
        for path in sorted((self.path / "segments").glob("[0-9]*")):
            manifest = _decoded(path / "segment.json", Manifest)
            if manifest.format != FORMAT:
                raise UsageError(f"{path}: written by another version of witnessmark")
            for what in ("rows", "files"):
                _complete(path / "segment.json", what, getattr(manifest, what), ("ev", "xp"))
            found.append(Segment(path=path, manifest=manifest))
        return found

    def tables(self, head: Head) -> dict[str, list[Path]]:
        """The Parquet files of each table.

        Raises:
            UsageError: there is no segment, or one was made with other parameters.
        """
        segments = self.segments()
        if not segments:
            raise UsageError(f"{self.path} holds no segment yet: witnessmark lake write")
        for segment in segments:
            if segment.manifest.parameters != head.parameters:
                raise UsageError(f"{segment.path} was written with other parameters")
        return {
            name: [segment.path / f"{name}.parquet" for segment in segments]
            for name in ("ev", "xp")
        }


def unaltered(segments: Iterable[Segment]) -> None:
    """See that the tables are those that were written: rows that went missing would be silence.

    Raises:
        UsageError: the bytes of one are others.
    """
    for segment in segments:
        for name, digest in segment.manifest.files.items():
            path = segment.path / f"{name}.parquet"
            if name in ("ev", "xp") and _digest(path) != digest:
                raise UsageError(f"{path} was altered: write the lake anew")


class NewSegment:
    """A segment while it is being written; ``commit`` makes it appear."""

    def __init__(self, lake: Lake) -> None:
        from witnessmark.lake.parquet import Table

        self._home = lake.path / "segments"
        self.number = max((item.manifest.number for item in lake.segments()), default=0) + 1
        self.path = self._home / f".{self.number:08d}.{secrets.token_hex(8)}"
        self.path.mkdir()
        self.tables = {name: Table(self.path, name) for name in ("ev", "xp")}
        self._states = (self.path / "states").open("wb")
        self.hosts: dict[str, Place] = {}

    def put(self, table: str, row: Row) -> None:
        """Add a row."""
        self.tables[table].add(row)

    def keep(self, host: str, state: bytes) -> None:
        """Add the state that a host's keys are left in."""
        digest = hashlib.sha256(state).hexdigest()
        self.hosts[host] = Place(offset=self._states.tell(), bytes=len(state), sha256=digest)
        self._states.write(state)

    def commit(self, head: Head, inputs: tuple[Taken, ...]) -> Segment:
        """Complete the segment and let it appear, all at once."""
        rows = {name: table.close() for name, table in self.tables.items()}
        self._states.close()
        manifest = Manifest(
            format=FORMAT,
            number=self.number,
            parameters=head.parameters,
            inputs=inputs,
            hosts=self.hosts,
            rows=rows,
            files={name: _digest(self.path / f"{name}.parquet") for name in self.tables},
        )
        _write(self.path / "segment.json", msgspec.json.encode(manifest) + b"\n")
        final = self._home / f"{self.number:08d}"
        try:
            self.path.rename(final)
        except OSError as error:
            self.drop()
            raise UsageError(f"{final}: another run wrote this segment meanwhile") from error
        return Segment(path=final, manifest=manifest)

    def drop(self) -> None:
        """Leave nothing behind."""
        for table in self.tables.values():
            table.close()
        self._states.close()
        shutil.rmtree(self.path, ignore_errors=True)


def _decoded(path: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(_read(path), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def _complete(path: Path, what: str, found: Mapping[str, object], wanted: Iterable[str]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise UsageError(f"{path}: {what} lacks {', '.join(missing)}: write the lake anew")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
