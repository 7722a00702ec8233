"""The host's init between its fork by the recorder and its exec."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from . import ptrace

if TYPE_CHECKING:
    from collections.abc import Sequence


class InitError(OSError):
    """The command to run as init could not be executed."""


class Child:
    """Traced before it runs anything; waits for `go`. It leads a session of its own."""

    def __init__(self, argv: Sequence[str | bytes], program: bytes) -> None:
        self._argv = argv
        gate, self._gate = os.pipe()
        self._failure, failed = os.pipe()
        self.pid = os.fork()
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
        data = os.read(self._failure, 16)
        os.close(self._failure)
        if data:
            number = int(data)
            raise InitError(number, os.strerror(number), os.fsdecode(self._argv[0]))

    def _become_init(self, gate: int, failed: int, program: bytes) -> None:
        try:
            os.setsid()
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            if os.read(gate, 1) == b"g":
                ptrace.install_filter(program)
                os.execvp(self._argv[0], list(self._argv))  # noqa: S606 - no shell wanted
        except OSError as error:
            os.write(failed, b"%d" % (error.errno or 1))
        finally:
            os._exit(127)
