"""Faults of the host itself and of the way to it: the sensor is well, but the host or SSH is not.

What happens at an event is done here, by the recorder; what is wrong from the start is done by
`witnessmark.standin.broken` before the host boots.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from witnessmark.standin.pidfile import read_pid

from .known import SECONDS, Action, Fault, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

HOST: Mapping[str, Action] = {
    "power-off": Action(what="at this event the host loses its power; the event is not written"),
    "reboot": Action(
        what="at this event the host loses its power, and is booted again; the event is not written"
    ),
    "read-only": Action(
        what="nobody may write in this folder of the user's home",
        needs={"folder": one_of("Downloads", "Documents", "Desktop", "Library/Caches")},
        selects=False,
    ),
    "full": Action(
        what="after this event the disk is full: whatever needs room on it fails with ENOSPC, and "
        "the event store keeps no more either (x86_64 only)"
    ),
    "slow": Action(
        what="every command's answer comes so many seconds late: half before it begins, half "
        "after its end",
        needs={"seconds": SECONDS},
        selects=False,
    ),
    "no-browser": Action(
        what="no browser is installed; the inventory says nothing of one or, if it promises, "
        "names one all the same",
        may={"inventory": one_of("promises", "silent")},
        selects=False,
    ),
}
TRANSPORT: Mapping[str, Action] = {
    "cut": Action(what="at this event every SSH connection to the host breaks; it lives on"),
    "refuse": Action(what="the host refuses the controller's key", selects=False),
    "wrong-key": Action(what="the host's key is another one than known_hosts says", selects=False),
}
_AT_AN_EVENT = ("power-off", "reboot", "cut", "full")
LEFT = "reboots"
"""Lies in the host's folder while it is to be booted again."""
CUT = signal.SIGUSR1
"""Tells a host's SSH server to drop its connections."""


class OutsideFaults:
    """The host's and the transport's faults of one recording, told of every event first."""

    def __init__(
        self,
        items: Sequence[Fault],
        faults_file: Path | None,
        note: Callable[[Fault, str, Iterable[str]], None],
    ) -> None:
        self._faults = [item for item in items if item.action in _AT_AN_EVENT]
        self.full = False
        """Whether the disk has no room any more."""
        self._init = None if faults_file is None else faults_file.with_name("init.pid")
        self._left = None if faults_file is None else faults_file.with_name(LEFT)
        self._note = note

    @property
    def fills(self) -> bool:
        """Whether the disk is to be full at some event."""
        return any(fault.action == "full" for fault in self._faults)

    def at(self, event: str, names: Iterable[str]) -> None:
        """Does what a fault wants at this event; may end this process, and so the host, at once."""
        for fault in self._faults:
            if fault.takes(event, names):
                self._note(fault, event, names)
                if fault.action == "reboot" and self._left is not None:
                    self._left.touch()
                if fault.action in ("power-off", "reboot"):
                    os.kill(os.getpid(), signal.SIGKILL)  # the kernel ends whatever it traces too
                elif fault.action == "full":
                    self.full = True
                else:
                    self._cut()

    def _cut(self) -> None:
        server = None if self._init is None else read_pid(self._init)
        if server is not None:
            os.kill(server.pid, CUT)
