"""Starts programs as the host's init's own children for whoever on the host asks, as launchd does.

Asked over a socket in the host's tree: one JSON line, answered by one. ``{"argv": [...]}`` starts a
program once; ``{"submit": LABEL, "argv": [...]}`` a job that is started again whenever it has
ended, ``{"remove": LABEL}`` ends it, ``{"list": true}`` tells of all. Only the host's own user is
served.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import threading
from typing import TYPE_CHECKING

from witnessmark.standin.labels import JobError, Labels
from witnessmark.standin.listening import listener

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
    asked = listener(root / SOCKET)
    jobs = Jobs(table, login, log)

    def listen() -> None:
        while True:
            sock, _ = asked.accept()
            threading.Thread(target=jobs.answer, args=(sock,), daemon=True).start()

    threading.Thread(target=listen, name="jobs", daemon=True).start()


class Jobs:
    """What init starts for others: programs that run once, and labelled jobs that are kept up."""

    def __init__(self, table: ProcessTable, login: Mapping[str, str], log: logging.Logger) -> None:
        self._table = table
        self._login = login
        self._log = log
        self._labels = Labels(self._spawn)

    def answer(self, sock: socket.socket) -> None:
        """Serves one request of the host's own user."""
        with sock:
            try:
                sock.settimeout(_PATIENCE_S)
                peer = struct.unpack(
                    "3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
                )
                if peer[1] != os.geteuid():
                    return
                with sock.makefile("rb") as file:
                    said = self._carried_out(file.readline(_LONGEST))
                sock.sendall(json.dumps(said).encode() + b"\n")
            except OSError as problem:
                self._log.info("a job's asker went away: %s", problem)

    def _carried_out(self, line: bytes) -> dict[str, object]:
        try:
            return self._do(json.loads(line))
        except JobError as problem:
            return {"error": str(problem)}
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as problem:
            return {"error": f"no request: {problem}"}
        except OSError as problem:
            return {"error": problem.strerror or str(problem)}

    def _do(self, request: dict[str, object]) -> dict[str, object]:
        if "list" in request:
            return {"jobs": self._labels.told()}
        if "remove" in request:
            self._labels.remove(str(request["remove"]))
            return {}
        argv = _words(request["argv"])
        if "submit" in request:
            self._labels.submit(str(request["submit"]), argv)
            return {}
        child = self._spawn(argv)
        threading.Thread(target=_forget, args=(child,), daemon=True).start()
        return {"pid": child.pid}

    def _spawn(self, argv: list[str]) -> Child:
        nowhere = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0)
        same = [(os.POSIX_SPAWN_DUP2, 0, fd) for fd in (1, 2)]
        child = self._table.spawn(argv[0], argv, self._login, [nowhere, *same])
        self._log.info("started pid %d for a job", child.pid, extra={"category": "launchd"})
        return child


def _words(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("argv is no list")
    return [str(word) for word in value]


def _forget(child: Child) -> None:
    select.select([child.ended.fd], [], [])
    child.ended.close()
