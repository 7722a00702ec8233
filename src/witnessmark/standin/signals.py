"""The recorder's second thread: takes signals while the first one sleeps until something stops.

All of them are blocked everywhere and taken by sigwait, so that none can come at a bad moment or be
missed. SIGIO means that a file was changed or closed; the others are the order to end the host.
"""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WAKING = frozenset({signal.SIGIO, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_CLOSE_DELAY = 0.01
"""Most closes are written at the next stop anyway; only in a silent host must they be fetched."""


class SignalTaker:
    """Runs `changed` shortly after files changed, `ordered` at once on SIGTERM, INT or HUP.

    Both run while holding `quiet`. Use as a context manager, with `WAKING` blocked.
    """

    def __init__(
        self,
        quiet: threading.Lock,
        *,
        changed: Callable[[], None],
        ordered: Callable[[], None],
    ) -> None:
        self._quiet = quiet
        self._changed = changed
        self._ordered = ordered
        self._over = False
        self._thread = threading.Thread(target=self._take, name="signals", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over = True
        signal.pthread_kill(self._thread.ident or 0, signal.SIGIO)
        self._thread.join()

    def _take(self) -> None:
        while not self._over:
            got = signal.sigwait(WAKING)
            if got != signal.SIGIO:
                with self._quiet:
                    self._ordered()
            elif not self._over:
                time.sleep(_CLOSE_DELAY)
                with self._quiet:
                    self._changed()
