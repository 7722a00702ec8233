"""Near misses: why a candidate stayed silent, in a sentence for the report."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.model.detections import ExecRef

if TYPE_CHECKING:
    from witnessmark.analytic.trace import Trace
    from witnessmark.model.events import Event

MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """An execution that came close: the rule that held it back, and by what."""

    rule: str
    host: str
    exec: ExecRef
    reason: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}"


class Misses:
    """Keeps the latest near misses, never more than ``MOST``, and tells the trace of each."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.kept: deque[Miss] = deque(maxlen=MOST)

    def add(self, rule: str, event: Event, script: str | None, reason: str) -> None:
        """Note that ``rule`` kept an execution silent."""
        ref = exec_ref(event, script)
        self.kept.append(Miss(rule=rule, host=event.host, exec=ref, reason=reason))
        self._trace.say(rule, False, reason)


def exec_ref(event: Event, script: str | None) -> ExecRef:
    """A reference to an exec event; ``script`` is the operand where ES names no script (B3)."""
    target = event.target
    assert target is not None
    return ExecRef(
        pid=target.token.pid,
        pidversion=target.token.pidversion,
        seq=event.global_seq,
        event_id=event.id,
        path=target.path,
        script=script,
        time_ns=event.time_ns,
        ppid=target.ppid,
    )


def seconds(nanoseconds: int) -> str:
    """``612 s``, ``5.1 s``: at most three decimals, none that say nothing."""
    return f"{nanoseconds / 1e9:.3f}".rstrip("0").rstrip(".") + " s"
