"""The clean host's part of the run over all faults, as raw lines and as a bag of its own."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.broken import CLEAN

from witnessmark.bag import manifest
from witnessmark.bag.read import open_bag
from witnessmark.standin.faults.lines import described

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.broken import Run

    from witnessmark.bag.read import Bag
    from witnessmark.model.run import Act, Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A recorded line: which event of which process or file, and when it was received."""

    text: bytes
    event: str
    names: tuple[str, ...]
    pid: int
    numbers: tuple[int, int]
    time_ns: int
    received_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The clean host's part of the run, as a bag of its own."""

    bag: Bag
    lines: tuple[Line, ...]

    def acts(self, *, control: bool) -> list[tuple[Case, Act]]:
        """Its ordinary cases or its controls, each with what it really did."""
        record = self.bag.record
        acts = {act.case_id: act for act in record.acts}
        return [
            (case, acts[case.id]) for case in record.plan.cases if bool(case.control) is control
        ]


def alone(run: Run, folder: Path) -> Evidence:
    """A bag that holds nothing but the clean host."""
    shutil.copytree(run.bag.folder, folder)
    for item in (folder / "data/raw").iterdir():
        if item.name != CLEAN:
            shutil.rmtree(item)
    path = folder / "data/run.json"
    record = json.loads(path.read_bytes())
    plan = record["plan"]
    plan["hosts"] = [item for item in plan["hosts"] if item["name"] == CLEAN]
    plan["cases"] = [item for item in plan["cases"] if item["host"] == CLEAN]
    ids = {item["id"] for item in plan["cases"]}
    record["facts"] = [item for item in record["facts"] if item["name"] == CLEAN]
    record["acts"] = [item for item in record["acts"] if item["case_id"] in ids]
    for kind in ("collections", "deliveries"):
        record[kind] = [item for item in record[kind] if item["host"] == CLEAN]
    record["faults"] = []
    path.write_text(json.dumps(record))
    manifest.seal(folder, {})
    bag = open_bag(folder)
    return Evidence(bag=bag, lines=tuple(lines_of(bag)))


def lines_of(bag: Bag) -> list[Line]:
    """Every line of the store that was collected, read without the suite's decoders."""
    raw = bag.raw(CLEAN, "eslogger") or b""
    chunks, offset = list(bag.record.collections[0].chunks), 0
    found = []
    for text in raw.splitlines(keepends=True):
        offset += len(text)
        while chunks and chunks[0][0] < offset:
            chunks.pop(0)
        record = json.loads(text)
        event, names = described(text)
        process = record["event"][event]["target"] if event == "exec" else record["process"]
        found.append(
            Line(
                text=text,
                event=event,
                names=names,
                pid=process["audit_token"]["pid"],
                numbers=(record["seq_num"], record["global_seq_num"]),
                time_ns=nanoseconds(record["time"]),
                received_ns=chunks[0][1] or 0,
            )
        )
    return found


def nanoseconds(text: str) -> int:
    whole, _, part = text.rstrip("Z").partition(".")
    moment = dt.datetime.fromisoformat(whole).replace(tzinfo=dt.UTC)
    return int(moment.timestamp()) * 10**9 + int(part.ljust(9, "0")[:9])
