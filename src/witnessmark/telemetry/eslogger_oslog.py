"""Reads a unified log into which ``eslogger --oslog`` writes Endpoint Security's events.

Only what ``/usr/bin/eslogger`` itself logged counts: any process may choose the subsystem
``com.apple.eslogger``, but none its image's path. All else that the log says is read as by the kind
``unifiedlog``. ``--oslog`` cuts a record at 32 kB (1 kB under a subsystem of one's own): one that
is cut is counted as lost, by eslogger's own account, and never read in part.

Assumed, not seen in a capture: that the message is eslogger's JSON and nothing besides, how ``log``
marks that one was cut (``<…>``), and that one eslogger writes at a time, since its records are
numbered by the process that wrote them.
"""

from __future__ import annotations

from typing import Final

import msgspec

from witnessmark.telemetry import eslogger, unifiedlog
from witnessmark.telemetry.format import BadShape, Fill, Found

KIND: Final = "eslogger-oslog"
TITLE: Final = "unified log with `eslogger --oslog`, NDJSON of `log`"
FILLS: Final = {
    **eslogger.FILLS,
    "log": Fill.PRESENT,
    "denied": Fill.DERIVED,
    "message": Fill.PRESENT,
}
TIME_RESOLUTION: Final = eslogger.TIME_RESOLUTION
LOSS_SIGNALS: Final = (
    *eslogger.LOSS_SIGNALS,
    "records that were cut at eslogger's limit",
    *unifiedlog.LOSS_SIGNALS,
)
PROGRAM: Final = "/usr/bin/eslogger"
CATEGORY: Final = "events"
"""Its other category, main, holds what eslogger says of itself."""
LIMIT: Final = 32 << 10
"""Bytes of a message that ``--oslog`` keeps (eslogger(1))."""
OWN_LIMIT: Final = 1 << 10
"""The same under a subsystem other than com.apple.eslogger."""
_NEAR: Final = 64
"""By how many bytes a cut message may be shorter than its limit: a cut never splits a character,
and the log's own end mark takes some."""
_MARKS: Final = ("<…>", "<...>")
_RECORD = msgspec.json.Decoder(unifiedlog.Record)


def reader() -> _Reader:
    """A reader for one stream."""
    return _Reader()


class _Reader:
    def __init__(self) -> None:
        self._log, self._events = unifiedlog.reader(), eslogger.reader()

    def read(self, line: bytes, whole: bool) -> Found:
        """One record."""
        found = self._log.read(line, whole)
        if found.process is None or found.process.path != PROGRAM:
            return found
        record = _RECORD.decode(line)
        if record.category != CATEGORY:
            return Found(name=f"eslogger:{record.category or ''}"[:64], time_ns=found.time_ns)
        return self._event(record.event_message or "", found.time_ns)

    def _event(self, message: str, time_ns: int | None) -> Found:
        data = message.encode()
        try:
            return self._events.read(data, True)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError as error:
            if (lost := cut(message, len(data))) is not None:
                return Found(name="truncated", time_ns=time_ns, lost=lost)
            raise BadShape(f"what eslogger logged is no JSON: {error}") from None


def cut(message: str, size: int) -> str | None:
    """That a message which is no JSON was cut, in words; None if nothing shows that.

    It was if it is about as long as a limit, or ends with the log's own mark.
    """
    near_own = abs(size - OWN_LIMIT) <= _NEAR
    if near_own or size >= LIMIT - _NEAR or message.rstrip().endswith(_MARKS):
        return f"eslogger's record was cut at {size} bytes"
    return None
