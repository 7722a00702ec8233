"""What single cells of a lake's rows say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from witnessmark.analytic.kleene import Known
    from witnessmark.analytic.tracked import File
    from witnessmark.lake.columns import Row
    from witnessmark.model.events import Process


def process_cells(process: Process) -> Row:
    """A process, column by column."""
    return {
        "image": process.path,
        "pid": process.token.pid,
        "pidversion": process.token.pidversion,
        "ppid": process.ppid,
        "signing_id": process.signing_id,
        "team_id": process.team_id,
        "cdhash": process.cdhash,
        "cs_flags": process.cs_flags,
        "platform": known_cell(process.platform_binary),
        "simulated": words_cell(process.simulated),
    }


def ancestry_cell(processes: tuple[Process, ...]) -> str | None:
    """Spawn-time parent first, as JSON."""
    if not processes:
        return None
    return msgspec.json.encode([process_cells(process) for process in processes]).decode()


def inode_cell(file: File) -> str | None:
    """Device, inode and birth in one word."""
    if file.ino is None:
        return None
    born = "" if file.birth_ns is None else str(file.birth_ns)
    return f"{file.ino[0]}:{file.ino[1]}:{born}"


def known_cell(value: Known) -> int | None:
    """A truth value as a number."""
    return None if value is None else int(value)


def words_cell(names: Any) -> str | None:
    """Names in one text."""
    return " ".join(sorted(names)) or None
