"""Reads a sealed evidence bag; nothing is read from a bag that does not verify."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from witnessmark.bag import record as run_json
from witnessmark.bag.agreement import first_contradiction
from witnessmark.bag.check import first_problem
from witnessmark.bag.manifest import verify
from witnessmark.errors import BagError

if TYPE_CHECKING:
    from pathlib import Path

    from witnessmark.model.run import RunRecord

FORMAT = 1
RECORD = "data/run.json"
NOTICE = "notice/notice.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """A verified bag: its record, the digest that names it, and its raw bytes on demand.

    Nothing is read but what the manifest names, so that no name in a record leads out of the bag.
    """

    folder: Path
    digest: str
    record: RunRecord
    names: frozenset[str]
    """Every payload file, as the manifest names it."""

    def raw(self, host: str, source: str, suffix: str = "ndjson") -> bytes | None:
        """Bytes of one source of one host as received, or None if the bag has none."""
        name = f"data/raw/{host}/{source}.{suffix}"
        return (self.folder / name).read_bytes() if name in self.names else None

    def file(self, name: str) -> Path:
        """A file of the bag, such as ``analytics/an0994/analytic.yaml``.

        Raises:
            BagError: if the bag has no such file.
        """
        if f"data/{name}" not in self.names:
            raise BagError(f"{self.folder}: data/{name} is not in this bag")
        return self.folder / "data" / name


def open_bag(path: Path) -> Bag:
    """Open a bag, or the bag inside a run folder.

    Raises:
        BagError: if there is none, if any byte differs from what was sealed, or if its record does
            not hold together.
    """
    folder = path / "bag" if (path / "bag").is_dir() else path
    if not (folder / RECORD).is_file():
        raise BagError(f"{path}: no evidence bag here; name a run folder such as reports/latest")
    verified = verify(folder)
    if RECORD not in verified.names:
        raise BagError(f"{folder}: {RECORD} is not in the manifest")
    try:
        record = run_json.read((folder / RECORD).read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BagError(f"{folder}: run.json is not understood at {where}: {first['msg']}") from None
    if record.format != FORMAT:
        raise BagError(
            f"{folder}: run.json has format {record.format}; this version reads {FORMAT}"
        )
    if problem := first_problem(record):
        raise BagError(f"{folder}: run.json {problem}")
    if problem := first_contradiction(folder, verified.names, record.plan):
        raise BagError(f"{folder}: run.json {problem}")
    bag = Bag(folder=folder, digest=verified.digest, record=record, names=verified.names)
    _check_notice(bag)
    return bag


def _check_notice(bag: Bag) -> None:
    """The notice that a run says it was announced by is the one that its bag holds.

    Raises:
        BagError: if it is another one, or missing.
    """
    announced = bag.record.plan.notice
    if announced is None:
        return
    found = hashlib.sha256(bag.file(NOTICE).read_bytes()).hexdigest()
    if found != announced.sha256:
        raise BagError(f"{bag.folder}: data/{NOTICE} is not the notice that run.json names")
