"""RFC 3339 times to integer nanoseconds since the Unix epoch, exactly."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_SHAPE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


_SECONDS = {f":{count:02}": count * 1_000_000_000 for count in range(60)}
_DIGITS = (0, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1)
"""What the last of so many fractional digits is worth, in ns."""


def nanoseconds(text: str) -> int:
    """Nanoseconds of ``2025-08-07T13:21:35.880814738Z``; 0 to 9 fractional digits, any offset.

    Raises:
        ValueError: not an RFC 3339 time (section 5.6), or no such moment.
    """
    # The usual form by its places: a file has fewer seconds than moments.
    digits = len(text) - 21
    if 1 <= digits <= 9 and text[19] == "." and text[-1] == "Z":
        fraction = text[20:-1]
        if fraction.isdecimal() and fraction.isascii():
            return whole_second(text[:19]) + int(fraction) * _DIGITS[digits]
    return _any(text)


@lru_cache(maxsize=4096)
def whole_second(text: str) -> int:
    """Nanoseconds of ``2025-08-07T13:21:35``, UTC.

    Raises:
        ValueError: not such a time, or no such moment.
    """
    second = _SECONDS.get(text[16:])
    if second is None:
        return _any(f"{text}Z")
    return _any(f"{text[:16]}:00Z") + second


@lru_cache(maxsize=4096)
def _any(text: str) -> int:
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is not an RFC 3339 time")
    day, minute, second, fraction, sign, hours, minutes = found.groups()
    if int(second) > 60:
        raise ValueError(f"{text[:40]!r} has no such second")
    total = (_minute(day, minute) + int(second)) * 1_000_000_000
    total += int((fraction or "0").ljust(9, "0"))
    if sign:
        offset = (int(hours) * 60 + int(minutes)) * 60_000_000_000
        total += -offset if sign == "+" else offset
    return total


@lru_cache(maxsize=256)
def _minute(day: str, minute: str) -> int:
    moment = datetime.strptime(f"{day} {minute}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    return int(moment.timestamp())
