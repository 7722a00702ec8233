"""Writes canaries into a host's unified log: messages at the default level, by logger(1).

A log that is asked wrongly, or that keeps nothing, is as silent as one in which nothing happened.
A message of our own must be found in it again, before any absence means anything.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Final

from witnessmark.errors import HostError
from witnessmark.model.unifiedlog import Canary

if TYPE_CHECKING:
    from witnessmark.collect.logasked import Line
    from witnessmark.hosts.transport import Transport

PROGRAM: Final = "logger"
_SCRIPT: Final = 'echo $$; exec "$1" -p user.notice -t witnessmark "$2"'
"""The pid that is said is logger's own, since the shell becomes it."""
_LIMIT_S = 20.0


def write(transport: Transport) -> Canary:
    """Write one; what went wrong is in it, and raises nothing."""
    text = f"witnessmark canary {secrets.token_hex(8)}"
    program = f"{transport.host.path_prefix}/usr/bin/{PROGRAM}"
    began = time.time_ns()
    pid, problem = None, None
    try:
        result = transport.run(
            ["/bin/sh", "-c", _SCRIPT, "witnessmark-canary", program, text],
            env={},
            timeout_s=_LIMIT_S,
        )
    except HostError as error:
        problem = str(error)
    else:
        said = result.stdout.strip()
        pid = int(said) if said.isdigit() and len(said) < 12 else None
        if result.status != 0:
            words = " ".join(result.stderr.decode(errors="replace").split())[:200]
            problem = f"logger ended with {result.status}{': ' + words if words else ''}"
    return Canary(text=text, pid=pid, began_ns=began, ended_ns=time.time_ns(), problem=problem)


def is_of(line: Line, canary: Canary) -> bool:
    """Whether a record is a canary's, as far as waiting for it goes; a judge looks closer."""
    if line.image.rpartition("/")[2] != PROGRAM:
        return False
    return canary.text in line.message or (canary.pid is not None and line.pid == canary.pid)
