"""Hosts reached by SSH: one pooled paramiko session per host, host keys always enforced."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

import paramiko

from witnessmark.errors import HostError
from witnessmark.hosts.login import login
from witnessmark.hosts.transport import OUTPUT_LIMIT, Result, command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from witnessmark.model.hosts import Host

CHUNK = 1 << 16


class SshTransport:
    """A host behind SSH. Safe to use from several threads; each command has its own channel."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._client = login(host)
        self._sftp: paramiko.SFTPClient | None = None
        self._lock = threading.Lock()

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        """Run one command on a channel (so a session) of its own; stdin is closed at once."""
        with _as_host_error(self.host, "run a command"):
            channel = self._session()
            started = time.time_ns()
            channel.exec_command(command(argv, env))
            channel.shutdown_write()
            return _drain(channel, tuple(argv), started, timeout_s, cancelled)

    def read(self, path: str, offset: int = 0, limit: int | None = None) -> bytes:
        """Bytes of a file on the host, by SFTP, so that reading spawns nothing there."""
        with (
            _as_host_error(self.host, f"read {path}"),
            self._lock,
            self._files().open(self._real(path), "rb", bufsize=0) as handle,
        ):
            handle.seek(offset)
            return _read_all(handle, limit)

    def size(self, path: str) -> int:
        """Size of a file on the host in bytes."""
        with _as_host_error(self.host, f"look at {path}"), self._lock:
            size = self._files().stat(self._real(path)).st_size
        if size is None:
            raise HostError(f"{self.host.name}: the size of {path} is not known over SFTP")
        return size

    def stream(self, argv: Sequence[str]) -> SshStream:
        """Start a command whose output is read while it runs."""
        with _as_host_error(self.host, "start a sensor command"):
            channel = self._session()
            channel.exec_command(command(argv, {}))
            return SshStream(channel)

    def scratch(self, path: str) -> SshScratch:
        """A new file in place of whatever has that name, by SFTP."""
        with _as_host_error(self.host, f"make {path}"), self._lock:
            real, sftp = self._real(path), self._files()
            with contextlib.suppress(FileNotFoundError):
                sftp.remove(real)
            return SshScratch(self.host, sftp.open(real, "wx", bufsize=0), self._lock)

    def close(self) -> None:
        """Close the connection; commands still running lose their session."""
        self._client.close()

    def _session(self) -> paramiko.Channel:
        transport = self._client.get_transport()
        if transport is None or not transport.is_active():
            raise HostError(f"{self.host.name}: the SSH connection was lost; is the host still up?")
        return transport.open_session(timeout=self.host.connect_timeout_s)

    def _files(self) -> paramiko.SFTPClient:
        if self._sftp is None:
            self._sftp = self._client.open_sftp()
            channel = self._sftp.get_channel()
            if channel is not None:
                channel.settimeout(30.0)
        return self._sftp

    def _real(self, path: str) -> str:
        return self.host.path_prefix + path


class SshScratch:
    """A small file on the host, held open: one message to write it again."""

    def __init__(self, host: Host, handle: paramiko.SFTPFile, lock: threading.Lock) -> None:
        self._host, self._handle, self._lock = host, handle, lock

    def put(self, data: bytes) -> None:
        """Write over the file's beginning."""
        with _as_host_error(self._host, "write its heartbeat"), self._lock:
            self._handle.seek(0)
            self._handle.write(data)

    def close(self) -> None:
        """Close the file."""
        with _as_host_error(self._host, "close its heartbeat"), self._lock:
            self._handle.close()


class SshStream:
    """Output of a remote command as it grows."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel

    def read(self, timeout_s: float) -> bytes | None:
        """Bytes that arrived, b"" after ``timeout_s`` seconds of nothing, None at the end."""
        self._channel.settimeout(timeout_s)
        try:
            data = self._channel.recv(CHUNK)
        except TimeoutError:
            return b""
        return data or None

    def stderr(self) -> bytes:
        """What the command said on stderr so far."""
        data = b""
        while self._channel.recv_stderr_ready() and len(data) < OUTPUT_LIMIT:
            data += self._channel.recv_stderr(CHUNK)
        return data

    def close(self) -> None:
        """Close the pipe."""
        self._channel.close()


@contextlib.contextmanager
def _as_host_error(host: Host, what: str) -> Iterator[None]:
    try:
        yield
    except (paramiko.SSHException, OSError, EOFError) as problem:
        raise HostError(
            f"{host.name}: could not {what} ({problem or type(problem).__name__})"
        ) from problem


def _drain(
    channel: paramiko.Channel,
    argv: tuple[str, ...],
    started: int,
    timeout_s: float,
    cancelled: Callable[[], bool] | None,
) -> Result:
    deadline = time.monotonic() + timeout_s
    out, err = _Capped(), _Capped()
    reader = threading.Thread(target=_pump_stderr, args=(channel, err), daemon=True)
    reader.start()
    timed_out = not _pump_stdout(channel, out, deadline, cancelled)
    status = None
    if not timed_out:
        timed_out = not channel.status_event.wait(max(0.0, deadline - time.monotonic()))
        status = channel.exit_status if not timed_out and channel.exit_status >= 0 else None
    channel.close()
    reader.join(5.0)
    return Result(
        argv=argv,
        status=status,
        stdout=bytes(out.data),
        stderr=bytes(err.data),
        started_ns=started,
        finished_ns=time.time_ns(),
        timed_out=timed_out,
        cut=out.cut + err.cut,
    )


class _Capped:
    """Output up to the limit, with a count of what came after."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.cut = 0

    def add(self, data: bytes) -> None:
        room = OUTPUT_LIMIT - len(self.data)
        self.data += data[:room]
        self.cut += max(0, len(data) - room)


def _pump_stdout(
    channel: paramiko.Channel,
    out: _Capped,
    deadline: float,
    cancelled: Callable[[], bool] | None,
) -> bool:
    while time.monotonic() < deadline and not (cancelled and cancelled()):
        channel.settimeout(min(0.5, max(0.01, deadline - time.monotonic())))
        try:
            data = channel.recv(CHUNK)
        except TimeoutError:
            continue
        if not data:
            return True
        out.add(data)
    return False


def _pump_stderr(channel: paramiko.Channel, err: _Capped) -> None:
    while True:
        try:
            data = channel.recv_stderr(CHUNK)
        except (TimeoutError, OSError):
            if channel.closed:
                return
            continue
        if not data:
            return
        err.add(data)


def _read_all(handle: paramiko.SFTPFile, limit: int | None) -> bytes:
    data = bytearray()
    while limit is None or len(data) < limit:
        want = CHUNK if limit is None else min(CHUNK, limit - len(data))
        block = handle.read(want)
        if not block:
            break
        data += block
        if len(block) < want:  # paramiko reads on until it has all or met the end
            break
    return bytes(data)
