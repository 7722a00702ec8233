"""ps(1) of a stand-in host: the processes of this host alone, in the words of macOS's ps.

Run by Python's -I -S, so nothing but the standard library and nothing slow is imported. What it
prints comes from /proc; executable paths lose the host's prefix. Which processes are the host's:
its init (HOSTDIR/init.pid) and all that descend from it, for orphans are re-parented to init.
"""

# pathlib would take longer to import than all of this takes to run:
# ruff: noqa: PTH115, PTH116, PTH118, PTH120, PTH123, PTH208
from __future__ import annotations

import os
import sys
import time

Row = dict[str, str]
_OWN_PYTHON = "/System/Volumes/Standin/bin/python"
"""Shown as in the records, where the host has a root of its own."""
HEADINGS = {
    "pid": "PID",
    "ppid": "PPID",
    "pgid": "PGID",
    "uid": "UID",
    "user": "USER",
    "lstart": "STARTED",
    "comm": "COMM",
    "command": "COMMAND",
    "args": "ARGS",
    "state": "STAT",
    "stat": "STAT",
}
RIGHT = frozenset({"pid", "ppid", "pgid", "uid"})
USAGE = "usage: ps [-AaCceEfhjlMmrSTvwXx] [-o keyword[=]] [-p pid[,pid]]"


def main(arguments: list[str], root: str) -> int:
    try:
        columns, pids = parse(arguments)
    except ValueError as problem:
        print(f"ps: {problem}\n{USAGE}", file=sys.stderr)
        return 1
    rows = host_rows(root)
    if pids is not None:
        rows = [row for row in rows if int(row["pid"]) in pids]
    for line in table(columns, rows):
        print(line)
    return 0 if rows else 1


def parse(arguments: list[str]) -> tuple[list[tuple[str, str]], set[int] | None]:
    """The (keyword, heading) of each column, and the pids asked for (None: all the host's)."""
    columns: list[tuple[str, str]] = []
    pids: set[int] | None = None
    words = iter(arguments)
    for word in words:
        flags = word[1:] if word.startswith("-") else word
        while flags:
            flag, flags = flags[0], flags[1:]
            if flag in "op":
                value = flags or next(words, "")
                flags = ""
                if flag == "o":
                    columns += parse_columns(value)
                else:
                    pids = (pids or set()) | {int(pid) for pid in value.replace(",", " ").split()}
            elif flag not in "AaexwX":
                raise ValueError(f"the stand-in's ps has no option -{flag}")
    if not columns:
        raise ValueError("the stand-in's ps needs -o")
    return columns, pids


def parse_columns(value: str) -> list[tuple[str, str]]:
    """``pid=,comm=`` or ``pid,comm`` or ``pid=NAME`` (where the rest of the word is the name)."""
    columns = []
    while value:
        keyword, _, value = value.partition(",")
        keyword, equals, heading = keyword.partition("=")
        if heading and value:
            heading, value = f"{heading},{value}", ""
        if keyword not in HEADINGS:
            raise ValueError(f"{keyword}: keyword not found")
        columns.append((keyword, heading if equals else HEADINGS[keyword]))
    if not columns:
        raise ValueError("option requires an argument -- o")
    return columns


def host_rows(root: str) -> list[Row]:
    """One row per process of the host, by pid."""
    init = init_of(root)
    with open("/proc/stat", encoding="ascii") as file:
        boot = next(int(line.split()[1]) for line in file if line.startswith("btime "))
    every = dict(filter(None, (stat_of(pid) for pid in os.listdir("/proc") if pid.isdigit())))
    rows = []
    for pid in sorted(every):
        if descends(pid, init, every):
            row = row_of(pid, init, every[pid], boot, root)
            if row is not None:
                rows.append(row)
    return rows


def init_of(root: str) -> int:
    """The host's first process; with a root of its own it has a count of its own."""
    if not root:
        return 1
    with open(os.path.join(os.path.dirname(root), "init.pid"), encoding="ascii") as file:
        return int(file.read().split()[0])


def stat_of(pid: str) -> tuple[int, list[str]] | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            stat = file.read()
    except OSError:
        return None
    name = stat[stat.index("(") + 1 : stat.rindex(")")]
    return int(pid), [name, *stat[stat.rindex(")") + 2 :].split()]


def descends(pid: int, init: int, every: dict[int, list[str]]) -> bool:
    seen = 0
    while pid != init and pid in every and seen < 10_000:
        pid, seen = int(every[pid][2]), seen + 1
    return pid == init


def row_of(pid: int, init: int, stat: list[str], boot: int, root: str) -> Row | None:
    started = boot + int(stat[20]) / os.sysconf("SC_CLK_TCK")
    try:
        uid = os.stat(f"/proc/{pid}").st_uid
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")[:-1]
    except OSError:  # it ended while we looked
        return None
    comm = executable(pid, stat[0]).removeprefix(root)
    args = os.fsdecode(b" ".join(words)) or f"({stat[0]})"
    return {
        "pid": str(pid),
        "ppid": "0" if pid == init else stat[2],
        "pgid": stat[3],
        "uid": str(uid),
        "user": "purple" if uid == os.getuid() else str(uid),
        "lstart": time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(started)),
        "comm": comm,
        "command": args,
        "args": args,
        "state": stat[1],
        "stat": stat[1],
    }


def executable(pid: int, name: str) -> str:
    """The file that runs; as on a Mac a process that has ended shows its name in brackets."""
    try:
        path = os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return f"({name})"
    return "/usr/bin/python3" if path.startswith(_OWN_PYTHON) else path


def table(columns: list[tuple[str, str]], rows: list[Row]) -> list[str]:
    """Columns as wide as their widest entry; no heading line if every heading is empty."""
    cells = [[row[keyword] for keyword, _ in columns] for row in rows]
    headings = [heading for _, heading in columns]
    lines = [headings, *cells] if any(headings) else cells
    if not lines:
        return []
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    keywords = [keyword for keyword, _ in columns]
    return [
        " ".join(
            cell.rjust(width) if keyword in RIGHT else cell.ljust(width)
            for cell, width, keyword in zip(line, widths, keywords, strict=True)
        ).rstrip()
        for line in lines
    ]
