"""Asks a host's ``log`` what its unified log keeps: commands of our own, answers that are whole.

An answer counts only if it ends with the record that counts it. One that is cut, late, empty, or
that holds fewer records than it counts is *could not look*. No word of a command comes from an
inventory or from a host, but for times, which are numbers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from witnessmark.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from witnessmark.hosts.transport import Transport
    from witnessmark.model.unifiedlog import UnifiedLog

_ALONE: Final = ("logger", "syspolicyd", "launchd", "runningboardd")
"""Processes of which every record is read."""
_STOPPED: Final = ("ASP:", "AMFI:")
"""How the kernel's messages begin that tell of stopped executions."""
PREDICATE: Final = " OR ".join(
    (
        *(f'process == "{name}"' for name in _ALONE),
        *(f'(process == "kernel" AND eventMessage BEGINSWITH "{word}")' for word in _STOPPED),
    )
)
EVENTS: Final = f'{PREDICATE} OR process == "eslogger"'
"""The same with what ``eslogger --oslog`` puts there."""
DEFAULT: Final = "messageType == default"
BANNER: Final = b"Filtering the log data using "
RIGHTS: Final = "may this user read the log (an administrator does, or `sudo: true`)?"
_SECOND = 10**9
_READ_S = 0.25


class _Told(msgspec.Struct):
    """A record as far as it is told from others, or the one that counts."""

    timestamp: str | None = None
    mach_timestamp: int | None = msgspec.field(default=None, name="machTimestamp")
    process_id: int | None = msgspec.field(default=None, name="processID")
    thread_id: int | None = msgspec.field(default=None, name="threadID")
    event_type: str | None = msgspec.field(default=None, name="eventType")
    image: str | None = msgspec.field(default=None, name="processImagePath")
    message: str | None = msgspec.field(default=None, name="eventMessage")
    count: int | None = None
    finished: int | None = None


_TOLD = msgspec.json.Decoder(_Told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record of the log, as it was printed."""

    raw: bytes
    """Without its line end."""
    key: bytes
    """What tells it from others, whichever command printed it."""
    time_ns: int | None
    pid: int | None = None
    image: str = ""
    message: str = ""


class Log:
    """The ``log`` of one host."""

    def __init__(self, transport: Transport, place: UnifiedLog, *, events: bool = False) -> None:
        self.host = transport.host.name
        self.predicate = EVENTS if events else PREDICATE
        """What is read of it."""
        self._transport, self._place = transport, place
        program = f"{transport.host.path_prefix}/usr/bin/log"  # zsh has a `log` of its own
        self._log = ["sudo", "-n", program] if place.sudo else [program]

    def argv(self, command: str, *, predicate: str, **moments: int) -> list[str]:
        """``log show`` or ``stream``; ``start`` and ``end`` are whole seconds since 1970."""
        words = [*self._log, command, "--style", "ndjson", "--predicate", predicate]
        return words + [word for name, at in moments.items() for word in (f"--{name}", f"@{at}")]

    def show(self, since_ns: int) -> tuple[list[Line], Mapping[str, object]]:
        """All that the log keeps since a moment of what is read of it, and the answer's receipt.

        Raises:
            HostError: the answer is not whole; what it lacks may be what is looked for.
        """
        argv = self.argv("show", predicate=self.predicate, start=since_ns // _SECOND)
        asked_ns = time.time_ns()
        data = self._answer(argv)
        lines = self._whole(data)
        receipt = {
            "asked_ns": asked_ns,
            "answered_ns": time.time_ns(),
            "argv": [word.removeprefix(self._transport.host.path_prefix) for word in argv],
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "records": len(lines),
        }
        return lines, receipt

    def first(self, most: int, *, predicate: str, **moments: int) -> list[Line]:
        """The first records of an answer, no more than so many; the rest is not waited for."""
        argv = self.argv("show", predicate=predicate, **moments)
        found: list[Line] = []
        rest = b""
        for piece in self._pieces(argv):
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > self._place.most_bytes:
                raise HostError(f"{self.host}: log show said a line without an end")
            for raw in whole:
                line = read(raw)
                if line is None:
                    return found
                if not _says_nothing(raw):
                    found.append(line)
                if len(found) >= most:
                    return found
        raise HostError(f"{self.host}: log show ended before it was done{self._said}; {RIGHTS}")

    def config(self) -> str:
        """The first line of ``log config --status``. Raises HostError with what it said instead."""
        result = self._transport.run([*self._log, "config", "--status"], env={}, timeout_s=20.0)
        lines = result.stdout.decode(errors="replace").strip().splitlines()
        if result.status != 0 or not lines:
            said = " ".join(result.stderr.decode(errors="replace").split())[:200]
            raise HostError(f"log config --status told nothing{': ' + said if said else ''}")
        return lines[0].strip()[:200]

    def _answer(self, argv: Sequence[str]) -> bytes:
        data = bytearray()
        for piece in self._pieces(argv):
            data += piece
            if len(data) > self._place.most_bytes:
                raise HostError(
                    f"{self.host}: log show said more than most_bytes ({self._place.most_bytes})"
                )
        return bytes(data)

    def _pieces(self, argv: Sequence[str]) -> Iterator[bytes]:
        self._said = ""
        end = time.monotonic() + self._place.timeout_s
        stream = self._transport.stream(argv)
        try:
            while (piece := stream.read(_READ_S)) is not None:
                yield piece
                if time.monotonic() > end:
                    raise HostError(
                        f"{self.host}: log show was not done in {self._place.timeout_s:g} s"
                    )
            said = " ".join(stream.stderr().decode(errors="replace").split())[:200]
            self._said = f" ({said})" if said else ""
        finally:
            stream.close()

    def _whole(self, data: bytes) -> list[Line]:
        *lines, rest = data.split(b"\n")
        found: list[Line] = []
        for place, raw in enumerate(lines):
            line = read(raw)
            if line is not None:
                found += [] if _says_nothing(raw) else [line]
                continue
            if rest.strip() or any(item.strip() for item in lines[place + 1 :]):
                raise HostError(f"{self.host}: log show said more after it was done")
            if (count := _TOLD.decode(raw).count) is not None and count > len(found):
                raise HostError(f"{self.host}: log show counted {count} and gave {len(found)}")
            return found
        raise HostError(f"{self.host}: log show gave no whole answer{self._said}; {RIGHTS}")


def read(raw: bytes) -> Line | None:
    """One line of an answer; None for the record that ends it. What is no record is kept, too."""
    try:
        told = _TOLD.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return Line(raw=raw, key=hashlib.sha256(raw).digest(), time_ns=None)
    if told.finished is not None and told.timestamp is None:
        return None
    what = (told.mach_timestamp, told.process_id, told.thread_id, told.event_type, told.message)
    at = moment(told.timestamp)
    return Line(
        raw=raw,
        key=hashlib.sha256(json.dumps([at, *what]).encode()).digest(),
        time_ns=at,
        pid=told.process_id,
        image=told.image or "",
        message=told.message or "",
    )


def moment(text: str | None) -> int | None:
    """The time of a record in ns since 1970, UTC; None if it is none."""
    try:
        found = dt.datetime.strptime(text or "", "%Y-%m-%d %H:%M:%S.%f%z")
    except ValueError:
        return None
    return (found - dt.datetime.fromtimestamp(0, dt.UTC)) // dt.timedelta(microseconds=1) * 1000


def _says_nothing(raw: bytes) -> bool:
    return not raw.strip() or raw.startswith(BANNER)
