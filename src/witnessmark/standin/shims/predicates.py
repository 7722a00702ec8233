"""What ``log --predicate`` asks: comparisons joined by AND, OR and brackets.

As NSPredicate has it, AND binds closer than OR. Whatever is not known is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .host import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

Entry = dict[str, Any]
FIELDS: dict[str, Callable[[Entry], str]] = {
    "process": lambda entry: entry["processImagePath"].rpartition("/")[2],
    "processImagePath": lambda entry: entry["processImagePath"],
    "processID": lambda entry: str(entry["processID"]),
    "subsystem": lambda entry: entry["subsystem"],
    "category": lambda entry: entry["category"],
    "eventMessage": lambda entry: entry["eventMessage"],
    "messageType": lambda entry: entry["messageType"],
}
TESTS: dict[str, Callable[[str, str], bool]] = {
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
_OR, _AND = re.compile(r"\s*(OR|\|\|)"), re.compile(r"\s*(AND|&&)")
_OPEN, _CLOSE = re.compile(r"\s*\("), re.compile(r"\s*\)")
_DEEPEST = 50


def predicate(text: str) -> Callable[[Entry], bool]:
    """The test that a predicate stands for. Stop: it is not understood, all of it."""
    test, at = _any(text, 0, 0)
    if text[at:].strip():
        raise _not_understood(text)
    return test


def _any(text: str, at: int, depth: int) -> tuple[Callable[[Entry], bool], int]:
    tests, at = _joined(text, at, depth, _OR, _all)
    return lambda entry: any(test(entry) for test in tests), at


def _all(text: str, at: int, depth: int) -> tuple[Callable[[Entry], bool], int]:
    tests, at = _joined(text, at, depth, _AND, _one)
    return lambda entry: all(test(entry) for test in tests), at


def _joined(
    text: str,
    at: int,
    depth: int,
    joint: re.Pattern[str],
    part: Callable[[str, int, int], tuple[Callable[[Entry], bool], int]],
) -> tuple[list[Callable[[Entry], bool]], int]:
    tests = []
    while True:
        test, at = part(text, at, depth)
        tests.append(test)
        found = joint.match(text, at)
        if found is None:
            return tests, at
        at = found.end()


def _one(text: str, at: int, depth: int) -> tuple[Callable[[Entry], bool], int]:
    opened = _OPEN.match(text, at)
    if opened is not None and depth < _DEEPEST:
        test, at = _any(text, opened.end(), depth + 1)
        closed = _CLOSE.match(text, at)
        if closed is None:
            raise _not_understood(text)
        return test, closed.end()
    found = _COMPARISON.match(text, at)
    if found is None or found[1] not in FIELDS:
        raise _not_understood(text)
    return comparison(found), found.end()


def comparison(found: re.Match[str]) -> Callable[[Entry], bool]:
    field, test = FIELDS[found[1]], TESTS[found[2]]
    wanted = next(word for word in found.groups()[3:] if word is not None)
    if found[7] or found[3]:
        return lambda entry: test(field(entry).lower(), wanted.lower())
    return lambda entry: test(field(entry), wanted)


def _not_understood(text: str) -> Stop:
    return Stop(
        f"the stand-in's log understands no predicate like {text!r}; it knows "
        f"{', '.join(FIELDS)} with {', '.join(TESTS)}, joined by AND, OR and brackets",
        64,
    )
