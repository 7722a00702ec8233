"""Reads a sealed evidence bag; nothing is read from a bag that does not verify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from witnessmark.bag.manifest import verify
from witnessmark.errors import BagError
from witnessmark.model.run import RunRecord

if TYPE_CHECKING:
    from pathlib import Path

RECORD = TypeAdapter(RunRecord)
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """A verified bag: its record, the digest that names it, and its raw bytes on demand."""

    folder: Path
    digest: str
    record: RunRecord

    def raw(self, host: str, source: str, suffix: str = "ndjson") -> bytes | None:
        """Bytes of one source of one host as received, or None if the bag has none."""
        path = self.folder / "data" / "raw" / host / f"{source}.{suffix}"
        return path.read_bytes() if path.is_file() else None

    def file(self, name: str) -> Path:
        """A file of the bag, such as ``analytics/an0994/analytic.yaml``."""
        return self.folder / "data" / name


def open_bag(path: Path) -> Bag:
    """Open a bag, or the bag inside a run folder.

    Raises:
        BagError: if there is none, or if any byte differs from what was sealed.
    """
    folder = path / "bag" if (path / "bag").is_dir() else path
    if not (folder / "data" / "run.json").is_file():
        raise BagError(f"{path}: no evidence bag here; name a run folder such as reports/latest")
    digest = verify(folder)
    try:
        record = RECORD.validate_json((folder / "data" / "run.json").read_bytes())
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BagError(f"{folder}: run.json is not understood at {where}: {first['msg']}") from None
    if record.format != FORMAT:
        raise BagError(
            f"{folder}: run.json has format {record.format}; this version reads {FORMAT}"
        )
    return Bag(folder=folder, digest=digest, record=record)
