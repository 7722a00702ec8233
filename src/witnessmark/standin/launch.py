"""Starts and stops the processes of stand-in hosts; state.py decides which."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import witnessmark
from witnessmark.errors import HostError
from witnessmark.standin.alerting import NAME as ALERTS
from witnessmark.standin.broken import authorized, break_files, of_host
from witnessmark.standin.keys import ensure_key, replace
from witnessmark.standin.layout import PYTHON
from witnessmark.standin.pidfile import Process, read_pid, write_pid
from witnessmark.standin.spawn import RESETTABLE
from witnessmark.standin.tree import DELIVERED, STORE, build, write_consent

if TYPE_CHECKING:
    from collections.abc import Sequence

_GRACE_S = 3.0
_POLL_S = 0.005


def refusal() -> str | None:
    """Why no stand-in can run on this machine, in one sentence; None if one can."""
    if sys.platform != "linux":
        return "a stand-in needs Linux (ptrace): on macOS run it in a Linux container"
    from witnessmark.standin import recorder

    return recorder.refusal()


def launch(
    folder: Path,
    client_key: str,
    faults: list[dict[str, Any]],
    owner: Process | None = None,
    *,
    again: bool = False,
    namespace: bool = False,
) -> None:
    """Lays out one host's files and starts its recorder, detached from this process.

    With ``owner`` the recorder ends by itself, and so the host, when that process has ended.
    ``again`` boots a host that ran before: at the same port, as whoever knows it expects.
    """
    root = folder / "root"
    build(root, own_root=namespace)
    break_files(root, faults)
    write_consent(root, dt.datetime.now(dt.UTC).date())
    ensure_key(folder / "host_key")
    replace(folder / "authorized_keys", authorized(client_key, folder, faults) + "\n")
    replace(folder / "faults.json", faults_text(faults))
    if again:
        (folder / "port").replace(folder / "former_port")
    for stale in ("port", "init.pid", "ready", "shipper.pid", *(() if again else ("former_port",))):
        (folder / stale).unlink(missing_ok=True)
    pid = _detached(
        [
            *_python("recorder"),
            *("--root", str(root), "--store", str(root / STORE), "--host", folder.name),
            *("--faults", str(folder / "faults.json"), "--ready-file", str(folder / "ready")),
            *(("--owner", f"{owner.pid}:{owner.started}") if owner else ()),
            *(("--namespace", "--state", str(folder)) if namespace else ()),
            *(("--oslog",) if told(folder).get("oslog") else ()),
            *(word for kind in told(folder).get("also", ()) for word in ("--also", kind)),
            *("--", *_init(folder, namespace=namespace)),
        ],
        folder / "recorder.log",
    )
    try:
        write_pid(folder / "recorder.pid", pid)
    except ProcessLookupError:  # ended at once: await_hosts tells why
        replace(folder / "recorder.pid", "")
        return
    _start_shipper(folder)
    if of_host(faults, "reboot"):
        _start_restart(folder, owner)


def told(folder: Path) -> dict[str, Any]:
    """How a host was booted, as its folder says."""
    found: dict[str, Any] = json.loads((folder / "host.json").read_text(encoding="utf-8"))
    return found


def faults_text(faults: list[dict[str, Any]]) -> str:
    """What the recorder reads, in one spelling."""
    return json.dumps(faults, sort_keys=True) + "\n"


def await_hosts(folders: Sequence[Path], deadline: float) -> None:
    """Returns once every host sends SSH's greeting; HostError, with the recorder's words, else."""
    waiting = list(folders)
    while waiting:
        waiting = [folder for folder in waiting if not _answers(folder)]
        for folder in waiting:
            if read_pid(folder / "recorder.pid") is None:
                raise _failure(folder, "its recorder ended")
            if time.monotonic() > deadline:
                if read_pid(folder / "shipper.pid") is None:
                    raise _failure(folder, "its shipper ended", "shipper.log")
                raise _failure(folder, "it did not answer in time")
        if waiting:
            time.sleep(_POLL_S)


def stop(folder: Path) -> bool:
    """Ends a host and all its processes; whether it was up. Harmless if it is not."""
    recorder = read_pid(folder / "recorder.pid")
    for name in ("restart.pid", "recorder.pid", "init.pid", "shipper.pid", "warden.pid"):
        process = read_pid(folder / name)
        if process is not None and process.pid != os.getpid():
            process.end(patience_s=_GRACE_S)
        (folder / name).unlink(missing_ok=True)
    for name in ("port", "ready"):
        (folder / name).unlink(missing_ok=True)
    return recorder is not None


def _start_shipper(folder: Path) -> None:
    """Starts the organisation's log pipeline for a host whose recorder runs."""
    if (recorder := read_pid(folder / "recorder.pid")) is None:
        return
    destination = _destination(folder)
    destination.parent.mkdir(mode=0o700, exist_ok=True)
    argv = [
        *_python("shipper"),
        *("--store", str(folder / "root" / STORE), "--destination", str(destination)),
        *("--state", str(folder / "shipper.json"), "--faults", str(folder / "faults.json")),
        *("--host", f"{recorder.pid}:{recorder.started}"),
    ]
    window = told(folder).get("alerts")
    if window is not None:
        alerts = destination.with_name(ALERTS)
        alerts.touch(mode=0o600)
        argv += ["--alerts", str(alerts), "--name", folder.name, "--window", str(window)]
    try:
        write_pid(folder / "shipper.pid", _detached(argv, folder / "shipper.log"))
    except ProcessLookupError:  # as above; await_hosts looks for it
        (folder / "shipper.pid").unlink(missing_ok=True)


def _destination(folder: Path) -> Path:
    return folder / DELIVERED / Path(STORE).name


def _start_restart(folder: Path, owner: Process | None) -> None:
    """Starts the process that boots this host again."""
    if (recorder := read_pid(folder / "recorder.pid")) is None:
        return
    argv = [*_python("restart"), "--folder", str(folder)]
    argv += ["--recorder", f"{recorder.pid}:{recorder.started}"]
    argv += ["--owner", f"{owner.pid}:{owner.started}"] if owner else []
    write_pid(folder / "restart.pid", _detached(argv, folder / "restart.log"))


def start_warden(folder: Path, owner: Process) -> None:
    """Starts the process that shuts this host down and removes it when ``owner`` has ended."""
    argv = [*_python("warden"), "--folder", str(folder)]
    pid = _detached([*argv, str(owner.pid), str(owner.started)], folder / "warden.log")
    write_pid(folder / "warden.pid", pid)


def _init(folder: Path, *, namespace: bool) -> list[str]:
    if namespace:
        return [PYTHON, "-P", "-m", "witnessmark.standin.sshhost"]
    return [*_python("sshhost"), "--state", str(folder)]


def _python(module: str) -> list[str]:
    return [sys.executable, "-P", "-m", f"witnessmark.standin.{module}"]


def _detached(argv: Sequence[str], log: Path) -> int:
    """Starts ``argv`` in its own session, without our terminal, environment or descriptors."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.posix_spawn(
        argv[0],
        list(argv),
        _environment(),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *((os.POSIX_SPAWN_CLOSE, fd) for fd in _inheritable()),
        ],
        setsid=True,
        setsigmask=(),
        setsigdef=RESETTABLE,
    )


def _inheritable() -> list[int]:
    """Descriptors that a host would keep open for its whole life, such as a shell's pipes."""
    found = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - entries of a living folder
        try:
            if int(name) > 2 and os.get_inheritable(int(name)):
                found.append(int(name))
        except OSError:
            pass  # the one that listed the folder
    return found


def _environment() -> dict[str, str]:
    """Only what Python needs to find this package; a host's log-ins see none of it."""
    here = str(Path(witnessmark.__file__).parents[1])
    search = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONPATH": search}


def _answers(folder: Path) -> bool:
    if not _destination(folder).exists():
        return False  # its shipper makes it when it begins to watch
    try:
        port = int((folder / "port").read_text(encoding="ascii"))
        with socket.create_connection(("127.0.0.1", port), timeout=5.0) as sock:
            return sock.recv(4) == b"SSH-"
    except (OSError, ValueError):
        return False


def _failure(folder: Path, what: str, log: str = "recorder.log") -> HostError:
    try:
        said = (folder / log).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        said = ""
    tail = "; it said: " + " | ".join(said.splitlines()[-5:]) if said else ""
    return HostError(f"{folder.name} did not boot: {what}{tail}")
