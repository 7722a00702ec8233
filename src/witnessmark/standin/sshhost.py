"""The stand-in host's init: an SSH server on 127.0.0.1, the ancestor of all its processes.

``python -m witnessmark.standin.sshhost --state HOSTDIR`` (prefix mode) reads from HOSTDIR
``host_key``, ``authorized_keys`` (one line) and ``root/``, and writes ``port`` (atomically, once it
listens), ``init.pid`` and ``sshd.log`` (connections and exits; never commands, keys or data).
Without ``--state`` it is given all that as open descriptors (station.py): namespace mode.

The host's user is ``purple`` by name; by uid whoever started it in prefix mode, 501 in the other.
"""

from __future__ import annotations

import argparse
import base64
import ctypes
import errno
import io
import logging
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko

from witnessmark.standin.connection import Connection
from witnessmark.standin.faults.outside import CUT
from witnessmark.standin.jobs import serve_jobs
from witnessmark.standin.oslog import OsLog
from witnessmark.standin.saying import serve_log
from witnessmark.standin.spawn import ProcessTable
from witnessmark.standin.station import Station, from_descriptors, from_folder
from witnessmark.standin.tree import HOME, TEMPORARY, USER, search_path

if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_SET_CHILD_SUBREAPER = 36
_MAX_CONNECTIONS = 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until killed."""
    parser = argparse.ArgumentParser(prog="python -m witnessmark.standin.sshhost")
    parser.add_argument("--state", type=Path, metavar="HOSTDIR", help="prefix mode")
    state = parser.parse_args(arguments).state
    given = from_descriptors() if state is None else from_folder(state.absolute())
    become_init(Path(f"{given.root}/"))
    kept = OsLog(Path(f"{given.root}/"), given.log_faults)
    log = _open_log(given.log, kept)
    serve_log(Path(f"{given.root}/"), kept, log)
    host_key = paramiko.Ed25519Key.from_private_key(io.StringIO(given.host_key))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", given.former_port))
        listener.listen(128)
        given.announce(listener.getsockname()[1])
        _serve(listener, given, host_key, log)
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


def environment(root: str) -> dict[str, str]:
    """What a Mac's sshd gives a log-in (it sets no LANG); nothing of the controller's."""
    return {
        "HOME": f"{root}/{HOME}",
        "USER": USER,
        "LOGNAME": USER,
        "SHELL": "/bin/sh",
        "PATH": search_path(root),
        "TMPDIR": f"{root}/{TEMPORARY}/",
    }


def _open_log(handler: logging.Handler, own: OsLog) -> logging.Logger:
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it logs tracebacks of bad clients
    logging.Formatter.converter = time.gmtime
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
    listener: socket.socket, given: Station, host_key: paramiko.PKey, log: logging.Logger
) -> None:
    table, slots = ProcessTable(), threading.BoundedSemaphore(_MAX_CONNECTIONS)
    login, live = environment(given.root), set[socket.socket]()
    signal.signal(CUT, lambda *_: _cut(tuple(live)))
    serve_jobs(Path(f"{given.root}/"), table, login, log)

    def authorized() -> bytes:
        return base64.b64decode(given.authorized.split()[1], validate=True)

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
                    late_s=given.late_s,
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
