"""Starts a session's process on pipes or on a terminal, and keeps the client's ends of them."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from witnessmark.standin.spawn import Child, ProcessTable

SHELL = "/bin/sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What the client asked for in pty-req (RFC 4254, 6.2); sizes in characters and pixels."""

    term: str
    columns: int
    rows: int
    width: int
    height: int

    def apply(self, fd: int) -> None:
        """Sets the size of the terminal ``fd``; the kernel tells who runs there (SIGWINCH)."""
        sizes = (min(n, 65535) for n in (self.rows, self.columns, self.width, self.height))
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", *sizes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Our ends, none of them blocking; on a terminal ``stdin`` and ``stdout`` are its master."""

    child: Child
    stdin: int
    stdout: int
    stderr: int | None


def start_on_pipes(
    table: ProcessTable, argv: Sequence[str | bytes], environment: Mapping[str, str]
) -> Ends:
    """Raises OSError, with nothing left open, if the shell cannot be started."""
    pipes: list[tuple[int, int]] = []
    try:
        for _ in range(3):
            pipes.append(os.pipe())
        (child_in, stdin), (stdout, child_out), (stderr, child_err) = pipes
        childs = (child_in, child_out, child_err)
        actions = [(os.POSIX_SPAWN_DUP2, ours, fd) for fd, ours in enumerate(childs)]
        child = table.spawn(SHELL, argv, environment, actions)
    except OSError:
        for fd in (fd for pair in pipes for fd in pair):
            os.close(fd)
        raise
    for fd in childs:
        os.close(fd)
    for fd in (stdin, stdout, stderr):
        os.set_blocking(fd, False)
    return Ends(child=child, stdin=stdin, stdout=stdout, stderr=stderr)


def start_on_terminal(
    table: ProcessTable,
    argv: Sequence[str | bytes],
    environment: Mapping[str, str],
    terminal: Terminal,
) -> Ends:
    """The shell leads its session and the terminal is its controlling one. Raises OSError."""
    master, slave = os.openpty()
    try:
        tty = os.ttyname(slave)
        terminal.apply(master)
        os.set_blocking(master, False)
        stdin = os.dup(master)
    except OSError:
        os.close(master)
        os.close(slave)
        raise
    try:
        child = table.spawn(
            SHELL,
            argv,
            {**environment, "SSH_TTY": tty, "TERM": terminal.term or "dumb"},
            [
                (os.POSIX_SPAWN_OPEN, 0, tty, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
        )
    except OSError:
        os.close(master)
        os.close(stdin)
        raise
    finally:
        os.close(slave)
    return Ends(child=child, stdin=stdin, stdout=master, stderr=None)
