"""What an init is given to work with, and where it tells its port: one form for each mode.

In prefix mode it reads and writes its host's folder. In namespace mode that folder is not there for
it: it finds three descriptors open, and nothing that leads to a folder of this machine.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from witnessmark.standin.broken import given, late_s, modes_bind
from witnessmark.standin.faults.oslog import LogFaults
from witnessmark.standin.pidfile import write_pid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRETS_FD, PORT_FD, LOG_FD = 3, 4, 5
"""A pipe with the keys, the file for the port, and the server's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """``root`` is put before every path of the host: empty where `/` is its own."""

    root: str
    host_key: str
    authorized: str
    log: logging.Handler
    late_s: float
    """How many seconds late its answers are to come: a fault."""
    former_port: int
    """Where the host listened before it was booted again; 0, which means any, for a new one."""
    log_faults: LogFaults
    """How its unified log is broken: a fault."""
    announce: Callable[[int], None]
    """Told the port once the server listens on it."""


def from_folder(state: Path) -> Station:
    """Prefix mode. File modes are made to bind first, if a fault needs it."""
    modes_bind(state)

    def announce(port: int) -> None:
        write_pid(state / "init.pid", os.getpid())
        partial = state / "port.partial"
        partial.write_text(f"{port}\n", encoding="ascii")
        partial.replace(state / "port")

    return Station(
        root=str(state / "root"),
        host_key=(state / "host_key").read_text(encoding="ascii"),
        authorized=(state / "authorized_keys").read_text(encoding="ascii"),
        log=logging.FileHandler(state / "sshd.log", encoding="utf-8", errors="backslashreplace"),
        late_s=late_s(state),
        former_port=former_port(state),
        log_faults=LogFaults(given(state)),
        announce=announce,
    )


def from_descriptors() -> Station:
    """Namespace mode; the recorder writes init's pid, which this process does not know."""
    with os.fdopen(SECRETS_FD, encoding="ascii") as pipe:
        secrets = json.load(pipe)
    log: TextIO = os.fdopen(LOG_FD, "a", encoding="utf-8", errors="backslashreplace")

    def announce(port: int) -> None:
        os.write(PORT_FD, b"%d\n" % port)  # in one call, so that a reader sees all or nothing
        os.close(PORT_FD)

    return Station(
        root="",
        host_key=secrets["host_key"],
        authorized=secrets["authorized"],
        log=logging.StreamHandler(log),
        late_s=secrets["late_s"],
        former_port=secrets["former_port"],
        log_faults=LogFaults(secrets["log_faults"]),
        announce=announce,
    )


def hand_over(state: Path) -> None:
    """Before init runs, still outside of its namespaces: opens what `from_descriptors` expects."""
    secrets = {
        "host_key": (state / "host_key").read_text(encoding="ascii"),
        "authorized": (state / "authorized_keys").read_text(encoding="ascii"),
        "late_s": late_s(state),
        "former_port": former_port(state),
        "log_faults": [item for item in given(state) if item.get("layer") == "log"],
    }
    reader, writer = os.pipe()
    os.write(writer, json.dumps(secrets).encode())
    os.close(writer)
    flags = os.O_WRONLY | os.O_CREAT
    opened = (
        (reader, SECRETS_FD),
        (os.open(state / "port", flags | os.O_TRUNC, 0o600), PORT_FD),
        (os.open(state / "sshd.log", flags | os.O_APPEND, 0o600), LOG_FD),
    )
    # All of them go out of the way before any is put into its place.
    moved = [(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10), place) for fd, place in opened]
    for fd, place in moved:
        os.dup2(fd, place)


def former_port(state: Path) -> int:
    """Where the host listened before it was booted again; 0, which means any, for a new one."""
    path = state / "former_port"
    return int(path.read_text(encoding="ascii")) if path.exists() else 0
