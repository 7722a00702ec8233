"""Tells a host that its controller is still there, and starts the timer that waits for it."""

from __future__ import annotations

import contextlib
import math
import threading
from typing import TYPE_CHECKING

from witnessmark.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.hosts.transport import Scratch, Transport

BEAT_S = 1.0
"""Seconds between two signs of life; `cleanup` listens for five times that."""


@contextlib.contextmanager
def guarded(transport: Transport, own: str, run_id: str) -> Iterator[None]:
    """While this lasts, the host knows that its controller lives; its dead-man timer runs.

    ``own`` is the run's folder on the host in the host's real paths. The timer goes on after this
    ends, until teardown ends it or until it has waited long enough to clean up by itself.

    Raises:
        HostError: if the timer cannot be started: nothing is played where nothing would clean up.
    """
    host = transport.host
    limit = str(math.ceil(host.dead_man_s))
    argv = ["/bin/sh", f"{own}/pack/lib/deadman.sh", run_id, limit]
    if transport.run(argv, env={}, timeout_s=20.0).status != 0:
        raise HostError(f"{host.name}: the dead-man timer could not be started; nothing was played")
    file = transport.scratch(f"{own.removeprefix(host.path_prefix)}/heartbeat")
    over = threading.Event()
    thread = threading.Thread(
        target=_beat, args=(file, over), name=f"heartbeat-{host.name}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30.0)
        with contextlib.suppress(HostError):
            file.close()


def _beat(file: Scratch, over: threading.Event) -> None:
    """One number more each time. A host that cannot be reached is told by all else that is done."""
    count = 0
    while True:
        count += 1
        with contextlib.suppress(HostError):
            file.put(b"%020d\n" % count)
        if over.wait(BEAT_S):
            return
