"""log(1) of a stand-in host: ``show --style ndjson`` of what the host's own init logged.

A Mac's unified log holds what all its processes say; the stand-in's holds its init's few messages,
and nothing of the recorder's. ``--predicate`` knows comparisons joined by AND; whatever it does not
know it refuses, since a predicate that is understood wrongly looks like silence.
"""

# ruff: noqa: PTH123
from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

from .host import Stop, complain, manifest, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Entry = dict[str, Any]
STORE = "private/var/db/diagnostics/standin.ndjson"
_FIELDS: dict[str, Callable[[Entry], str]] = {
    "process": lambda entry: entry["processImagePath"].rpartition("/")[2],
    "processImagePath": lambda entry: entry["processImagePath"],
    "processID": lambda entry: str(entry["processID"]),
    "subsystem": lambda entry: entry["subsystem"],
    "category": lambda entry: entry["category"],
    "eventMessage": lambda entry: entry["eventMessage"],
    "messageType": lambda entry: entry["messageType"],
}
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "==": lambda found, wanted: found == wanted,
    "!=": lambda found, wanted: found != wanted,
    "CONTAINS": lambda found, wanted: wanted in found,
    "BEGINSWITH": lambda found, wanted: found.startswith(wanted),
    "ENDSWITH": lambda found, wanted: found.endswith(wanted),
}
_COMPARISON = re.compile(
    r"\s*(\w+)\s*(==|!=|CONTAINS|BEGINSWITH|ENDSWITH)(\[c\])?\s*"
    r"(?:\"([^\"\\]*)\"|'([^'\\]*)'|(\d+)|(default|error))\s*"
)
_JOINT = re.compile(r"AND|&&")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_STAMP = "%Y-%m-%d %H:%M:%S.%f%z"


def main(arguments: list[str], root: str) -> int:
    try:
        if arguments[:1] == ["config"]:
            print(config(arguments[1:], root))
        elif arguments[:1] == ["show"]:
            show(asked(arguments[1:]), root)
        else:
            raise Stop("the stand-in's log knows only show and config --status", 64)
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


def asked(words: list[str]) -> list[Callable[[Entry], bool]]:
    """What an entry must meet to be shown."""
    wanted: list[Callable[[Entry], bool]] = []
    style = ""
    given = iter(words)
    for word in given:
        if word in ("--info", "--debug"):
            continue  # init has no messages of these levels, so they add none
        if word not in ("--style", "--predicate", "--last", "--start", "--end"):
            raise Stop(f"the stand-in's log show has no option {word}", 64)
        value = next(given, "")
        if word == "--style":
            style = value
        else:
            wanted += [predicate(value)] if word == "--predicate" else [when(word, value)]
    if style != "ndjson":
        raise Stop("the stand-in's log show knows only --style ndjson", 64)
    return wanted


def predicate(text: str) -> Callable[[Entry], bool]:
    tests = list(comparisons(text))
    return lambda entry: all(test(entry) for test in tests)


def comparisons(text: str) -> Iterator[Callable[[Entry], bool]]:
    at = 0
    while True:
        found = _COMPARISON.match(text, at)
        if found is None or found[1] not in _FIELDS:
            raise Stop(
                f"the stand-in's log understands no predicate like {text!r}; it knows "
                f"{', '.join(_FIELDS)} with {', '.join(_TESTS)}, joined by AND",
                64,
            )
        yield comparison(found)
        at = found.end()
        if at == len(text):
            return
        joint = _JOINT.match(text, at)
        at = joint.end() if joint else len(text)  # where no comparison is: refused above


def comparison(found: re.Match[str]) -> Callable[[Entry], bool]:
    field, test = _FIELDS[found[1]], _TESTS[found[2]]
    wanted = next(word for word in found.groups()[3:] if word is not None)
    if found[7] or found[3]:
        return lambda entry: test(field(entry).lower(), wanted.lower())
    return lambda entry: test(field(entry), wanted)


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
                if all(test(json.loads(line)) for test in wanted):
                    count += 1
                    print(line, end="")
    except (OSError, ValueError, KeyError) as problem:
        raise Stop(f"the host's log cannot be read: {problem}", 69) from problem
    print(json.dumps({"count": count, "finished": 1}, separators=(",", ":")))
