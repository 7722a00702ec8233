"""The tables of a lake: their columns, each with what it says. Truth values are 1, 0, or NULL for
"the source did not say"; times are nanoseconds since the Unix epoch.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Value: TypeAlias = int | str | None
Row: TypeAlias = dict[str, Value]

NUMBER: Final = "BIGINT"
TEXT: Final = "VARCHAR"

_WHO: Final = {
    "host": TEXT,
    "n": NUMBER,  # the record's place in its host's order: what came before what
}
_PROCESS: Final = {
    "image": TEXT,  # exec: what ran; drop: what wrote it
    "pid": NUMBER,
    "pidversion": NUMBER,
    "ppid": NUMBER,
    "signing_id": TEXT,
    "team_id": TEXT,
    "cdhash": TEXT,
    "cs_flags": NUMBER,
    "platform": NUMBER,
    "simulated": TEXT,  # fields that the recording host could not know, space-separated
}

EV: Final[dict[str, str]] = {
    **_WHO,
    "kind": TEXT,  # exec; drop (a file got content); void (it lost what it had)
    "time_ns": NUMBER,
    "seq": NUMBER,
    "event_id": TEXT,
    "received_ns": NUMBER,
    **_PROCESS,
    # drop and void
    "file": NUMBER,  # the file's key (K2): kept through renames, links and translocation
    "path": TEXT,
    "how": TEXT,  # B1: close, rename, link, clone, copyfile
    "possible": NUMBER,
    "outside": NUMBER,  # established outside the monitored directories
    "fetched": NUMBER,  # B6: a browser or download tool wrote it
    # exec: what runs (A4, B5)
    "script": TEXT,
    "es_script": NUMBER,  # the source itself names the script
    "interpreter": NUMBER,
    "writable": NUMBER,
    "untrusted": NUMBER,
    "developer_id": NUMBER,
    "excluded": NUMBER,  # A5, against this process's browser
    "xpcproxy": NUMBER,  # A3
    # exec: the browser-spawned process that it belongs to (A1, A2, A7), by K1
    "spawned": NUMBER,  # its key; NULL: it belongs to none
    "edge": TEXT,
    "unknown": TEXT,  # why it is open whether a browser began it
    "spawn_ns": NUMBER,
    "exact": NUMBER,  # whether spawn_ns is its start, and not only the latest it can be
    "depth": NUMBER,
    "nth": NUMBER,  # which program of its pid this is
    "browser": TEXT,
    "browser_pid": NUMBER,
    "browser_simulated": TEXT,
    "settled_ns": NUMBER,  # A6: how far time had come since the one before
    "ancestry": TEXT,  # JSON: spawn-time parent first
    # exec: what leaves B open
    "open_rule": TEXT,
    "open": TEXT,
    "open_simulated": TEXT,
    "sees_quarantine": NUMBER,
    "grain_ns": NUMBER,  # 0, or how coarse the source's times are
}
"""Events: an execution, or a change of what a file holds."""

XP: Final[dict[str, str]] = {
    **_WHO,  # the exec's
    "rank": NUMBER,
    "tier": NUMBER,  # 1 the file itself (B3); 2 translocated or wrapped (B4, B3); 3 contained (B7)
    "file": NUMBER,
    "key": TEXT,  # the canonical path that was executed
    "how": TEXT,
    "inferred": NUMBER,
    "unwrapped": NUMBER,
    "quarantined": NUMBER,
    "inode": TEXT,  # what names the file besides its path; NULL where the source gives none
}
"""Executed paths: every file that an exec may have executed, by the file's key."""

PA: Final[dict[str, str]] = {
    "drop_exec_window_ns": NUMBER,
    "high_severity_within_ns": NUMBER,
    "spawn_load_window_ns": NUMBER,
    "clock_skew_tolerance_ns": NUMBER,
    "max_depth": NUMBER,
    "require_quarantine": NUMBER,
}
"""The parameters that the SQL compares with: one row."""

VERDICT: Final = (
    "host",
    "n",
    "branch",
    "code",
    "severity",
    "severity_without_a",
    "gap_ns",
    "drop_n",
    "first_ns",
    "time_ns",
    "seq",
    "event_id",
    "received_ns",
    "image",
    "pid",
    "pidversion",
    "ppid",
    "signing_id",
    "team_id",
    "cdhash",
    "cs_flags",
    "platform",
    "simulated",
    "script",
    "spawned",
    "edge",
    "unknown",
    "spawn_ns",
    "exact",
    "browser",
    "browser_pid",
    "browser_simulated",
    "settled_ns",
    "ancestry",
    "open_rule",
    "open",
    "open_simulated",
    "drop_time_ns",
    "drop_seq",
    "drop_event_id",
    "drop_path",
    "drop_how",
    "writer",
    "writer_pid",
    "writer_signing_id",
    "writer_team_id",
    "writer_cdhash",
    "writer_cs_flags",
    "writer_platform",
    "writer_simulated",
    "executed",
    "executed_how",
    "inferred",
    "unwrapped",
    "inode",
)
"""What the SQL answers, in this order."""

TABLES: Final = {"ev": EV, "xp": XP, "pa": PA}


def as_tuple(table: str, row: Row) -> tuple[Value, ...]:
    """A row's values in the order of its table's columns."""
    return tuple(row.get(column) for column in TABLES[table])
