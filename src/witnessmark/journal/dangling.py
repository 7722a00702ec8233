"""Runs that nobody will finish: once their hosts are clean, their journals are closed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from witnessmark.errors import JournalError, UsageError
from witnessmark.journal.file import NAME, Journal, reopen
from witnessmark.journal.past import read
from witnessmark.model.journal import Reverted
from witnessmark.plan import RUN_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from witnessmark.hosts.outcome import PrepareResult


def close_dangling(
    reports: Path, results: Mapping[str, PrepareResult], run_id: str | None
) -> Iterator[str]:
    """After a cleanup: the runs whose hosts are all clean now are over; a line about each."""
    spared = {what for item in results.values() for code, what in item.told if code == "spared"}
    for path in sorted(reports.glob(f"*/{NAME}")):
        folder = path.parent
        if not RUN_ID.fullmatch(folder.name) or run_id not in (None, folder.name):
            continue
        if folder.is_symlink() or folder.name in spared:
            continue
        try:
            journal, entries = reopen(folder)
        except UsageError:
            continue  # it is going on
        except JournalError as problem:
            yield f"not closed: {problem}"
            continue
        with journal:
            if line := _closed(journal, entries, results):
                yield f"{folder}: {line}"


def _closed(
    journal: Journal, entries: Sequence[object], results: Mapping[str, PrepareResult]
) -> str:
    try:
        past = read(journal.path, entries)  # type: ignore[arg-type]
    except JournalError as problem:
        return f"not closed: {problem}"
    if past is None or past.over or past.sealed:
        return ""
    dirty = [host.name for host in past.begun.plan.hosts if not _clean(results, host.name)]
    if dirty:
        return f"still to be resumed or reverted, {', '.join(dirty[:5])} was not cleaned"
    journal.add(Reverted(at_ns=time.time_ns(), why="its hosts were cleaned"))
    return "closed, its hosts are clean"


def _clean(results: Mapping[str, PrepareResult], host: str) -> bool:
    return host in results and results[host].ok
