"""Whether two records are of one process, as far as a source's process keys can tell (K1).

(pid, pidversion) names an image. Sources without pidversion leave a pid, the parent's pid and
perhaps a start time: a record then is of the pid's current process unless one of these differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from witnessmark.telemetry.sequence import SECOND

if TYPE_CHECKING:
    from witnessmark.analytic.tasks import Image
    from witnessmark.model.events import Process, Token

LAUNCHD: Final = "/sbin/launchd"


def key(token: Token) -> tuple[int, int | None]:
    """What a token names."""
    return (token.pid, token.pidversion)


def same(known: Process, seen: Process) -> bool:
    """Whether two records of one token are of one process (a reboot reuses tokens)."""
    if known.token.pidversion is None and not _one_parent(known, seen):
        return False
    return known.start_ns is None or seen.start_ns is None or near(known.start_ns, seen.start_ns)


def tells_nothing(known: Process, seen: Process) -> bool:
    """Whether a record of a token that is known, with its pidversion, adds nothing to it."""
    if seen.token.pidversion is None:
        return False
    return known is seen or (same(known, seen) and bool(known.path or not seen.path))


def same_task(current: Image, seen: Process) -> bool:
    """Whether a record of another token is of the process that has its pid now."""
    if current.task.row:
        return True
    known = current.process
    if known.start_ns is not None and seen.start_ns is not None:
        return near(known.start_ns, seen.start_ns)
    bare = None in (known.token.pidversion, seen.token.pidversion)
    return bare and _one_parent(known, seen)


def repeats(known: Image | None, target: Process) -> bool:
    """Whether an exec was taken in before; without pidversion nobody can tell."""
    if known is None or target.token.pidversion is None:
        return False
    return known.task.execs > 0 and same(known.process, target)


def near(first: int, second: int) -> bool:
    """Whether two starts are one."""
    return abs(first - second) < SECOND


def is_init(process: Process) -> bool:
    """Whether a process is launchd or the kernel."""
    return process.token.pid <= 1 or process.path == LAUNCHD or process.ppid == 0


def _one_parent(known: Process, seen: Process) -> bool:
    """An orphan goes to launchd; any other change of the parent is another process."""
    return None in (known.ppid, seen.ppid) or seen.ppid in (known.ppid, 1)
