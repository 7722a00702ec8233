"""Controls bracket a case only inside its own stretch of the evidence."""

from dataclasses import replace

import pytest

from witnessmark.judge import examples
from witnessmark.judge.api import CaseEvidence
from witnessmark.judge.brackets import around, overall
from witnessmark.model.detections import Answer, Branch
from witnessmark.model.parts import Hole


def control(when: str, **changes: object) -> CaseEvidence:
    case = examples.drop_exec()
    found = replace(case.detections[0], **changes)
    return replace(case, case=replace(case.case, control=when), detections=(found,))


def test_a_control_counts_only_if_it_fired_in_its_own_branch() -> None:
    good = overall([control("before"), control("after")], "B")
    assert (good.before, good.after, good.both) == (True, True, True)
    for wrong in (
        {"answer": Answer.UNDETERMINED},
        {"answer": Answer.SUPPRESSED},
        {"branch": Branch.A},
        {"host": "elsewhere"},
    ):
        found = overall([control("before"), control("after", **wrong)], "B")
        assert (found.before, found.after, found.both) == (True, False, False)
        assert "did not fire after" in found.reason


def test_a_control_that_was_not_acted_proves_nothing() -> None:
    after = control("after")
    unplayed = replace(after, act=replace(after.act, witnesses=()))
    assert not overall([control("before"), unplayed], "B").both


def test_an_ordinary_case_is_no_control() -> None:
    found = overall([examples.drop_exec()], "B")
    assert (found.before, found.after, found.both) == (None, None, False)
    assert found.reason == "no positive control of branch B ran on this host"
    assert overall([control("before"), control("after")], "A").before is None


def resumed(*, lost: bool, holes: int = 1) -> tuple[list[CaseEvidence], CaseEvidence, CaseEvidence]:
    """before, a case | the controller dies, resume | before, a case, after."""
    collection = replace(
        examples.drop_exec().collection,
        holes=tuple(Hole(part=part + 1, offset=9, lost=lost) for part in range(holes)),
    )

    def of(case: CaseEvidence, part: int) -> CaseEvidence:
        return replace(case, act=replace(case.act, part=part), collection=collection)

    first, second = of(examples.drop_exec(), 0), of(examples.drop_exec(), 1)
    controls = [of(control("before"), 0), of(control("before"), 1), of(control("after"), 1)]
    return [*controls, first, second], first, second


def test_a_file_read_on_where_it_stopped_is_one_stretch() -> None:
    cases, first, second = resumed(lost=False)
    assert around(cases, first)["B"].both
    assert around(cases, second)["B"].both
    assert overall(cases, "B").both


def test_nothing_vouches_across_what_a_live_stream_lost() -> None:
    cases, first, second = resumed(lost=True)
    found = around(cases, first)["B"]
    assert (found.before, found.after, found.both) == (True, None, False)
    assert found.reason == "the positive control of branch B was not played after the cases"
    assert around(cases, second)["B"].both
    worst = overall(cases, "B")
    assert not worst.both
    assert worst.reason.endswith("after the cases, in part 1")


@pytest.mark.parametrize("silent", [0, 1, 2])
def test_every_control_of_a_stretch_must_have_fired(silent: int) -> None:
    cases, first, second = resumed(lost=False)
    cases[silent] = replace(cases[silent], detections=())
    assert not around(cases, first)["B"].both
    assert not around(cases, second)["B"].both


def test_a_part_without_its_own_controls_behind_a_loss_is_bracketed_by_nothing() -> None:
    cases, _, second = resumed(lost=True)
    found = around([cases[0], *cases[3:]], second)["B"]
    assert (found.before, found.after) == (None, None)


def test_a_control_that_was_under_way_is_made_good_by_its_replay_only_in_the_same_stretch() -> None:
    for lost in (False, True):
        cases, first, _ = resumed(lost=lost)
        died = replace(cases[2], act=replace(cases[2].act, part=0, error="the controller died"))
        assert around([*cases, died], first)["B"].both == (not lost)
