"""How a host's unified log is read, as an inventory says it; never a command or a predicate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from witnessmark.inventory.values import Wrong, duration, flag, keyed, one_of
from witnessmark.model.unifiedlog import UnifiedLog

READS = ("show", "stream")
LEAST_BYTES = 1 << 16


def unified_log(value: object, *path: str | int) -> UnifiedLog:
    """How it is read; raises all that is wrong as a group."""
    if not isinstance(value, Mapping):
        raise Wrong("must be a mapping, such as {read: show}", *path)
    fields, wrongs = keyed(value, READERS, *path)
    if fields.get("read") == "stream" and "poll" in value:
        wrongs.append(Wrong("is for read: show only; a stream is read as it comes", *path, "poll"))
    if wrongs:
        raise ExceptionGroup("unified log", wrongs)
    return UnifiedLog(**fields)


def _read(value: object, *path: str | int) -> str:
    return one_of(READS, value, *path)


def _sudo(value: object, *path: str | int) -> bool:
    try:
        return flag(value)
    except Wrong as wrong:
        raise Wrong(wrong.what, *path) from None


def _some(value: object, *path: str | int) -> float:
    if not (found := duration(value, *path)):
        raise Wrong("must be longer than nothing", *path)
    return found


def _bytes(value: object, *path: str | int) -> int:
    if type(value) is not int or value < LEAST_BYTES:
        raise Wrong(f"must be a number of bytes, {LEAST_BYTES} or more", *path)
    return value


READERS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "read": ("read", _read),
    "sudo": ("sudo", _sudo),
    "poll": ("poll_s", _some),
    "timeout": ("timeout_s", _some),
    "settle": ("settle_s", _some),
    "most_bytes": ("most_bytes", _bytes),
}
