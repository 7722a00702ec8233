"""Writes an evidence bag: raw bytes while the run goes on, the record and manifests at its end."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from witnessmark.bag import record as run_json
from witnessmark.bag.manifest import seal
from witnessmark.errors import BagError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from witnessmark.model.run import RunRecord


class BagWriter:
    """A bag under construction. The folder must not exist: evidence is never written over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True)
        except FileExistsError as problem:
            raise BagError(f"{folder} exists already; a bag is never written over") from problem
        except OSError as problem:
            raise BagError(
                f"{folder}: cannot be made ({problem.strerror}); name another folder with --reports"
            ) from problem

    @classmethod
    def reopen(cls, folder: Path) -> BagWriter:
        """Go on with a bag that was never sealed, because the run that wrote it died.

        Raises:
            BagError: if there is no such folder, or it or anything in it is a symbolic link or a
                pipe: what is written into it would go elsewhere.
        """
        if folder.is_symlink() or not folder.is_dir():
            raise BagError(f"{folder}: no folder of an unfinished bag; the run cannot be finished")
        for item in sorted(folder.rglob("*")):
            if item.is_symlink() or not (item.is_file() or item.is_dir()):
                raise BagError(f"{item}: is no plain file, so the run cannot be finished")
        writer = cls.__new__(cls)
        writer.folder = folder
        return writer

    def raw(self, host: str, source: str, suffix: str = "ndjson") -> Path:
        """Where the bytes of one source of one host go, as received."""
        path = self.folder / "data" / "raw" / host / f"{source}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def add(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Keep content as executed or as tested, under ``data/<folder>/``."""
        for name, data in files.items():
            path = self.folder / "data" / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def seal(self, record: RunRecord) -> str:
        """Write run.json and the manifests; return the digest that names the bag."""
        path = self.folder / "data" / "run.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(run_json.write(record))
        day = dt.datetime.fromtimestamp(record.finished_ns / 1e9, dt.UTC).date().isoformat()
        info = {
            "Bagging-Date": day,
            "External-Identifier": record.plan.run_id,
            "Bag-Software-Agent": record.tool,
        }
        return seal(self.folder, info)
