"""Ends a tied stand-in with the process that it belongs to, by nobody's help and without a file.

The warden (warden.py) removes the files; but it may be killed, the folder with the pid files may be
deleted first, or the owner may die before it has written them. So the recorder watches its owner
itself.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from witnessmark.standin.pidfile import Process

GRACE_S = 5.0


def end_with(owner: Process) -> None:
    """When ``owner`` has ended, ends this process: as if ordered to, later the hard way.

    To be called once SIGTERM is taken care of and nothing will be forked any more.
    """
    threading.Thread(target=_watch, args=(owner,), name="owner", daemon=True).start()


def _watch(owner: Process) -> None:
    owner.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)  # the kernel ends whatever it traces with it
