"""What a decoder is: a small module that reads one line of one source and says what it can know.

A decoder module has ``KIND``, ``TITLE``, ``FILLS``, ``TIME_RESOLUTION``, ``LOSS_SIGNALS`` and
``reader``. ``Decoder`` (decoder.py) does what all of them share: it counts lines, keeps positions,
follows sequence numbers and makes events. kinds.py knows all of them by name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from witnessmark.model.events import Kind, Process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECOND: Final = 1_000_000_000
MILLISECOND: Final = 1_000_000


class Fill(StrEnum):
    """Whether a source tells a column of the event model."""

    PRESENT = "present"
    """The source's own records say it, where the event has it."""
    DERIVED = "derived"
    """Worked out from what the records say; the decoder says how."""
    NEVER = "never"
    """No record of this source can say it: unknown, which is never *no*."""


KINDS: Final = tuple(kind.value for kind in Kind if kind is not Kind.OTHER)
FIELDS: Final = (
    "seq",
    "global_seq",
    "pidversion",
    "euid",
    "parent",
    "responsible",
    "ppid",
    "original_ppid",
    "group_id",
    "session_id",
    "start_ns",
    "signing_id",
    "team_id",
    "cdhash",
    "cs_flags",
    "platform_binary",
    "args",
    "cwd",
    "script",
    "dyld_exec_path",
    "dev",
    "ino",
    "size",
    "birth_ns",
    "modified",
    "mapped_writable",
    "existed",
    "xattr",
    "mode",
    "exit_status",
    "message",
)
COLUMNS: Final = (*KINDS, *FIELDS)
"""Every column of the event model that a source may or may not fill: kinds first, then fields.
Host, line, time, pid and path are there in every event, or it would be none."""


class BadShape(ValueError):  # noqa: N818 - reads as the sentence it raises
    """A record that can be read but is of a shape or value that no decoder knows."""


class Unreadable(ValueError):  # noqa: N818 - reads as the sentence it raises
    """A line that is no record at all: cut off, garbled, or of another source."""


class Found(msgspec.Struct, gc=False):
    """What one line says once. Without a process it is a notice: counted, but no event."""

    name: str
    """The source's own name of the event, for the summary."""
    kind: Kind = Kind.OTHER
    time_ns: int | None = None
    process: Process | None = None
    details: dict[str, Any] | None = None
    """The fields of an ``Event`` that belong to its kind."""
    seq: int | None = None
    global_seq: int | None = None
    counter: str = ""
    """Who counts: a source may hold the records of several sensors, each with its own numbers."""
    host: str | None = None
    """The host's name as the record gives it, for sources that hold many hosts."""
    lost: str | None = None
    """The source's own words for records that it lost here."""


class Reader(Protocol):
    """Reads the lines of one stream in order; it may remember what it saw (never without bound)."""

    def read(self, line: bytes, whole: bool) -> Found | Sequence[Found]:
        """What a line says: one thing, or several, never none.

        ``line`` is UTF-8 without blanks around it; ``whole`` says whether it had its line end.

        Raises:
            Unreadable: it is no record, or a cut one.
            ValueError: it is a record, but of no shape that is known (``BadShape`` among them).
        """
        ...


class Format(Protocol):
    """A decoder module."""

    KIND: str
    """Its name for ``decode KIND`` and for an inventory's ``kind``."""
    TITLE: str
    FILLS: Mapping[str, Fill]
    """Every one of ``COLUMNS``."""
    TIME_RESOLUTION: int
    """Granularity of the source's times, in ns."""
    LOSS_SIGNALS: tuple[str, ...]
    """How the source shows that records are missing; empty if it cannot."""

    def reader(self) -> Reader:
        """A reader for one stream."""
        ...


def fills(*, present: str, derived: str = "") -> Mapping[str, Fill]:
    """A whole fill table from the names that are filled; all other columns are never.

    Raises:
        ValueError: a name that is no column, or that is named twice.
    """
    table = dict.fromkeys(COLUMNS, Fill.NEVER)
    for fill, names in ((Fill.PRESENT, present), (Fill.DERIVED, derived)):
        for name in names.split():
            if table.get(name) is not Fill.NEVER:
                raise ValueError(f"{name} is no column, or is named twice")
            table[name] = fill
    return table


def never(table: Mapping[str, Fill]) -> frozenset[str]:
    """The fields that a source can never know: ``Process.simulated`` of each of its events."""
    return frozenset(name for name in FIELDS if table[name] is Fill.NEVER and name != "message")


WRITES: Final = ("close", "rename", "link", "clone", "copyfile")
"""Kinds that establish a file's content (B1)."""


def lacks(table: Mapping[str, Fill], branch: str) -> tuple[str, ...]:
    """What a source would have to tell so that a branch can be answered; empty if it can.

    Both need executions; A needs to know parents (A1), B a kind that establishes content (B1).
    """
    if table["exec"] is Fill.NEVER:
        return ("exec",)
    wanted = {"A": ("parent", "ppid"), "B": WRITES}[branch]
    return wanted if all(table[name] is Fill.NEVER for name in wanted) else ()


def branches(table: Mapping[str, Fill]) -> frozenset[str]:
    """The branches of the analytic that a source can answer at all."""
    return frozenset(branch for branch in "AB" if not lacks(table, branch))
