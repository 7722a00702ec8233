"""The numbers that a host's processes know themselves by.

In prefix mode they are this machine's. In namespace mode the host counts for itself, from init's 1;
the recorder traces by the machine's numbers and writes the host's (proc_pid_status(5), NSpid).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .procfs import proc_file, proc_stat

if TYPE_CHECKING:
    from .procfs import ProcStat


class Own(NamedTuple):
    """A thread's number, and its process's group and session."""

    number: int
    group: int
    session: int


class Numbers:
    """This machine's own numbers."""

    rule = "parent outside the host -> 1"
    """How they are shown, in the words of ``x_standin``."""

    def of(self, tid: int) -> Own:
        """OSError: it has gone."""
        found = proc_stat(tid)
        return Own(tid, found.group, found.session)

    def of_child(self, tid: int, group: int, session: int) -> Own:
        """Of one just born, whose group and session are its maker's."""
        return Own(tid, group, session)

    def of_known(self, tid: int, stat: ProcStat) -> Own:
        """The same from what was read already."""
        return Own(tid, stat.group, stat.session)

    def of_thread(self, tid: int) -> int:
        """Of a thread that is not its process's first."""
        return tid

    def outside(self, _number: int) -> int:
        """What is shown as the parent of a process whose parent is not of the host."""
        return 1


class HostNumbers(Numbers):
    """The numbers of the innermost namespace that a thread is in."""

    rule = "ids of processes: those of the host's own namespace; parent of its init -> 0"

    def of(self, tid: int) -> Own:
        lines = proc_file(b"/proc/%d/status" % tid).split(b"\n")
        found = {key: value.split() for key, _, value in (line.partition(b":") for line in lines)}
        number, group, session = (int(found[key][-1]) for key in (b"NSpid", b"NSpgid", b"NSsid"))
        return Own(number, group, session)

    def of_child(self, tid: int, group: int, session: int) -> Own:
        return self.of(tid)

    def of_known(self, tid: int, stat: ProcStat) -> Own:
        return self.of(tid)

    def of_thread(self, tid: int) -> int:
        try:
            return self.of(tid).number
        except OSError:
            return 0  # it has ended already, and does nothing any more

    def outside(self, number: int) -> int:
        return 0 if number == 1 else 1
