"""The host's init between its fork by the recorder and its exec."""

from __future__ import annotations

import fcntl
import os
import signal
from typing import TYPE_CHECKING

from . import ptrace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class InitError(OSError):
    """The command to run as init could not be executed."""


class Child:
    """Traced before it runs anything; waits for `go`. It leads a session of its own."""

    def __init__(
        self,
        argv: Sequence[str | bytes],
        program: bytes,
        *,
        fork: Callable[[], int] = os.fork,
        enter: Callable[[], None] = lambda: None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._argv, self._enter = argv, enter
        self._environment = os.environ if environment is None else environment
        gate, self._gate = os.pipe()
        self._failure, failed = os.pipe()
        self.pid = fork()
        if self.pid == 0:
            os.close(self._gate)
            self._become_init(gate, failed, program)
        os.close(gate)
        os.close(failed)
        ptrace.seize(self.pid)

    def go(self) -> None:
        """Let it become the host's init."""
        os.write(self._gate, b"g")
        os.close(self._gate)

    def raise_failure(self) -> None:
        """Raise InitError if the exec failed."""
        data = os.read(self._failure, 4096)
        os.close(self._failure)
        if data:
            text, _, what = data.partition(b" ")
            number = int(text)
            raise InitError(number, os.strerror(number), os.fsdecode(what or self._argv[0]))

    def _become_init(self, gate: int, failed: int, program: bytes) -> None:
        try:
            os.setsid()
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            if os.read(gate, 1) == b"g":
                failed = _out_of_the_way(failed)
                self._enter()
                ptrace.install_filter(program)
                os.execvpe(self._argv[0], list(self._argv), self._environment)  # noqa: S606
        except OSError as error:
            where = os.fsencode(error.filename) if error.filename else b""
            os.write(failed, b"%d %s" % (error.errno or 1, where))
        finally:
            os._exit(127)


def _out_of_the_way(fd: int) -> int:
    """The same file under a number that nothing else is to have."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(fd)
    return moved
