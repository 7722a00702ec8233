"""Takes what processes of a host say for its log, as a Mac's syslog(3) socket does.

One JSON line ``{"message": ..., "priority": ...}`` is answered by one, so that its sender still
lives while the kernel is asked who that is: the pid is the socket's (unix(7), SO_PEERCRED), the
image what runs under it. Neither is taken from the message.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.standin.listening import listener

if TYPE_CHECKING:
    import logging

    from witnessmark.standin.oslog import OsLog

SOCKET = "private/var/run/syslog"
_LONGEST = 1 << 16
_PATIENCE_S = 10.0
KEPT = {
    **dict.fromkeys(("emerg", "alert", "crit"), "Fault"),
    "err": "Error",
    **dict.fromkeys(("warning", "notice"), "Default"),
}
"""Priorities to the log's types; info and debug are not kept, as on a Mac (os_log(5))."""
PRIORITIES = (*KEPT, "info", "debug")


def serve_log(root: Path, kept: OsLog, log: logging.Logger) -> None:
    """Listens from now on, in a thread of its own."""
    asked = listener(root / SOCKET)
    prefix = str(root).rstrip("/")

    def listen() -> None:
        while True:
            sock, _ = asked.accept()
            threading.Thread(
                target=_answer, args=(sock, prefix, kept, log), name="said", daemon=True
            ).start()

    threading.Thread(target=listen, name="syslog", daemon=True).start()


def _answer(sock: socket.socket, prefix: str, kept: OsLog, log: logging.Logger) -> None:
    with sock:
        try:
            sock.settimeout(_PATIENCE_S)
            pid, uid, _ = struct.unpack(
                "3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            )
            with sock.makefile("rb") as file:
                line = file.readline(_LONGEST)
            image = _image(pid).removeprefix(prefix)
            sock.sendall(json.dumps(_taken(line, kept, image, pid, uid)).encode() + b"\n")
        except OSError as problem:
            log.info("who had something to say went away: %s", problem)


def _taken(line: bytes, kept: OsLog, image: str, pid: int, uid: int) -> dict[str, object]:
    try:
        said = json.loads(line)
        kind = KEPT.get(said["priority"])
        if kind is not None:
            kept.said(str(said["message"]), kind=kind, image=image, pid=pid, uid=uid)
    except (ValueError, KeyError, TypeError) as problem:
        return {"error": f"no message: {problem}"}
    return {}


def _image(pid: int) -> str:
    """The file that runs: for a script, which an interpreter runs, that script."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    script = next((word for word in words[1:3] if word.startswith(b"/")), b"")
    if script and words[0].rpartition(b"/")[2].startswith(b"python"):
        return os.fsdecode(script)
    return str(Path(f"/proc/{pid}/exe").readlink())
