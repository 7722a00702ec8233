"""The organisation's log pipeline, as far as a stand-in needs one: shipper and log server in one.

    python -m witnessmark.standin.shipper --store STORE --destination FILE --state FILE
        --host PID:STARTED [--faults FILE] [--alerts FILE --name HOST --window SECONDS]

follows a host's event store and appends every line to the destination, at once and unchanged. It
belongs to the organisation, not to the host: it runs outside of the host's root and its processes
are in nobody's telemetry. What was delivered is noted after it was written, so a shipper that is
killed delivers some lines twice when it comes back, and loses none. It ends with its host.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.errors import ContentError

from . import faults
from .alerting import Alerter
from .faults.shipper import ShipperFaults
from .follow import Follower, Position
from .inotify import Inotify
from .keys import replace
from .pidfile import Process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .faults import Fault

WRITTEN = 0x2 | 0x80 | 0x100
"""IN_MODIFY, IN_MOVED_TO and IN_CREATE, of any file in the store's folder."""
_PACE_S = 0.002
"""Between two looks while a host is busy: many lines cost one write."""
_POLL_S = 0.02
"""Between two looks where the kernel has no inotify left to tell us."""
_RETRY_S = 1.0


class Shipper:
    """Carries lines from a store to its destination until its host has ended."""

    def __init__(
        self,
        store: Path,
        destination: Path,
        state: Path,
        broken: Sequence[Fault] = (),
        alerter: Alerter | None = None,
    ) -> None:
        self._alerter = alerter
        self._state = state
        self._follower = Follower(store, _position(state), warn)
        self._faults = ShipperFaults(broken)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._out = os.open(destination, flags, 0o600)
        self._destination = destination

    def step(self) -> float | None:
        """Deliver what has come; seconds until something held is due, or None."""
        lines = self._follower.lines()
        ready = [line for taken in lines for line in self._faults.take(taken)]
        self._deliver([*ready, *self._faults.due()])
        if lines:
            self._note()
        held = [self._faults.wait_s(), self._alerter.wait_s() if self._alerter else None]
        return min((item for item in held if item is not None), default=None)

    def finish(self) -> None:
        """The host has ended: deliver what is left and let go."""
        self.step()
        self._deliver(self._faults.rest())
        if self._alerter is not None:
            self._alerter.finish()
        self._follower.close()
        os.close(self._out)

    def _deliver(self, lines: list[bytes]) -> None:
        if self._alerter is not None:
            self._alerter.take(lines)
        data = b"".join(lines)
        while data:
            try:
                data = data[os.write(self._out, data) :]
            except OSError as problem:
                warn(f"{self._destination}: {problem.strerror}; trying again")
                time.sleep(_RETRY_S)

    def _note(self) -> None:
        position = self._follower.position()
        if position is not None:
            replace(self._state, json.dumps(position.as_json()) + "\n")


def ship(shipper: Shipper, store: Path, host: Process) -> None:
    """Deliver until the host has ended or SIGTERM came; sleeps while there is nothing to do."""
    if (pidfd := _pidfd(host)) is None:
        shipper.finish()
        return
    wake, _poke = _wakeups()
    watch = _watch(store.parent)
    poll = select.poll()
    for descriptor in (wake, pidfd, *([watch.fd] if watch else [])):
        poll.register(descriptor, select.POLLIN)
    while True:
        wait_s = shipper.step()
        if watch is None:
            wait_s = min(_POLL_S, _POLL_S if wait_s is None else wait_s)
        ready = poll.poll(None if wait_s is None else wait_s * 1000)
        if any(descriptor in (wake, pidfd) for descriptor, _ in ready):
            shipper.finish()
            return
        if watch is not None:
            time.sleep(_PACE_S)
            list(watch.read())


def warn(sentence: str) -> None:
    """One line on standard error, which is a file of the host's folder."""
    print(f"shipper: {sentence}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exits with 0 when the host has ended, with 2 for a wrong faults file."""
    parser = argparse.ArgumentParser(prog="python -m witnessmark.standin.shipper")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--destination", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True, help="where to note what is done")
    parser.add_argument("--host", required=True, metavar="PID:STARTED", help="its recorder")
    parser.add_argument("--faults", type=Path)
    parser.add_argument("--alerts", type=Path, help="raise alerts too, into this file")
    parser.add_argument("--name", default="", help="how alerts call the host")
    parser.add_argument("--window", type=float, default=600.0, help="of the alerts' rule, in s")
    options = parser.parse_args(arguments)
    pid, started = map(int, options.host.split(":"))
    try:
        broken = faults.load(options.faults) if options.faults else ()
    except ContentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    alerter = None
    if options.alerts is not None:
        alerter = Alerter(options.alerts, options.name, options.window, broken)
    shipper = Shipper(options.store, options.destination, options.state, broken, alerter)
    ship(shipper, options.store, Process(pid, started))
    return 0


def _position(state: Path) -> Position | None:
    try:
        return Position(**json.loads(state.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, OSError) as problem:
        warn(f"{state}: not understood ({problem}); everything is delivered once more")
        return None


def _wakeups() -> tuple[int, int]:
    """A pipe that SIGTERM writes into, so that no signal cuts a delivery in two."""
    wake, poke = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(poke)
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    return wake, poke


def _watch(folder: Path) -> Inotify | None:
    try:
        watch = Inotify()
        watch.watch(os.fsencode(folder), WRITTEN)
    except OSError as problem:
        warn(f"{problem.strerror}; looking every {_POLL_S} s instead")
        return None
    return watch


def _pidfd(host: Process) -> int | None:
    """A descriptor that becomes readable when the host ends; None if it has ended already."""
    try:
        found = os.pidfd_open(host.pid)
    except ProcessLookupError:
        return None
    if host.alive():
        return found
    os.close(found)
    return None


if __name__ == "__main__":
    raise SystemExit(main())
