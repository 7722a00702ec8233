"""What acting and collecting need of a host, whichever way it is reached."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from witnessmark.model.hosts import Host

OUTPUT_LIMIT = 1 << 20
"""Bytes of stdout and of stderr kept per command; more is counted, never silently lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one command on a host ended. Times are the controller's clock, nanoseconds UTC."""

    argv: tuple[str, ...]
    status: int | None
    """Exit status; None when a signal, a timeout or a lost connection ended it."""
    stdout: bytes
    stderr: bytes
    started_ns: int
    finished_ns: int
    timed_out: bool = False
    cut: int = 0
    """Bytes of output beyond the limit, which were dropped."""


class Stream(Protocol):
    """A command on the host whose output is read as it grows; closing its pipe ends it."""

    def read(self, timeout_s: float) -> bytes | None:
        """Bytes that have arrived, b"" if none did in time, None once the stream has ended."""

    def stderr(self) -> bytes:
        """What the command said on stderr so far."""

    def close(self) -> None:
        """Close the pipe; the command ends by itself."""


class Scratch(Protocol):
    """A small file on the host that is held open, so that writing it again spawns nothing there."""

    def put(self, data: bytes) -> None:
        """Write ``data`` over the file's beginning. Raises HostError naming the host."""

    def close(self) -> None:
        """Close the file; it stays."""


class Transport(Protocol):
    """A host that can be acted on. Paths are in the host's own view (``/Users/...``)."""

    host: Host

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        """Run one command in a session of its own with exactly ``env`` plus a fixed base."""

    def read(self, path: str, offset: int = 0, limit: int | None = None) -> bytes:
        """Bytes of a file on the host. Raises HostError naming host and path."""

    def size(self, path: str) -> int:
        """Size of a file on the host in bytes. Raises HostError naming host and path."""

    def stream(self, argv: Sequence[str]) -> Stream:
        """Start a command whose output is read while it runs."""

    def scratch(self, path: str) -> Scratch:
        """A new file in place of whatever has that name; what a link leads to is not touched."""

    def close(self) -> None:
        """Release the connection."""


def command(argv: Sequence[str], env: Mapping[str, str]) -> str:
    """One shell word list for a remote login shell, every word quoted; no rc file can change it.

    ``env -i`` clears what the login shell set, apart from HOME, USER and PATH, which are the host's
    own and therefore passed through by the only unquoted expansion here.
    """
    keep = '/usr/bin/env -i HOME="$HOME" USER="$USER" LOGNAME="$LOGNAME" PATH="$PATH"'
    pairs = [f"{name}={value}" for name, value in {"LC_ALL": "C", **env}.items()]
    return f"exec {keep} {shlex.join([*pairs, *argv])}"
