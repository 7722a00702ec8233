"""How a shim asks the host's init, which stands where launchd does on a Mac."""

from __future__ import annotations

import json
import os
import socket

from .host import Stop

_FOLDER, _SOCKET = "private/var/run", "launchd.sock"


def ask(
    request: dict[str, object], root: str, about: str, socket_: str = _SOCKET
) -> dict[str, object]:
    """Init's answer. Stop: it refuses, in words about ``about``, or it does not answer."""
    try:
        os.chdir(f"{root}/{_FOLDER}")  # a socket's path has room for 107 bytes only
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.connect(socket_)
            sock.sendall(json.dumps(request).encode() + b"\n")
            with sock.makefile("rb") as file:
                said = json.loads(file.readline())
    except (OSError, ValueError) as problem:
        raise Stop(f"the host's init does not answer: {problem}") from problem
    if not isinstance(said, dict) or "error" in said:
        raise Stop(f"{about}: {said['error'] if isinstance(said, dict) else said}")
    return said
