"""Raises alerts over what a stand-in's pipeline delivered, as an organisation's SIEM would.

One JSON object a line, in the plain shape of docs/alerts.md. The rules are rules.py's; what becomes
of an alert on its way is broken by faults of the layer ``alerts``.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from .faults.alerts import AlertFaults
from .rules import CLAUSES, Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .faults import Fault
    from .rules import Hit

NAME = "alerts.ndjson"
"""The file of a host's alerts, beside what is delivered of it."""


class Alerter:
    """Reads delivered lines and appends alerts to a file."""

    def __init__(
        self, path: Path, host: str, window_s: float, broken: Sequence[Fault] = ()
    ) -> None:
        weak = [item for item in broken if (item.layer, item.action) == ("alerts", "weaken")]
        lacks = frozenset(word for item in weak for word in item.words("lacks"))
        self._rules = Rules(window_s=window_s, lacks=lacks & set(CLAUSES))
        self._faults = AlertFaults(broken)
        self._host, self._count = host, 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._out = os.open(path, flags, 0o600)

    def take(self, lines: Iterable[bytes]) -> None:
        """Raise what these lines make the rules match, and what was held and is due."""
        raised = [self._line(hit) for line in lines for hit in self._rules.take(line)]
        ready = [line for one in raised for line in self._faults.take(one)]
        self._write([*ready, *self._faults.due()])

    def wait_s(self) -> float | None:
        """Seconds until something held is due, or None."""
        return self._faults.wait_s()

    def finish(self) -> None:
        """The host has ended: raise what is held and let go."""
        self._write(self._faults.rest())
        os.close(self._out)

    def _line(self, hit: Hit) -> bytes:
        self._count += 1
        alert = {
            "id": f"{self._host}-{os.getpid()}-{self._count}",
            "rule": {"id": hit.rule},
            "host": {"name": self._host},
            "process": {
                "pid": hit.pid,
                "path": hit.path,
                **({"script": hit.script} if hit.script else {}),
                "time": hit.time,
            },
        }
        return json.dumps(alert).encode() + b"\n"

    def _write(self, lines: list[bytes]) -> None:
        data = b"".join(lines)
        while data:
            data = data[os.write(self._out, data) :]
