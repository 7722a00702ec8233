"""Nothing is started outside the notice's window: before the run, and before every case of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.content.pack import script_of
from witnessmark.errors import NoticeError
from witnessmark.model.scenario import Phase
from witnessmark.notice.moments import written
from witnessmark.outline import expected_s
from witnessmark.phases import lanes

if TYPE_CHECKING:
    from witnessmark.model.notice import Announced
    from witnessmark.model.run import Case, PhaseResult, Plan


def within(notice: Announced, now_ns: int) -> str | None:
    """Why that moment is not inside the window, or None if it is."""
    if now_ns < notice.begins_ns:
        return f"its window begins at {written(notice.begins_ns)}, and it is {written(now_ns)}"
    if now_ns >= notice.ends_ns:
        return f"its window ended at {written(notice.ends_ns)}, and it is {written(now_ns)}"
    return None


def may_begin(plan: Plan, now_ns: int) -> None:
    """Lets a run begin only inside the window of the notice that announced it.

    Raises:
        NoticeError: outside of it. A run without a notice has no window.
    """
    if plan.notice and (why := within(plan.notice, now_ns)):
        raise NoticeError(f"run {plan.run_id} may not begin: {why} (the notice's window)")


def over(plan: Plan, now_ns: int) -> bool:
    """Whether the notice's window has ended: an attack that is under way is ended then."""
    return plan.notice is not None and now_ns >= plan.notice.ends_ns


def too_late(plan: Plan, case: Case, now_ns: int) -> str | None:
    """Why a case is not started any more: it would not be over when the notice's window ends.

    The positive controls that follow the cases need their time too: without them nothing that was
    not seen would mean anything.
    """
    if plan.notice is None:
        return None
    needs = _needs_s(plan, case)
    if case.control != "after":
        needs += sum(_needs_s(plan, item) for item in lanes(plan, case.host).after)
    if now_ns + needs * 1e9 < plan.notice.ends_ns:
        return None
    return (
        f"{case.host}: not started: the notice's window ends at {written(plan.notice.ends_ns)}, "
        f"and this and the controls after it take about {needs:g} s"
    )


def cut(plan: Plan, case: Case, phases: list[PhaseResult]) -> str | None:
    """Why a case's attack was ended before its time, if the end of the window was the reason."""
    attack = next((item for item in phases if item.phase is Phase.ATTACK), None)
    if attack is None or not attack.timed_out or not over(plan, attack.finished_ns):
        return None
    return f"{case.host}: its attack was ended because the notice's window ended"


def _needs_s(plan: Plan, case: Case) -> float:
    found = expected_s(plan, script_of(case.scenario.family, case.scenario.id))
    return case.timeout_s if found is None else found
