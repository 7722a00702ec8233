"""Reads Jamf Protect's alerts, one JSON object a line, bare or within ``input``.

An alert is not a recording: it comes only where an analytic of Jamf's matched, and says what
matched and which processes and files it concerned. A download names no process.

Assumed from few samples: that ``GPProcessEvent`` of type 1 is an exec, that the types of
``GPFSEvent`` are those of macOS's fsevents, that ``processIdentifier`` is the pidversion, and that
``signerType`` 0 is Apple, 2 a developer, 3 ad hoc and 4 unsigned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from witnessmark.model.events import FileRef, Kind, Process
from witnessmark.telemetry import jamf_alert_shapes as shape
from witnessmark.telemetry import swift
from witnessmark.telemetry.format import SECOND, BadShape, Found, fills, never

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KIND: Final = "jamf-alerts"
TITLE: Final = "Jamf Protect, alerts"
FILLS: Final = fills(
    present="""exec denied log message pidversion ppid original_ppid signing_id team_id cdhash args
    ino dev""",
    derived="""close create rename unlink modified parent responsible start_ns cs_flags
    platform_binary""",
)
TIME_RESOLUTION: Final = 1_000
LOSS_SIGNALS: Final = ()
UNKNOWN: Final = never(FILLS)
_NOBODY: Final = swift.process(token=swift.token(pid=0), path="", simulated=UNKNOWN)
_SIGNED: Final = {0: 0x20000001, 1: 0x20000001, 2: 0x20000001, 3: 0x20000003}
_LAST: Final = 1e11
_UNSIGNED: Final = -67062
"""``errSecCSUnsigned``. signerType 4 with another status means that Jamf could not look."""
_ALERT = msgspec.json.Decoder(shape.Alert)


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found:
        """One alert."""
        outer = _ALERT.decode(line)
        alert = outer.input or outer
        if alert.type is None or alert.match is None:
            raise BadShape("no alert of Jamf Protect's: it lacks eventType or match")
        event = alert.match.event
        related = alert.related or shape.Related()
        make = _TYPES.get(alert.type)
        kind, process, details = make(event, related) if make else _other(event, related)
        host = alert.host
        return Found(
            name=alert.type[:64],
            kind=kind,
            time_ns=_moment(event.timestamp),
            process=process,
            details=details,
            host=(host.hostname or host.serial) if host else None,
        )


def _moment(seconds: float) -> int:
    """Seconds since 1970 with decimals, to the microsecond that a float can hold."""
    if not 0 <= seconds < _LAST:
        raise BadShape(f"{seconds} s is no time after 1970")
    return round(seconds * 1_000_000) * 1_000


def _process(raw: shape.Proc) -> Process:
    if raw.pid <= 0:
        raise BadShape(f"pid {raw.pid} is not a process")
    sign = raw.signing or shape.Signing()
    answers, start, signer = raw.responsible, raw.start, sign.signer
    ppid = raw.ppid if raw.ppid is not None and raw.ppid >= 0 else None
    return swift.process(
        token=swift.token(pid=raw.pid, pidversion=raw.version),
        path=raw.path,
        parent=swift.token(pid=ppid) if ppid else None,
        ppid=ppid,
        original_ppid=raw.original_ppid,
        responsible=swift.token(pid=answers) if answers and answers > 0 else None,
        start_ns=None if start is None else _moment(start) // SECOND * SECOND,
        signing_id=sign.appid or None,
        team_id=sign.teamid or None,
        cdhash=sign.cdhash.hex().upper() if sign.cdhash else None,
        cs_flags=0 if sign.status == _UNSIGNED else _SIGNED.get(-1 if signer is None else signer),
        platform_binary=None if signer is None else signer == 0,
        simulated=UNKNOWN,
    )


def _actor(event: shape.Happened, related: shape.Related) -> Process:
    """The related process that acted; pid 0 where the alert describes none."""
    if isinstance(event.process, shape.Proc):
        return _process(event.process)
    found = next((item for item in related.processes if item.pid == event.pid), None)
    if found is not None:
        return _process(found)
    if event.pid is not None and event.pid < 0:
        raise BadShape(f"pid {event.pid} is not a process")
    if event.pid:
        return swift.process(token=swift.token(pid=event.pid), path="", simulated=UNKNOWN)
    return _NOBODY


def _exec(event: shape.Happened, related: shape.Related) -> tuple[Kind, Process, dict[str, Any]]:
    target = _actor(event, related)
    if event.kind != 1 or target.token.pid == 0:
        return Kind.OTHER, target, {}
    described = (event.process, *related.processes)
    ours = (item for item in described if isinstance(item, shape.Proc))
    raw = next((item for item in ours if item.pid == target.token.pid), None)
    before = swift.process(
        token=swift.token(pid=target.token.pid), path="", ppid=target.ppid, simulated=UNKNOWN
    )
    above = next((item for item in related.processes if item.pid == target.ppid), None)
    parent = None if above is None else _process(above)
    args = tuple(raw.args) if raw is not None and raw.args else None
    return Kind.EXEC, before, {"target": target, "args": args, "parent": parent}


def _denied(event: shape.Happened, related: shape.Related) -> tuple[Kind, Process, dict[str, Any]]:
    target = _actor(event, related)
    if event.blocked is False:
        return Kind.OTHER, target, {}
    details: dict[str, Any] = {"target": target}
    return Kind.DENIED, target, details | ({"message": event.message} if event.message else {})


def _file(event: shape.Happened, related: shape.Related) -> tuple[Kind, Process, dict[str, Any]]:
    process = _actor(event, related)
    kind = _FSEVENTS.get(event.kind if event.kind is not None else -1, Kind.OTHER)
    details: dict[str, Any] = {"file": _ref(event)}
    if kind is Kind.RENAME:
        if not event.previous:
            raise BadShape("a rename without prevFile")
        details["source_file"] = swift.file_ref(path=event.previous)
    return kind, process, details | ({"modified": True} if kind is Kind.CLOSE else {})


def _download(event: shape.Happened, _: shape.Related) -> tuple[Kind, Process, dict[str, Any]]:
    """A finished download: content that came by a process that is not named."""
    return Kind.CLOSE, _NOBODY, {"file": _ref(event), "modified": True}


def _ref(event: shape.Happened) -> FileRef:
    if not event.path:
        raise BadShape("a file event without path")
    return swift.file_ref(path=event.path, dev=event.dev, ino=event.inode)


def _log(event: shape.Happened, _: shape.Related) -> tuple[Kind, Process, dict[str, Any]]:
    pid = event.logger if event.logger is not None and event.logger > 0 else 0
    process = swift.process(token=swift.token(pid=pid), path=event.image or "", simulated=UNKNOWN)
    subsystem = f"{event.subsystem or ''}:{event.category or ''}"
    return Kind.LOG, process, {"message": event.message or "", "subsystem": subsystem}


def _other(event: shape.Happened, related: shape.Related) -> tuple[Kind, Process, dict[str, Any]]:
    return Kind.OTHER, _actor(event, related), {}


_FSEVENTS: Final = {0: Kind.CREATE, 1: Kind.UNLINK, 3: Kind.RENAME, 4: Kind.CLOSE}
_TYPES: Final[
    Mapping[str, Callable[[shape.Happened, shape.Related], tuple[Kind, Process, dict[str, Any]]]]
] = {
    "GPProcessEvent": _exec,
    "GPFSEvent": _file,
    "GPDownloadEvent": _download,
    "GPGatekeeperEvent": _denied,
    "GPPreventedExecutionEvent": _denied,
    "GPThreatMatchExecEvent": _denied,
    "GPUnifiedLogEvent": _log,
}
