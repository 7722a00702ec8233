"""Threads that stop, or even end, before the stop that tells of their birth was heard.

The kernel reports the stops of different threads in no fixed order. A new one is held here until
its fork is recorded, so that no event can come from a process that nobody has seen begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .procfs import proc_file

if TYPE_CHECKING:
    from collections.abc import Container

    from .numbers import Numbers, Own


@dataclass(slots=True)
class Held:
    """How a held thread stands; `maker` is 0 where it could no longer be asked."""

    maker: int
    own: Own | None = None
    """Its own numbers, read while it was there."""
    stopped: bool = False
    death: int | None = None


class Early:
    """All held threads, by id."""

    def __init__(self) -> None:
        self._held: dict[int, Held] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def hold(self, tid: int, numbers: Numbers) -> None:
        """It stopped for the first time; it stays stopped."""
        try:
            own = numbers.of(tid)
        except OSError:
            own = None  # killed meanwhile
        self._held[tid] = Held(_maker(tid), own, stopped=True)

    def bury(self, tid: int, status: int) -> None:
        """It ended before it was known."""
        self._held.setdefault(tid, Held(0)).death = status

    def release(self, tid: int) -> Held | None:
        """Its birth is known now: how does it stand?"""
        return self._held.pop(tid, None)

    def made_by(self, pid: int) -> list[int]:
        """Those whose maker is `pid`."""
        return [tid for tid, held in self._held.items() if held.maker == pid]

    def without_maker(self, alive: Container[int]) -> list[int]:
        """Those whose maker is not, or no longer, among the host's processes."""
        return [tid for tid, held in self._held.items() if held.maker not in alive]


def _maker(tid: int) -> int:
    """The process that made a thread: its own one for a thread, its parent for a process."""
    try:
        lines = proc_file(b"/proc/%d/status" % tid).split(b"\n")
    except OSError:
        return 0
    found = {key: value for key, _, value in (line.partition(b":") for line in lines)}
    own = int(found.get(b"Tgid", b"0"))
    return own if own != tid else int(found.get(b"PPid", b"0"))
