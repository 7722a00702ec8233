"""Whether a host can be recorded here: found out by really tracing a short-lived child.

Run as a program it tries, prints the reason if it cannot, and exits 69 (EX_UNAVAILABLE).
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import cache

from . import bpf, ptrace
from .syscalls import ARCHITECTURES, CALLS, architecture

EX_UNAVAILABLE = 69
_ON_A_MAC = (
    "The stand-in's recorder needs Linux. On a Mac use its own sensor instead: run against "
    "inventory/localhost.yaml (it reads `eslogger`), or start the stand-in in a Linux container."
)


@cache
def refusal() -> str | None:
    """One sentence why no host can be recorded here, or ``None`` if it can."""
    reason = wrong_machine()
    if reason is not None:
        return reason
    # A process of its own: the caller may have threads, children and signal handlers.
    tried = subprocess.run(
        [sys.executable, "-m", __name__], capture_output=True, text=True, check=False
    )
    if tried.returncode == 0:
        return None
    lines = (tried.stderr or tried.stdout).strip().splitlines() or ["no reason given"]
    return lines[-1]


def wrong_machine() -> str | None:
    """Why this system or processor cannot be the host of a stand-in, or ``None``."""
    if platform.system() == "Darwin":
        return _ON_A_MAC
    if platform.system() != "Linux":
        return f"The stand-in's recorder needs Linux; this is {platform.system()}."
    if architecture() is None:
        known = ", ".join(ARCHITECTURES)
        return f"The stand-in's recorder knows {known}, not {platform.machine()}."
    return None


def try_tracing() -> str | None:
    """Seize a child and stop it at a filtered call; returns what failed. Forks this process."""
    arch = architecture()
    if arch is None:
        return wrong_machine()
    go, ready = os.pipe()
    child = os.fork()
    if child == 0:
        _be_traced(go, bpf.program(arch))
    try:
        return _trace(child, ready)
    finally:
        os.kill(child, 9)
        os.waitpid(child, ptrace.WALL)


def _be_traced(go: int, program: bytes) -> None:
    try:
        os.read(go, 1)
        ptrace.install_filter(program)
        os.setsid()  # one of the calls that the filter stops
        os._exit(0)
    except OSError as error:
        os._exit(error.errno or 1)


def _trace(child: int, ready: int) -> str | None:
    try:
        ptrace.seize(child)
    except OSError as error:
        return f"Recording is impossible here: ptrace is not permitted ({error.strerror})."
    os.write(ready, b"g")
    _, status = os.waitpid(child, ptrace.WALL)
    if os.WIFEXITED(status):
        reason = os.strerror(os.WEXITSTATUS(status))
        return f"Recording is impossible here: no seccomp filter can be set ({reason})."
    if status >> 16 != ptrace.EVENT_SECCOMP:
        return f"Recording is impossible here: seccomp does not report to ptrace ({status:#x})."
    try:
        entry = ptrace.Reader().entry(child)
    except OSError as error:
        return f"Recording is impossible here: Linux 5.3 or later is needed ({error.strerror})."
    if entry is None or CALLS[entry.position].name != "setsid":
        return "Recording is impossible here: the system call table does not fit this kernel."
    return None


if __name__ == "__main__":
    failed = wrong_machine() or try_tracing()
    if failed is not None:
        print(failed, file=sys.stderr)
        raise SystemExit(EX_UNAVAILABLE)
