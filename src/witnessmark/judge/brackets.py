"""Positive controls as brackets: silence counts only between two that fired in the same stretch.

A run that was resumed has parts, each with controls of its own. Where a source lost what it said
between two parts, nothing on one side vouches for anything on the other: a stretch ends there.
Inside a stretch every control that was played must have fired, one before the case and one after
it at least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge import match, tied
from witnessmark.judge.api import Controls
from witnessmark.model.detections import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from witnessmark.judge.api import CaseEvidence


def detected(control: CaseEvidence, branch: str) -> bool:
    """Whether the embedded analytic fired for a control."""
    return any(
        found.answer is Answer.FIRED and found.branch.value == branch
        for found in tied.detections(control)
    )


def around(
    cases: Sequence[CaseEvidence],
    case: CaseEvidence,
    fired: Callable[[CaseEvidence, str], bool] = detected,
) -> Mapping[str, Controls]:
    """Per branch, whether the controls before and after a case fired, for its host and source."""
    return {branch: _between(cases, branch, case.act.part, fired) for branch in "AB"}


def overall(
    cases: Sequence[CaseEvidence],
    branch: str,
    fired: Callable[[CaseEvidence, str], bool] = detected,
) -> Controls:
    """The brackets of a whole run in one: of a resumed run, the first that does not hold."""
    parts = sorted({item.act.part for item in cases if not item.case.control}) or [0]
    found = [(part, _between(cases, branch, part, fired)) for part in parts]
    part, worst = next((item for item in found if not item[1].both), found[-1])
    if worst.both or len(found) == 1:
        return worst
    return Controls(
        before=worst.before, after=worst.after, reason=f"{worst.reason}, in part {part + 1}"
    )


def _between(
    cases: Sequence[CaseEvidence],
    branch: str,
    part: int,
    fires: Callable[[CaseEvidence, str], bool],
) -> Controls:
    fired: dict[str, list[bool]] = {"before": [], "after": []}
    unplayed = False
    for item in cases:
        if not item.case.control or branch != item.case.scenario.branch:
            continue
        if _stretch(item, item.act.part) != _stretch(item, part):
            continue
        side = _side(item, part)
        if match.acted(item):
            fired[side].append(fires(item, branch))
        else:
            unplayed = True
    before, after = (all(said) if said else None for said in fired.values())
    missing = [side for side, said in fired.items() if not said and (unplayed or before or after)]
    return Controls(before=before, after=after, reason=_reason(branch, before, after, missing))


def _stretch(case: CaseEvidence, part: int) -> int:
    """Which stretch of its source a part lies in: every hole that lost something begins one."""
    holes = case.collection.holes if case.collection else ()
    return sum(hole.lost and hole.part <= part for hole in holes)


def _side(control: CaseEvidence, part: int) -> str:
    """Whether a control was played before or after the ordinary cases of a part."""
    if control.act.part != part:
        return "before" if control.act.part < part else "after"
    return control.case.control or "after"


def _reason(branch: str, before: bool | None, after: bool | None, unplayed: Sequence[str]) -> str:
    if unplayed:
        when = " and ".join(unplayed)
        return f"the positive control of branch {branch} was not played {when} the cases"
    if before is None and after is None:
        return f"no positive control of branch {branch} ran on this host"
    missing = [name for name, value in (("before", before), ("after", after)) if value is not True]
    if not missing:
        return f"the positive control of branch {branch} fired before and after"
    return f"the positive control of branch {branch} did not fire {' and '.join(missing)} the cases"
