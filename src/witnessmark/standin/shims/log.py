"""log(1) of a stand-in host: ``show`` and ``stream`` ``--style ndjson`` of what its log holds.

A Mac's unified log holds what all its processes say; the stand-in's its init's few messages, what
logger(1) was given and, where it was booted so, what eslogger logs. What a predicate or an option
means is never guessed: what is not known is refused, since a question that is understood wrongly
looks like silence. ``stats`` is refused too: nobody here knows what a Mac says.
"""

# ruff: noqa: PTH123
from __future__ import annotations

import datetime as dt
import json
import os
import re
import select
import sys
from typing import TYPE_CHECKING, Any

from .host import Stop, complain, manifest, unknown
from .predicates import predicate

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

Entry = dict[str, Any]
STORE = "private/var/db/diagnostics/standin.ndjson"
PAUSE_MS = 50
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
SHOWS = ("--style", "--predicate", "--last", "--start", "--end")
STREAMS = ("--style", "--predicate")
_STAMP = "%Y-%m-%d %H:%M:%S.%f%z"


def main(arguments: list[str], root: str) -> int:
    try:
        if arguments[:1] == ["config"]:
            print(config(arguments[1:], root))
        elif arguments[:1] == ["show"]:
            show(asked(arguments[1:], SHOWS), root)
        elif arguments[:1] == ["stream"]:
            stream(asked(arguments[1:], STREAMS), root)
        else:
            raise Stop("the stand-in's log knows only show, stream and config --status", 64)
    except Stop as stop:
        return complain("log", stop)
    return 0


def config(arguments: list[str], root: str) -> str:
    if arguments != ["--status"]:
        raise Stop("a stand-in's logging cannot be configured; only --status works", 64)
    said = manifest(root).get("log_config")
    if not isinstance(said, str):
        unknown("how a Mac's unified log is configured", "log_config")
    return f"System mode = {said}"


def asked(words: list[str], known: tuple[str, ...]) -> list[Callable[[Entry], bool]]:
    """What an entry must meet to be shown. No record of this log is of the kinds left out here:
    its info and debug messages are never kept, and it loses none."""
    wanted: list[Callable[[Entry], bool]] = []
    style = ""
    given = iter(words)
    for word in given:
        if word in ("--info", "--debug", "--loss"):
            continue
        if word not in known:
            raise Stop(f"the stand-in's log has no option {word} here", 64)
        value = next(given, "")
        if word == "--style":
            style = value
        else:
            wanted += [predicate(value)] if word == "--predicate" else [when(word, value)]
    if style != "ndjson":
        raise Stop("the stand-in's log knows only --style ndjson", 64)
    return wanted


def when(option: str, value: str) -> Callable[[Entry], bool]:
    if option == "--last":
        amount = re.fullmatch(r"(\d+)([smhd])", value)
        if amount is None:
            raise Stop(f"--last {value}: say a number and s, m, h or d", 64)
        span = dt.timedelta(**{_UNITS[amount[2]]: int(amount[1])})
        since = dt.datetime.now(dt.UTC) - span
        return lambda entry: time_of(entry) >= since
    limit = moment(value)
    if option == "--start":
        return lambda entry: time_of(entry) >= limit
    return lambda entry: time_of(entry) <= limit


def moment(text: str) -> dt.datetime:
    for form in ("%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "@%s"):
        try:
            if form == "@%s":
                return dt.datetime.fromtimestamp(int(text.removeprefix("@")), dt.UTC)
            return dt.datetime.strptime(text, form).astimezone()
        except (ValueError, OverflowError, OSError):
            continue
    raise Stop(f"{text} is no time like 2026-11-24 09:00:00", 64)


def time_of(entry: Entry) -> dt.datetime:
    return dt.datetime.strptime(entry["timestamp"], _STAMP)  # noqa: DTZ007 - %z is in it


def show(wanted: list[Callable[[Entry], bool]], root: str) -> None:
    count = 0
    try:
        with open(f"{root}/{STORE}", encoding="utf-8") as file:
            for line in file:
                if line.strip() and all(test(json.loads(line)) for test in wanted):
                    count += 1
                    print(line, end="")
            print(json.dumps({"count": count, "finished": 1}, separators=(",", ":")), flush=True)
    except BrokenPipeError:
        quiet()
    except (OSError, ValueError, KeyError) as problem:
        raise Stop(f"the host's log cannot be read: {problem}", 69) from problem


def quiet() -> None:
    """Nobody reads any more, so nothing more is said, not even at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def stream(wanted: list[Callable[[Entry], bool]], root: str) -> None:
    """What comes from now on, until nobody reads it any more."""
    try:
        with open(f"{root}/{STORE}", "rb") as file:
            file.seek(0, os.SEEK_END)
            print("Filtering the log data using a predicate", flush=True)
            follow(file, wanted)
    except BrokenPipeError:
        quiet()
    except (OSError, ValueError, KeyError) as problem:
        raise Stop(f"the host's log cannot be read: {problem}", 69) from problem


def follow(file: BinaryIO, wanted: list[Callable[[Entry], bool]]) -> None:
    rest, reader = b"", select.poll()
    reader.register(1, select.POLLERR | select.POLLHUP)
    while not reader.poll(PAUSE_MS):
        rest += file.read()
        whole, newline, rest = rest.rpartition(b"\n")
        for line in (whole + newline).splitlines(keepends=True):
            if line.strip() and all(test(json.loads(line)) for test in wanted):
                sys.stdout.write(line.decode())
        sys.stdout.flush()
