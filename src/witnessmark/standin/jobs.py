"""Starts programs as the host's init's own children for whoever on the host asks, as launchd does.

Asked over a socket in the host's tree: one JSON line ``{"argv": [...], "env": {...}}``, answered by
``{"pid": N}`` or ``{"error": "..."}``. Only the host's own user is served.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping
    from pathlib import Path

    from witnessmark.standin.spawn import Child, ProcessTable

SOCKET = "private/var/run/launchd.sock"
_LONGEST = 1 << 16
_PATIENCE_S = 10.0


def serve_jobs(
    root: Path, table: ProcessTable, login: Mapping[str, str], log: logging.Logger
) -> None:
    """Listens from now on, in a thread of its own."""
    path = root / SOCKET
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:  # a socket's path has room for 107 bytes only
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
    listener.listen(16)

    def listen() -> None:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=_answer, args=(sock, table, login, log), daemon=True).start()

    threading.Thread(target=listen, name="jobs", daemon=True).start()


def _answer(
    sock: socket.socket, table: ProcessTable, login: Mapping[str, str], log: logging.Logger
) -> None:
    with sock:
        try:
            sock.settimeout(_PATIENCE_S)
            peer = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            if peer[1] != os.geteuid():
                return
            with sock.makefile("rb") as file:
                said = _start(file.readline(_LONGEST), table, login)
            sock.sendall(json.dumps(said).encode() + b"\n")
        except OSError as problem:
            log.info("a job's asker went away: %s", problem)


def _start(line: bytes, table: ProcessTable, login: Mapping[str, str]) -> dict[str, object]:
    try:
        request = json.loads(line)
        argv, env = [str(word) for word in request["argv"]], request.get("env", {})
        nowhere = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0)
        same = [(os.POSIX_SPAWN_DUP2, 0, fd) for fd in (1, 2)]
        child = table.spawn(argv[0], argv, {**login, **env}, [nowhere, *same])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as problem:
        return {"error": f"no request: {problem}"}
    except OSError as problem:
        return {"error": problem.strerror or str(problem)}
    threading.Thread(target=_forget, args=(child,), daemon=True).start()
    return {"pid": child.pid}


def _forget(child: Child) -> None:
    select.select([child.ended.fd], [], [])
    child.ended.close()
