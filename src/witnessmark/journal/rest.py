"""What a dead controller left undone: which cases are played, which controls are played again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from witnessmark.model.run import Act

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from witnessmark.journal.past import Past
    from witnessmark.model.run import Case, Plan


def rest(past: Past, hosts: Sequence[str]) -> tuple[list[Case], list[Case]]:
    """The cases still to be played on some hosts, and which of them are controls beyond the plan.

    Only cases that were never started are played: a case that was half played could fire twice.
    Before them the controls are played again, and after them too, so that every case of this part
    lies between two of its own part. Where only the controls after the cases are missing, only
    those are played.
    """
    todo: list[Case] = []
    more: list[Case] = []
    index = max(case.index for case in past.cases)
    for host in hosts:
        mine = [case for case in past.cases if case.host == host]
        ordinary = [case for case in mine if not case.control and not _started(past, case)]
        for name, when, versions in _controls(mine):
            if when == "before" and not ordinary:
                continue
            fresh = next((case for case in versions if not _started(past, case)), None)
            if fresh is None and not ordinary and any(_played(past, case) for case in versions):
                continue
            if fresh is None:
                index += 1
                number = len(versions) + 1
                fresh = replace(versions[0], id=f"{name}.{when}-{number}:{host}", index=index)
                more.append(fresh)
            todo.append(fresh)
        todo += ordinary
    return todo, more


def under_way(past: Past) -> Mapping[str, Sequence[tuple[Case, str]]]:
    """Per host, the cases that were under way, each with the reason why it proves nothing."""
    found: dict[str, list[tuple[Case, str]]] = {}
    for case in past.cases:
        if case.id in past.phases:
            found.setdefault(case.host, []).append((case, _why(past, case)))
    return found


def filled(past: Past, plan: Plan, acts: Sequence[Act], part: int) -> list[Act]:
    """One act for every case, in the plan's order: what was played, or why it was not."""
    new = {act.case_id: replace(act, part=part) for act in acts}
    return [
        past.acts.get(case.id) or new.get(case.id) or _missing(past, case) for case in plan.cases
    ]


def _missing(past: Past, case: Case) -> Act:
    if case.id in past.phases:
        return Act(case_id=case.id, error=_why(past, case))
    why = f"{case.host}: the controller died before it was played"
    return Act(case_id=case.id, error=why, started=False)


def _why(past: Past, case: Case) -> str:
    return (
        f"{case.host}: the controller died during the {past.phases[case.id]} phase, so nobody saw "
        "what the case did"
    )


def _started(past: Past, case: Case) -> bool:
    return case.id in past.acts or case.id in past.phases


def _played(past: Past, case: Case) -> bool:
    act = past.acts.get(case.id)
    return act is not None and not act.error


def _controls(cases: Sequence[Case]) -> Iterator[tuple[str, str, list[Case]]]:
    """Every control of a host: scenario, before or after, and all cases that were planned of it."""
    found: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        if case.control:
            found.setdefault((case.scenario.id, case.control), []).append(case)
    for (name, when), versions in found.items():
        yield name, when, versions
