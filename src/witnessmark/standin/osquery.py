"""The same events as osquery's result log tells them: rows of its two tables, one a line.

Columns and their oddities are osquery's (osquery/osquery, es_utils.cpp and endpointsecurity*.cpp):
``euid`` is filled from the group, each word of ``cmdline`` is followed by a space and quoted only
where it must be, times are whole seconds, and file rows tell less of who acted. Each table counts
for itself. Columns that Linux cannot fill are not there, as in the rows of a query that does not
select them; ``decorations`` say that the host is a stand-in.

Real rows of ``write`` come with each write, and only when the next query asks for them; here one
comes when a changed file is closed, at once.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from .records import UNKNOWN
from .told import tokens, user_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .told import Told

STORE = "private/var/log/osquery/osqueryd.results.log"
FILE_PATHS = re.compile(r"/Users/|/private/tmp/")
"""What the host's ``file_paths`` list: elsewhere its file table sees nothing, as on macOS 13+."""
_PROCESS, _FILE = "es_process_events", "es_process_file_events"
_VERSION = 9


class Osquery:
    """Writes osquery's rows for one host."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._global: Counter[str] = Counter()

    def tells(self, told: Told) -> bool:
        """Whether one of the two tables has a row for it."""
        if told.name not in _ROWS or told.event.get("modified") is False:
            return False
        return told.name in _TASKS or any(map(FILE_PATHS.match, _names(told)))

    def line(self, told: Told) -> bytes:
        """The event's row; takes its numbers."""
        event, row = _ROWS[told.name]
        table = _PROCESS if told.name in _TASKS else _FILE
        columns = {
            "event_type": event,
            "version": _VERSION,
            "seq_num": self._numbers[table, event],
            "global_seq_num": self._global[table],
            "time": told.time_ns // 1_000_000_000,
            **row(told),
        }
        self._count(table, event, 1)
        result = {
            "name": f"pack_standin_{table}",
            "hostIdentifier": self._host,
            "calendarTime": time.asctime(time.gmtime(columns["time"])) + " UTC",
            "unixTime": columns["time"],
            "epoch": 0,
            "counter": 0,
            "numerics": False,
            "decorations": {"x_standin": f"stand-in {self._host}", "unknown": ", ".join(UNKNOWN)},
            "columns": {key: str(value) for key, value in columns.items()},
            "action": "added",
        }
        return json.dumps(result).encode() + b"\n"

    def lost(self, name: str, count: int) -> bytes:
        """Rows were lost: the next numbers show it."""
        if name in _ROWS:
            self._count(_PROCESS if name in _TASKS else _FILE, _ROWS[name][0], count)
        return b""

    def instead(self, _line: bytes) -> bytes:
        """Nothing: the numbers that it took show that it is missing."""
        return b""

    def _count(self, table: str, event: str, count: int) -> None:
        self._numbers[table, event] += count
        self._global[table] += count


def _task(told: Told) -> dict[str, Any]:
    own, parent = tokens(told.process)
    return {
        "pid": own.pid,
        "pidversion": own.pidversion,
        "parent": told.process["ppid"],
        "parent_pidversion": parent.pidversion,
        "original_parent": told.process["original_ppid"],
        "session_id": told.process["session_id"],
        "path": told.process["executable"]["path"],
        "cwd": "",
        "uid": own.ruid,
        "euid": own.egid,  # osquery's own slip: it reads the group
        "gid": own.rgid,
        "egid": own.egid,
        "username": user_name(own.ruid) or "",
    }


def _exec(told: Told) -> dict[str, Any]:
    args, env = told.event["args"], told.event["env"]
    return {
        **_task(told),
        "cwd": told.event["cwd"]["path"],
        "cmdline": _joined(args),
        "cmdline_count": len(args),
        "env": _joined(env),
        "env_count": len(env),
    }


def _joined(words: Sequence[str]) -> str:
    return "".join(f"{_quoted(word)} " for word in words)


def _quoted(word: str) -> str:
    """As C++'s ``std::quoted``, where a word holds a space or a quote."""
    if " " not in word and '"' not in word:
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _names(told: Told) -> tuple[str, str]:
    event = told.event
    to = event.get("destination")
    if to is None:
        return event["target"]["path"], ""
    made = to.get("new_path")
    there = f"{made['dir']['path']}/{made['filename']}" if made else to["existing_file"]["path"]
    return (event["source"]["path"], there) if "source" in event else (there, "")


def _file(told: Told) -> dict[str, Any]:
    name, to = _names(told)
    return {
        "pid": tokens(told.process)[0].pid,
        "parent": told.process["ppid"],
        "path": told.process["executable"]["path"],
        "filename": name,
        "dest_filename": to,
    }


_ROWS: dict[str, tuple[str, Callable[[Told], dict[str, Any]]]] = {
    "exec": ("exec", _exec),
    "fork": (
        "fork",
        lambda told: {**_task(told), "child_pid": tokens(told.event["child"])[0].pid},
    ),
    "exit": ("exit", lambda told: {**_task(told), "exit_code": told.event["stat"]}),
    "create": ("create", _file),
    "close": ("write", _file),
    "rename": ("rename", _file),
}
_TASKS = ("exec", "fork", "exit")
