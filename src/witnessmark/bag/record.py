"""run.json: how a record becomes bytes and is read again; what cannot be read back is refused."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import Any

from pydantic import ConfigDict, RootModel
from pydantic_core import to_json

from witnessmark.model.run import RunRecord


class Record(RootModel[RunRecord]):
    """run.json as pydantic reads and writes it: every number is finite."""

    model_config = ConfigDict(allow_inf_nan=False)


def read(raw: bytes) -> RunRecord:
    """A record of its bytes. Raises pydantic's ValidationError."""
    return Record.model_validate_json(raw).root


def write(record: RunRecord) -> bytes:
    """The bytes of a record; text that is no Unicode is written with backslashes, never refused.

    A run's evidence must be sealed whatever a host called its files.
    """
    return to_json(encodable(Record(record).model_dump(mode="python")), indent=1) + b"\n"


def encodable(item: Any) -> Any:
    """What JSON can hold of a dumped model: no path, no text that is no Unicode, no infinity."""
    if isinstance(item, str | PurePath):
        return str(item).encode(errors="backslashreplace").decode()
    if isinstance(item, float) and not math.isfinite(item):
        return None  # not known; JSON has no such number, and reading one back is refused
    if isinstance(item, dict):
        return {encodable(key): encodable(value) for key, value in item.items()}
    if isinstance(item, list | tuple | set | frozenset):
        return [encodable(each) for each in item]
    return item
