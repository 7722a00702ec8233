"""The small files of /proc that tell of one process or thread."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcStat:
    """The fields of /proc/PID/stat that the recorder uses; addresses are of its first stack."""

    ppid: int
    group: int
    session: int
    tty: int
    args: tuple[int, int]
    env: tuple[int, int]


def proc_stat(pid: int) -> ProcStat:
    """Parse /proc/PID/stat; the name in it may hold anything, so count from its last ')'."""
    f = proc_file(b"/proc/%d/stat" % pid).rpartition(b") ")[2].split()
    return ProcStat(
        int(f[1]),
        int(f[2]),
        int(f[3]),
        int(f[4]),
        (int(f[45]), int(f[46])),
        (int(f[47]), int(f[48])),
    )


def parent_of(tid: int) -> int | None:
    """The parent of a thread's process; ``None`` if it has gone."""
    try:
        return int(proc_file(b"/proc/%d/stat" % tid).rpartition(b") ")[2].split(None, 2)[1])
    except OSError:
        return None


def proc_file(path: bytes) -> bytes:
    """The start of a small file of /proc, in as few calls as can be. OSError: no such process."""
    fd = os.open(path, os.O_RDONLY)
    try:
        data = os.read(fd, 4096)
    finally:
        os.close(fd)
    if not data:
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH), os.fsdecode(path))
    return data


def audit_session() -> int:
    """The kernel's audit session; 4294967295 where none was set."""
    try:
        with open("/proc/self/sessionid", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read())
    except OSError:
        return 0xFFFFFFFF
