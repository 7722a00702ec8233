"""Nothing starts outside of the window, and no case that would not be over when it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.unit.notice.conftest import BEGINS, ENDS, MAC1, plan_of

from witnessmark import pipeline
from witnessmark.content.pack import script_of
from witnessmark.errors import NoticeError
from witnessmark.model.notice import Announced
from witnessmark.model.run import Case, PhaseResult, Plan
from witnessmark.model.scenario import Phase
from witnessmark.notice import timebox
from witnessmark.outline import expected_s

if TYPE_CHECKING:
    from pathlib import Path

SECOND = 10**9
NOTICE = Announced(sha256="0" * 64, signer="j", key="k", begins_ns=BEGINS, ends_ns=ENDS)
FREE = plan_of(MAC1, wanted=("p11", "n14"))
PLAN = replace(FREE, notice=NOTICE)


def case(plan: Plan, start: str) -> Case:
    return next(item for item in plan.cases if item.id.startswith(start))


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (BEGINS - 1, "window begins at 2026-11-24T14:00:00Z, and it is 2026-11-24T13:59:59Z"),
        (ENDS, "window ended at 2026-11-24T16:00:00Z"),
        (ENDS + 86_400 * SECOND, "window ended at 2026-11-24T16:00:00Z"),
    ],
)
def test_a_run_begins_only_inside_the_window(now: int, words: str) -> None:
    with pytest.raises(NoticeError, match=words):
        timebox.may_begin(PLAN, now)
    timebox.may_begin(FREE, now)


def test_the_pipeline_itself_begins_nothing_outside_the_window(tmp_path: Path) -> None:
    old = replace(NOTICE, begins_ns=10**18, ends_ns=10**18 + SECOND)
    with pytest.raises(NoticeError, match="may not begin: its window ended at 2001-09-09"):
        pipeline.run(replace(PLAN, notice=old), tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("now", [BEGINS, ENDS - 1])
def test_the_window_holds_its_first_moment_and_not_its_last(now: int) -> None:
    timebox.may_begin(PLAN, now)
    assert not timebox.over(PLAN, now)
    assert timebox.over(PLAN, ENDS)
    assert not timebox.over(FREE, ENDS)


def test_a_case_needs_its_own_time_and_that_of_the_controls_after_it() -> None:
    p11, n14 = (case(PLAN, name) for name in ("p11", "n14"))
    after = case(PLAN, "c01-drop-pulse.after")
    near = ENDS - 6 * SECOND
    assert timebox.too_late(PLAN, p11, near) is None
    # It waits for longer than the analytic's window of 4 s.
    said = timebox.too_late(PLAN, n14, near)
    assert said is not None
    assert said.startswith("mac1: not started: the notice's window ends at 2026-11-24T16:00:00Z")
    last = ENDS - 3 * SECOND // 2
    assert timebox.too_late(PLAN, after, last) is None
    assert timebox.too_late(PLAN, p11, last) is not None
    assert timebox.too_late(PLAN, after, ENDS) is not None
    assert timebox.too_late(FREE, p11, ENDS) is None


def test_a_case_that_alone_would_fit_leaves_no_room_for_its_control() -> None:
    p11, after = case(PLAN, "p11"), case(PLAN, "c01-drop-pulse.after")
    own, control = (
        expected_s(PLAN, script_of(item.scenario.family, item.scenario.id)) for item in (p11, after)
    )
    assert own
    assert control
    alone = ENDS - int((own + control / 2) * SECOND)
    assert timebox.too_late(PLAN, p11, alone) is not None
    both = ENDS - int((own + control * 1.1) * SECOND)
    assert timebox.too_late(PLAN, p11, both) is None


def test_a_script_that_does_not_tell_how_long_it_waits_may_take_its_whole_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timebox, "script_of", lambda *_: 'wm_wait "$UNKNOWN"\n')
    p11 = case(PLAN, "p11")
    limit = 2 * p11.timeout_s
    assert timebox.too_late(PLAN, p11, ENDS - int(limit * SECOND / 3)) is not None
    assert timebox.too_late(PLAN, p11, ENDS - int(limit * SECOND * 2)) is None


@pytest.mark.parametrize(
    ("finished", "timed_out", "said"),
    [(ENDS + 1, True, True), (ENDS - 1, True, False), (ENDS + 1, False, False)],
)
def test_an_attack_that_the_window_ended_says_so(
    finished: int, *, timed_out: bool, said: bool
) -> None:
    attack = PhaseResult(
        phase=Phase.ATTACK,
        mark="m",
        started_ns=ENDS - SECOND,
        finished_ns=finished,
        status=None,
        timed_out=timed_out,
    )
    p11 = case(PLAN, "p11")
    assert (timebox.cut(PLAN, p11, [attack]) is not None) is said
    assert timebox.cut(FREE, p11, [attack]) is None
