"""The machine itself as a host: a lab Mac that tests itself."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark.errors import HostError
from witnessmark.hosts.transport import OUTPUT_LIMIT, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from witnessmark.model.hosts import Host


class LocalTransport:
    """Commands run as children of this process, each in a session of its own, stdin closed."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        """Run one command with a clean environment; on timeout its whole session is ended."""
        started = time.time_ns()
        with self._start(argv, env) as process:
            out, err, cut, timed_out = _communicate(process, timeout_s, cancelled)
            if timed_out:
                _end_session(process)
            status = process.wait()
        return Result(
            argv=tuple(argv),
            status=None if timed_out or status < 0 else status,
            stdout=out,
            stderr=err,
            started_ns=started,
            finished_ns=time.time_ns(),
            timed_out=timed_out,
            cut=cut,
        )

    def read(self, path: str, offset: int = 0, limit: int | None = None) -> bytes:
        """Bytes of a file on this machine."""
        try:
            with Path(self.host.path_prefix + path).open("rb") as handle:
                handle.seek(offset)
                return handle.read(-1 if limit is None else limit)
        except OSError as problem:
            raise HostError(
                f"{self.host.name}: could not read {path} ({problem.strerror})"
            ) from problem

    def size(self, path: str) -> int:
        """Size of a file on this machine in bytes."""
        try:
            return Path(self.host.path_prefix + path).stat().st_size
        except OSError as problem:
            raise HostError(
                f"{self.host.name}: could not look at {path} ({problem.strerror})"
            ) from problem

    def stream(self, argv: Sequence[str]) -> LocalStream:
        """Start a command whose output is read while it runs."""
        return LocalStream(self._start(argv, {}))

    def scratch(self, path: str) -> LocalScratch:
        """A new file in place of whatever has that name."""
        real = Path(self.host.path_prefix + path)
        try:
            real.unlink(missing_ok=True)
            return LocalScratch(
                self.host, os.open(real, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            )
        except OSError as problem:
            raise HostError(
                f"{self.host.name}: could not make {path} ({problem.strerror})"
            ) from problem

    def close(self) -> None:
        """Nothing is held open."""

    def _start(self, argv: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        base = {name: os.environ.get(name, "") for name in ("HOME", "USER", "LOGNAME", "PATH")}
        try:
            return subprocess.Popen(
                list(argv),
                env={**base, "LC_ALL": "C", **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as problem:
            raise HostError(
                f"{self.host.name}: cannot start {argv[0]} ({problem.strerror})"
            ) from problem


class LocalScratch:
    """A small file of this machine, held open."""

    def __init__(self, host: Host, fd: int) -> None:
        self._host, self._fd = host, fd

    def put(self, data: bytes) -> None:
        """Write over the file's beginning."""
        try:
            os.pwrite(self._fd, data, 0)
        except OSError as problem:
            raise HostError(
                f"{self._host.name}: could not write its heartbeat ({problem.strerror})"
            ) from problem

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class LocalStream:
    """Output of a local command as it grows."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._selector = selectors.DefaultSelector()
        if process.stdout is None or process.stderr is None:
            raise HostError("a stream needs both of its pipes")
        self._stdout, self._stderr = process.stdout, process.stderr
        os.set_blocking(self._stderr.fileno(), False)
        self._selector.register(self._stdout, selectors.EVENT_READ)

    def read(self, timeout_s: float) -> bytes | None:
        """Bytes that arrived, b"" after ``timeout_s`` seconds of nothing, None at the end."""
        if not self._selector.select(timeout_s):
            return b""
        return os.read(self._stdout.fileno(), 1 << 16) or None

    def stderr(self) -> bytes:
        """What the command said on stderr so far."""
        try:
            return os.read(self._stderr.fileno(), OUTPUT_LIMIT)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Close the pipe, then end the session if the command did not end by itself."""
        self._selector.close()
        self._stdout.close()
        self._stderr.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            _end_session(self._process)
            self._process.wait()


def _end_session(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass


def _communicate(
    process: subprocess.Popen[bytes], timeout_s: float, cancelled: Callable[[], bool] | None
) -> tuple[bytes, bytes, int, bool]:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            step = max(0.0, min(0.5, deadline - time.monotonic()))
            out, err = process.communicate(timeout=step)
        except subprocess.TimeoutExpired:
            if time.monotonic() >= deadline or (cancelled and cancelled()):
                _end_session(process)
                out, err = process.communicate()
                cut = max(0, len(out) - OUTPUT_LIMIT) + max(0, len(err) - OUTPUT_LIMIT)
                return out[:OUTPUT_LIMIT], err[:OUTPUT_LIMIT], cut, True
            continue
        cut = max(0, len(out) - OUTPUT_LIMIT) + max(0, len(err) - OUTPUT_LIMIT)
        return out[:OUTPUT_LIMIT], err[:OUTPUT_LIMIT], cut, False
