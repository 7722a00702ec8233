"""Which kind of host can be had here: a system of its own, or a folder of this machine.

Found out by really making one: a short-lived host in a folder of its own, whose Python must start
and import what init needs. Nothing is read off settings, which never tell the whole.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from witnessmark.errors import Unsupported

from . import layout, namespace
from .numbers import HostNumbers
from .processes import Processes
from .view import Given, HostView

_PATIENCE_S = 60
_FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin", "private/tmp", "Users/purple")
_IMPORTS = "import witnessmark.standin.sshhost"


class Mode(StrEnum):
    """What a host shares with its machine."""

    NAMESPACE = "namespace"
    """The kernel alone: it has its own `/`, users and processes."""
    PREFIX = "prefix"
    """All: its `/` is a folder, and its processes are the machine's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A mode, and in one sentence without a full stop why it is that one."""

    mode: Mode
    why: str


def choose(wanted: Mode | None) -> Chosen:
    """The mode that is wanted, else namespaces where they can be had. Unsupported: it cannot be."""
    if wanted is Mode.PREFIX:
        return Chosen(mode=Mode.PREFIX, why="asked for")
    reason = refusal()
    if reason is None:
        why = "this kernel lets you make all the namespaces" if wanted is None else "asked for"
        return Chosen(mode=Mode.NAMESPACE, why=why)
    if wanted is Mode.NAMESPACE:
        raise Unsupported(f"no stand-in in mode namespace can run here: {reason}")
    return Chosen(mode=Mode.PREFIX, why=f"no namespaces here: {reason}")


@cache
def refusal() -> str | None:
    """Why a host cannot have namespaces here, or ``None``; found out in a process of its own."""
    try:
        tried = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return f"making them took more than {_PATIENCE_S} s"
    if tried.returncode == 0:
        return None
    lines = (tried.stderr or tried.stdout).strip().splitlines() or ["no reason given"]
    return lines[-1]


def try_it() -> str | None:
    """Make a host's namespaces in a folder of its own; what failed. Forks this process."""
    with tempfile.TemporaryDirectory(prefix="wm-probe-") as folder:
        root = Path(folder).resolve() / "root"
        _lay_out(root)
        layout.prepare(root)
        found, uid, gid = layout.layout(root), os.geteuid(), os.getegid()
        failure, failed = os.pipe()
        try:
            child = namespace.fork()
        except OSError as problem:
            if problem.errno == errno.ENOSPC:
                return "user.max_user_namespaces allows no more of them"
            return f"{problem.filename}: {problem.strerror}"
        if child == 0:
            _be_init(root, found, uid, gid, failed)
        os.close(failed)
        try:
            return _judge(child, failure)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _lay_out(root: Path) -> None:
    """As little as a host needs: no commands, which are mounted as Python itself is."""
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True)
    (root / "tmp").symlink_to("private/tmp")


def _be_init(root: Path, found: layout.Layout, uid: int, gid: int, failed: int) -> None:
    try:
        namespace.enter(root, found, "probe", uid, gid)
        os.dup2(failed, 2)
        os.dup2(failed, 1)
        code = f"{_IMPORTS}; print('fine', flush=True); import time; time.sleep({_PATIENCE_S})"
        os.execve(layout.PYTHON, [layout.PYTHON, "-P", "-c", code], found.environment)  # noqa: S606
    except OSError as problem:
        os.write(failed, f"{problem.filename}: {problem.strerror}".encode())
    finally:
        os._exit(1)


def _judge(child: int, failure: int) -> str | None:
    with os.fdopen(failure, encoding="utf-8", errors="replace") as said:
        first = said.readline().strip()
        if first != "fine":
            lines = [first, *said.read().strip().splitlines()]
            return lines[-1] or "its Python did not start"
    try:
        if Processes(HostNumbers()).first(child, 0).number != 1:
            return "/proc does not tell a process's own number (NSpid)"
        view = HostView()
        view.of(child)
        os.close(view.open(Given(b"", b"/tmp/../../Users/purple")))
    except OSError as problem:
        return f"the host cannot be looked into: {problem.strerror}"
    return None


if __name__ == "__main__":
    refused = try_it()
    if refused is not None:
        print(refused, file=sys.stderr)
        raise SystemExit(69)
