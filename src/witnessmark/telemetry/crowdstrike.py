"""Reads CrowdStrike Falcon Data Replicator (FDR) events of Macs, flat or within ``event``.

Falcon names processes by ids of its own: ``TargetProcessId`` stands for pidversion, and a parent or
writer is known by pid and path only if its own start was in the stream (the 16,384 ids that were
named last are remembered). The command line is one string, so ``args`` is split at spaces. A
process's time is its start, not ``timestamp``, which is seconds later.

Assumed, not seen in a capture: the names and fields of ``EndOfProcess``, of synthetic rollups and
of the ``...FileWritten`` events.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from witnessmark.model.events import Kind, Process
from witnessmark.telemetry import swift
from witnessmark.telemetry.format import MILLISECOND, SECOND, BadShape, Found, fills, never

KIND: Final = "crowdstrike"
TITLE: Final = "CrowdStrike FDR, Mac events"
FILLS: Final = fills(
    present="exec start_ns signing_id team_id cs_flags",
    derived="exit close modified pidversion parent ppid platform_binary args",
)
TIME_RESOLUTION: Final = MILLISECOND
LOSS_SIGNALS: Final = ()
REMEMBERED: Final = 16_384
UNKNOWN: Final = never(FILLS) | {"args"}
CS_PLATFORM: Final = 0x4000000
_BARE: Final = UNKNOWN | {"signing_id", "team_id", "cs_flags", "platform_binary", "ppid", "parent"}
_TIME: Final = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,9}))?")


class Body(msgspec.Struct, rename="pascal"):
    """The fields that are read; all of them are strings, as FDR writes them."""

    event_simple_name: str | None = msgspec.field(default=None, name="event_simpleName")
    fdr_event_type: str | None = msgspec.field(default=None, name="fdr_event_type")
    platform: str | None = msgspec.field(default=None, name="event_platform")
    aid: str | None = msgspec.field(default=None, name="aid")
    timestamp: str | int | None = msgspec.field(default=None, name="timestamp")
    context_time_stamp: str | float | None = None
    process_start_time: str | float | None = None
    process_end_time: str | float | None = None
    raw_process_id: int | None = None
    target_process_id: int | None = None
    parent_process_id: int | None = None
    context_process_id: int | None = None
    image_file_name: str | None = None
    command_line: str | None = None
    signing_id: str | None = None
    team_id: str | None = None
    code_signing_flags: int | None = None
    target_file_name: str | None = None
    event: Body | None = msgspec.field(default=None, name="event")


_BODY = msgspec.json.Decoder(Body, strict=False)


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def __init__(self) -> None:
        self._known: dict[tuple[str | None, int], Process] = {}

    def read(self, line: bytes, whole: bool) -> Found:
        """One event."""
        outer = _BODY.decode(line)
        body = outer.event or outer
        name = body.event_simple_name or outer.event_simple_name or outer.fdr_event_type
        if not name:
            raise BadShape("no event of Falcon's: it lacks event_simpleName")
        host = body.aid or outer.aid
        platform = body.platform or outer.platform
        if platform not in (None, "Mac"):
            return Found(name=f"{name} ({platform})"[:64], host=host)
        if name in ("ProcessRollup2", "SyntheticProcessRollup2"):
            return self._rollup(name, body, host)
        if name == "EndOfProcess":
            gone = self._actor(host, body.target_process_id)
            when = _time(body.process_end_time or body.context_time_stamp, body.timestamp)
            return Found(name=name, kind=Kind.EXIT, time_ns=when, process=gone, host=host)
        if name.endswith("FileWritten") and body.target_file_name:
            return Found(
                name=name[:64],
                kind=Kind.CLOSE,
                time_ns=_time(body.context_time_stamp, body.timestamp),
                process=self._actor(host, body.context_process_id),
                details={"file": swift.file_ref(path=body.target_file_name), "modified": True},
                host=host,
            )
        return Found(name=name[:64], host=host)

    def _rollup(self, name: str, body: Body, host: str | None) -> Found:
        pid, own = body.raw_process_id, body.target_process_id
        if pid is None or pid <= 0 or own is None:
            raise BadShape(f"RawProcessId {pid} with TargetProcessId {own} is not a process")
        start = _time(body.process_start_time, body.timestamp)
        above = self._look((host, body.parent_process_id or 0))
        flags = body.code_signing_flags
        image = swift.process(
            token=swift.token(pid=pid, pidversion=own),
            path=body.image_file_name or "",
            parent=above.token if above else None,
            ppid=above.token.pid if above else None,
            start_ns=start,
            signing_id=body.signing_id,
            team_id=None if body.team_id in ("-", "") else body.team_id,
            cs_flags=flags,
            platform_binary=None if flags is None else bool(flags & CS_PLATFORM),
            simulated=UNKNOWN,
        )
        self._remember((host, own), image)
        if name != "ProcessRollup2":  # it ran before the sensor did
            return Found(name=name, time_ns=start, process=image, host=host)
        before = swift.process(
            token=image.token, path="", parent=image.parent, ppid=image.ppid, start_ns=start,
            simulated=_BARE,
        )  # fmt: skip
        words = body.command_line
        details: dict[str, Any] = {
            "target": image,
            "args": tuple(words.split(" ")) if words else None,
        }
        return Found(
            name=name, kind=Kind.EXEC, time_ns=start, process=before, details=details, host=host
        )

    def _actor(self, host: str | None, own: int | None) -> Process:
        """A process by Falcon's id; pid 0 where its start was never seen."""
        if own is None:
            raise BadShape("an event that names no process")
        known = self._look((host, own))
        token = swift.token(pid=0, pidversion=own)
        return known or swift.process(token=token, path="", simulated=_BARE)

    def _look(self, key: tuple[str | None, int]) -> Process | None:
        """A remembered process; one that is asked for stays remembered longer."""
        found = self._known.pop(key, None)
        if found is not None:
            self._known[key] = found
        return found

    def _remember(self, key: tuple[str | None, int], image: Process) -> None:
        self._known.pop(key, None)
        self._known[key] = image
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


def _time(seconds: str | float | None, milliseconds: str | int | None) -> int:
    """Seconds with decimals where the event has them, else ``timestamp`` in milliseconds."""
    if seconds not in (None, ""):
        found = _TIME.fullmatch(str(seconds))
        if found is None:
            raise BadShape(f"{str(seconds)[:40]!r} is no time of Falcon's")
        return int(found[1]) * SECOND + int((found[2] or "0").ljust(9, "0"))
    text = str(milliseconds)
    if not text.isdecimal() or len(text) > 15:
        raise BadShape(f"timestamp {text[:40]!r} is not in milliseconds since 1970")
    return int(text) * MILLISECOND
