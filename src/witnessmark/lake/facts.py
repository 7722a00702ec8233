"""What a row of the SQL's answer says, as the analytic's own nouns."""

from __future__ import annotations

from typing import Any

from witnessmark.analytic.executions import Found
from witnessmark.analytic.tracked import Content, File
from witnessmark.model.detections import ExecRef
from witnessmark.model.events import Event, Kind, Process, Token


def found_of(row: dict[str, Any]) -> Found:
    """The drop behind an execution."""
    writer = Process(token=Token(pid=row["writer_pid"] or 0), path=row["writer"])
    drop = Content(
        time_ns=row["drop_time_ns"],
        seq=row["drop_seq"],
        event_id=row["drop_event_id"],
        path=row["drop_path"],
        writer=writer,
        how=row["drop_how"],
    )
    return Found(
        file=File(drop),
        drop=drop,
        key=row["executed"],
        how=row["executed_how"],
        inferred=bool(row["inferred"]),
        unwrapped=bool(row["unwrapped"]),
    )


def ref_of(row: dict[str, Any]) -> ExecRef:
    """The execution."""
    return ExecRef(
        pid=row["pid"],
        pidversion=row["pidversion"],
        seq=row["seq"],
        event_id=row["event_id"],
        path=row["image"],
        script=row["script"],
        time_ns=row["time_ns"],
        ppid=row["ppid"],
    )


def event_of(row: dict[str, Any]) -> Event:
    """As much of the record as an alert tells."""
    return Event(
        id=row["event_id"],
        host=row["host"],
        source="lake",
        line=0,
        kind=Kind.EXEC,
        time_ns=row["time_ns"],
        process=Process(token=Token(pid=row["pid"]), path=""),
        received_ns=row["received_ns"],
    )


def process_of(row: dict[str, Any], prefix: str = "", path: str = "image") -> Process:
    """What ran, or with a prefix what wrote."""
    platform = row[f"{prefix}platform"]
    return Process(
        token=Token(pid=row[f"{prefix}pid"] or 0),
        path=row[path],
        signing_id=row[f"{prefix}signing_id"],
        team_id=row[f"{prefix}team_id"],
        cdhash=row[f"{prefix}cdhash"],
        cs_flags=row[f"{prefix}cs_flags"],
        platform_binary=None if platform is None else bool(platform),
        simulated=frozenset((row[f"{prefix}simulated"] or "").split()),
    )
