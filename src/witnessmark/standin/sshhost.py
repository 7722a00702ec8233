"""The stand-in host's init: an SSH server on 127.0.0.1, the ancestor of all its processes.

``python -m witnessmark.standin.sshhost --state HOSTDIR`` reads from HOSTDIR ``host_key``,
``authorized_keys`` (one line) and ``root/``, and writes ``port`` (atomically, once it listens),
``init.pid`` and ``sshd.log`` (connections and exits; never commands, keys or data).

The host's user is ``purple`` by name and whoever started it by uid. In prefix mode paths are the
machine's own, with the home folder at HOSTDIR/root/Users/purple.
"""

from __future__ import annotations

import argparse
import base64
import ctypes
import errno
import logging
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko

from witnessmark.standin.broken import late_s, modes_bind
from witnessmark.standin.connection import Connection
from witnessmark.standin.faults.outside import CUT
from witnessmark.standin.jobs import serve_jobs
from witnessmark.standin.oslog import OsLog
from witnessmark.standin.pidfile import write_pid
from witnessmark.standin.spawn import ProcessTable
from witnessmark.standin.tree import HOME, TEMPORARY, USER, search_path

if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_SET_CHILD_SUBREAPER = 36
_MAX_CONNECTIONS = 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until killed."""
    parser = argparse.ArgumentParser(prog="python -m witnessmark.standin.sshhost")
    parser.add_argument("--state", type=Path, required=True, metavar="HOSTDIR")
    state = parser.parse_args(arguments).state.absolute()
    become_init(state / "root")
    modes_bind(state)
    log = _open_log(state / "sshd.log", OsLog(state / "root"))
    host_key = paramiko.Ed25519Key.from_private_key_file(str(state / "host_key"))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", former_port(state)))
        listener.listen(128)
        write_pid(state / "init.pid", os.getpid())
        announce(state / "port", listener.getsockname()[1])
        _serve(listener, state, host_key, log)
    return 0


def become_init(root: Path) -> None:
    """Adopts orphans, works from the home folder, and keeps inherited descriptors to itself."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - entries of a living folder
        try:
            if int(name) > 2:
                os.set_inheritable(int(name), False)
        except OSError:
            pass  # the one that listed the folder
    os.umask(0o022)
    os.chdir(root / HOME)


def environment(root: Path) -> dict[str, str]:
    """What a Mac's sshd gives a log-in (it sets no LANG); nothing of the controller's."""
    return {
        "HOME": str(root / HOME),
        "USER": USER,
        "LOGNAME": USER,
        "SHELL": "/bin/sh",
        "PATH": search_path(root),
        "TMPDIR": f"{root / TEMPORARY}/",
    }


def announce(path: Path, port: int) -> None:
    """Writes ``port`` so that a reader sees all of it or nothing."""
    partial = path.with_suffix(".partial")
    partial.write_text(f"{port}\n", encoding="ascii")
    partial.replace(path)


def former_port(state: Path) -> int:
    """Where the host listened before it was booted again; 0, which means any, for a new one."""
    path = state / "former_port"
    return int(path.read_text(encoding="ascii")) if path.exists() else 0


def _open_log(path: Path, own: OsLog) -> logging.Logger:
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it logs tracebacks of bad clients
    logging.Formatter.converter = time.gmtime
    handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(
        logging.Formatter("%(asctime)s.%(msecs)03dZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    )
    log = logging.getLogger("standin")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    log.addHandler(own)
    return log


def _serve(
    listener: socket.socket, state: Path, host_key: paramiko.PKey, log: logging.Logger
) -> None:
    table, slots = ProcessTable(), threading.BoundedSemaphore(_MAX_CONNECTIONS)
    login, live = environment(state / "root"), set[socket.socket]()
    late = late_s(state)
    signal.signal(CUT, lambda *_: _cut(tuple(live)))
    serve_jobs(state / "root", table, login, log)

    def authorized() -> bytes:
        line = (state / "authorized_keys").read_text(encoding="ascii")
        return base64.b64decode(line.split()[1], validate=True)

    def serve(sock: socket.socket) -> None:
        try:
            with sock:
                Connection(
                    sock,
                    host_key=host_key,
                    authorized=authorized,
                    environment=login,
                    table=table,
                    log=log,
                    late_s=late,
                ).serve()
        except OSError as problem:  # gone before it said a word
            log.info("connection failed: %s", problem)
        finally:
            live.discard(sock)
            slots.release()

    log.info("listening on port %d", listener.getsockname()[1])
    while True:
        try:
            sock, peer = listener.accept()
        except OSError as problem:
            if problem.errno not in (errno.EMFILE, errno.ENFILE, errno.ECONNABORTED, errno.EINTR):
                raise
            log.warning("accept: %s", problem)
            time.sleep(0.1)
            continue
        if not slots.acquire(blocking=False):
            log.warning("%s:%d: too many connections", *peer)
            sock.close()
            continue
        live.add(sock)
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


def _cut(sockets: Sequence[socket.socket]) -> None:
    """Break these connections without a word, as a pulled cable does at last."""
    for sock in sockets:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it had ended by itself


if __name__ == "__main__":
    raise SystemExit(main())
