"""One command or shell on a stand-in host: carries its bytes and tells its end.

What real sshd does is done here too:

* the exit status is sent when the process ends; without a terminal the channel stays open until
  every holder of its output has closed it (``ssh host 'sleep 9 &'`` waits), with one it closes;
* when the client goes away, a terminal is closed, so the kernel sends SIGHUP to its session; a
  process without a terminal lives on and meets EOF on its input and SIGPIPE on its output;
* end-of-file from the client is not passed to a terminal.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from paramiko.common import cMSG_CHANNEL_REQUEST
from paramiko.message import Message

from witnessmark.standin.ends import SHELL, start_on_pipes, start_on_terminal
from witnessmark.standin.spawn import Bell

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from paramiko.channel import Channel

    from witnessmark.standin.ends import Ends, Terminal
    from witnessmark.standin.spawn import ProcessTable

_CHUNK = 65536
_DRAIN_MS = 50
"""How long a terminal must be silent after its leader's end while others still hold it ..."""
_DRAIN_LIMIT_S = 0.5
"""... and the longest that they may go on."""
_RFC4254_SIGNALS = frozenset(
    {"ABRT", "ALRM", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "TERM"}
    | {"USR1", "USR2"}
)


class Session:
    """Runs one command for a client; whatever goes wrong is told to the client or the log."""

    def __init__(
        self,
        *,
        channel: Channel,
        table: ProcessTable,
        argv: Sequence[str | bytes],
        environment: Mapping[str, str],
        terminal: Terminal | None,
        log: logging.Logger,
        late_s: float = 0.0,
    ) -> None:
        self._late_s = late_s
        self._channel = channel
        self._table = table
        self._argv = argv
        self._environment = environment
        self._terminal = terminal
        self._log = log
        self._gone = Bell()
        self._master: int | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Starts the command in a thread of its own."""
        threading.Thread(target=self._run, daemon=True).start()

    def hang_up(self) -> None:
        """The client closed the channel or went away."""
        self._gone.ring()

    def resize(self, terminal: Terminal) -> None:
        """The client's window changed."""
        with self._lock:
            self._terminal = terminal
            if self._master is not None:
                terminal.apply(self._master)

    def _run(self) -> None:
        time.sleep(self._late_s / 2)
        try:
            ends = self._begin()
        except OSError as problem:
            self._refuse(problem)
            return
        threading.Thread(target=self._feed, args=(ends.stdin,), daemon=True).start()
        try:
            self._carry(ends)
        except (OSError, EOFError) as problem:
            self._log.info("session of pid %d: client gone: %s", ends.child.pid, problem)
        finally:
            self._finish(ends)

    def _begin(self) -> Ends:
        with self._lock:
            if self._terminal is None:
                return start_on_pipes(self._table, self._argv, self._environment)
            ends = start_on_terminal(self._table, self._argv, self._environment, self._terminal)
            self._master = ends.stdout
            return ends

    def _refuse(self, problem: OSError) -> None:
        self._log.warning("session could not start: %s", problem)
        try:
            self._channel.sendall_stderr(f"standin: {SHELL}: {problem.strerror}\n".encode())
            self._channel.send_exit_status(126 if problem.errno == errno.EACCES else 127)
            self._channel.close()
        except (OSError, EOFError):
            pass
        self._gone.close()

    def _feed(self, fd: int) -> None:
        """Carries the client's bytes to the process until EOF; sole owner of ``fd``."""
        listens = True
        try:
            while data := self._channel.recv(_CHUNK):
                listens = listens and self._write(fd, data)
        except OSError:
            pass
        finally:
            os.close(fd)

    def _write(self, fd: int, data: bytes) -> bool:
        """False when the process no longer reads: what follows is received and dropped."""
        view, poll = memoryview(data), select.poll()
        poll.register(fd, select.POLLOUT)
        while view:
            if not poll.poll(500):
                if self._channel.closed:
                    return False
                continue
            try:
                view = view[os.write(fd, view) :]
            except BlockingIOError:
                continue
            except OSError:
                return False
        return True

    def _carry(self, ends: Ends) -> None:
        """Sends output until there can be no more of it and the exit was told."""
        poll, child = select.poll(), ends.child
        senders: dict[int, Callable[[bytes], None]] = {ends.stdout: self._channel.sendall}
        if ends.stderr is not None:
            senders[ends.stderr] = self._channel.sendall_stderr
        for fd in (*senders, child.ended.fd, self._gone.fd):
            poll.register(fd, select.POLLIN)
        told, last_call = False, 0.0
        while senders or not told:
            ended = child.code is not None
            if ended and not last_call:
                last_call = time.monotonic() + _DRAIN_LIMIT_S
            patience = None if not ended or told else _DRAIN_MS if self._terminal else 0
            ready = {fd for fd, _ in poll.poll(patience)}
            if self._gone.fd in ready:
                return
            if child.ended.fd in ready:
                poll.unregister(child.ended.fd)
            for fd in ready & senders.keys():
                if not _forward(fd, senders[fd]):
                    poll.unregister(fd)
                    del senders[fd]
            late = self._terminal is not None and time.monotonic() > last_call > 0
            if ended and not told and (not ready or not senders or late):
                self._tell_exit(child.pid, child.code or 0)
                told = True
                if self._terminal is not None:
                    return

    def _tell_exit(self, pid: int, code: int) -> None:
        time.sleep(self._late_s / 2)
        self._log.info("session of pid %d ended: %d", pid, code)
        if code >= 0:
            self._channel.send_exit_status(code)
        else:
            send_exit_signal(self._channel, -code)

    def _finish(self, ends: Ends) -> None:
        with self._lock:
            self._master = None
        for fd in (ends.stdout, ends.stderr):
            if fd is not None:
                os.close(fd)
        try:
            self._channel.close()
        except (OSError, EOFError):
            pass
        ends.child.ended.close()
        self._gone.close()


def _forward(fd: int, send: Callable[[bytes], None]) -> bool:
    """Sends what there is to read; False at the end of it."""
    try:
        data = os.read(fd, _CHUNK)
    except BlockingIOError:
        return True
    except OSError as problem:
        if problem.errno == errno.EIO:  # a terminal's way to say that nobody holds it
            return False
        raise
    if data:
        send(data)
    return bool(data)


def send_exit_signal(channel: Any, number: int) -> None:
    """Tells the client that a signal ended the process (RFC 4254, 6.10).

    paramiko has no public call for it, hence the untyped channel.
    """
    name = signal.Signals(number).name.removeprefix("SIG") if number < 32 else str(number)
    message = Message()
    message.add_byte(cMSG_CHANNEL_REQUEST)
    message.add_int(channel.remote_chanid)
    message.add_string("exit-signal")
    message.add_boolean(False)
    message.add_string(name if name in _RFC4254_SIGNALS else f"{name}@witnessmark")
    message.add_boolean(False)  # no core was dumped
    message.add_string("")
    message.add_string("")
    channel.transport._send_user_message(message)
