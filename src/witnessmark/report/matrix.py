"""The source matrix in words: of each case what is not simply present, and the measured quality."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from witnessmark.model.matrix import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.verdicts import CaseVerdict, RunVerdict


def cell(case: CaseVerdict) -> list[tuple[str, str]]:
    """(state, fields) of one case on one source; what is present is only counted."""
    told: dict[State, dict[str, None]] = {}
    for item in case.fields:
        name = f"{item.record}: {item.field}" if item.field else item.record
        told.setdefault(item.state, {})[name] = None
    count = sum(item.state is State.PRESENT for item in case.fields)
    rows = [(State.PRESENT.value, f"{count} of {len(case.fields)}")] if case.fields else []
    return rows + [
        (state.value, ", ".join(told[state]))
        for state in State
        if state in told and state is not State.PRESENT
    ]


def lines(run: RunVerdict) -> Iterator[str]:
    """For a terminal: each source's fields that were not present, and its five dimensions."""
    for item in run.quality:
        counts = Counter(
            (cell.state.value, f"{cell.record}: {cell.field}" if cell.field else cell.record)
            for case in run.cases
            if case.source == item.source
            for cell in case.fields
            if cell.state is not State.PRESENT
        )
        for (state, name), count in sorted(counts.items()):
            yield f"{item.source}: {name} {state} ({count} times)"
        for each in item.dimensions:
            share = "unknown" if each.share is None else f"{each.share:.0%}"
            yield f"{item.source}: {each.name} {share} ({each.text})"
