"""The verdict table, row by row, as contracts.md writes it."""

import itertools

import pytest

from witnessmark.judge.table import first_broken, link_status, ok, verdict
from witnessmark.model.detections import Answer
from witnessmark.model.scenario import ExpectedAnswer
from witnessmark.model.verdicts import Finding, Link, Status, Verdict

WHOLE = dict.fromkeys(Link, Status.PASS)


def judge(expect: str = "fires", answer: str = "fired", **changes: object) -> Verdict:
    links = WHOLE | changes.pop("links", {})
    given = {"denied": False, "judged": True} | changes
    return verdict(links, expect=ExpectedAnswer(expect), answer=Answer(answer), **given)


ROWS = [
    ("not applicable", {"links": {Link.ACTED: Status.SKIP}, "denied": True}),
    ("inconclusive", {"links": {Link.ACTED: Status.ERROR}, "denied": True}),
    ("prevented", {"links": {Link.ACTED: Status.FAIL}, "denied": True}),
    ("not executed", {"links": {Link.ACTED: Status.FAIL, Link.RECORDED: Status.ERROR}}),
    ("not executed", {"links": {Link.ACTED: Status.PENDING}}),
    ("inconclusive", {"links": {Link.RECORDED: Status.ERROR, Link.DELIVERED: Status.FAIL}}),
    ("inconclusive", {"links": {Link.RECORDED: Status.FAIL, Link.DELIVERED: Status.ERROR}}),
    ("blind (not recorded)", {"links": {Link.RECORDED: Status.FAIL}, "judged": False}),
    ("lost in delivery", {"links": {Link.DELIVERED: Status.FAIL}, "judged": False}),
    ("not assessed", {"judged": False}),
    ("inconclusive", {"answer": "undetermined"}),
    ("gap as documented", {"answer": "undetermined", "expect": "gap"}),
    ("detected", {}),
    ("detected late", {"late": True}),
    ("missed (suppressed)", {"answer": "suppressed"}),
    ("missed", {"answer": "silent"}),
    ("false alarm", {"expect": "silent"}),
    ("false alarm (suppressed)", {"expect": "silent", "answer": "suppressed"}),
    ("silent as expected", {"expect": "silent", "answer": "silent"}),
    ("false alarm", {"expect": "suppressed"}),
    (
        "suppressed as documented",
        {"expect": "suppressed", "answer": "suppressed", "workflow": True},
    ),
    ("false alarm", {"expect": "suppressed", "answer": "suppressed", "workflow": False}),
    ("missed", {"expect": "suppressed", "answer": "silent"}),
    ("gap closed", {"expect": "gap"}),
    ("gap closed", {"expect": "gap", "answer": "suppressed"}),
    ("gap as documented", {"expect": "gap", "answer": "silent"}),
]


@pytest.mark.parametrize(("expected", "given"), ROWS)
def test_row(expected: str, given: dict[str, object]) -> None:
    assert judge(**given) == expected


def test_every_expectation_and_answer_has_a_verdict() -> None:
    for expect, answer in itertools.product(ExpectedAnswer, Answer):
        assert judge(expect.value, answer.value) in Verdict


def test_good_verdicts_are_ok_only_without_a_broken_link() -> None:
    broken = WHOLE | {Link.CLEANED: Status.FAIL}
    assert ok(Verdict.DETECTED, WHOLE, prevented_allowed=False)
    assert not ok(Verdict.DETECTED, broken, prevented_allowed=False)
    assert first_broken(broken) is Link.CLEANED


@pytest.mark.parametrize(
    "bad",
    sorted(
        set(Verdict)
        - {
            Verdict.DETECTED,
            Verdict.SILENT,
            Verdict.SUPPRESSED,
            Verdict.GAP,
            Verdict.NOT_APPLICABLE,
        }
    ),
)
def test_no_other_verdict_is_ok(bad: Verdict) -> None:
    assert not ok(bad, WHOLE, prevented_allowed=False)


def test_prevented_is_ok_only_where_the_scenario_allows_it() -> None:
    assert ok(Verdict.PREVENTED, WHOLE, prevented_allowed=True)
    assert not ok(Verdict.PREVENTED, WHOLE, prevented_allowed=False)


def test_pending_and_skip_never_break_but_error_does() -> None:
    links = WHOLE | {Link.RETAINED: Status.PENDING, Link.DELIVERED: Status.SKIP}
    assert first_broken(links) is None
    assert first_broken(links | {Link.DETECTED: Status.ERROR}) is Link.DETECTED


def test_a_link_takes_its_worst_finding_and_could_not_look_is_worst() -> None:
    def said(status: Status) -> Finding:
        date = "2027-01-01" if status is Status.PENDING else None
        return Finding(
            validator="x", link=Link.RETAINED, status=status, message="m", first_provable=date
        )

    order = [Status.SKIP, Status.PASS, Status.PENDING, Status.FAIL, Status.ERROR]
    for count in range(1, len(order) + 1):
        links = link_status([said(item) for item in order[:count]])
        assert links[Link.RETAINED] is order[count - 1]
    assert links[Link.ACTED] is Status.SKIP


def test_a_finding_without_a_message_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="needs a message"):
        Finding(validator="x", link=Link.ACTED, status=Status.FAIL, message=" ")


def test_a_pending_finding_names_its_date() -> None:
    with pytest.raises(ValueError, match="first provable date"):
        Finding(validator="x", link=Link.RETAINED, status=Status.PENDING, message="m")
