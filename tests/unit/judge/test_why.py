"""Which records explain a case: its executions, or what is left where none was recorded.

Its records are synthetic.
"""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from witnessmark.errors import UsageError
from witnessmark.judge import examples, why
from witnessmark.judge.why import _as_delivered, _drops, _runs, named
from witnessmark.model.events import Event, Kind
from witnessmark.model.verdicts import Verdict


def test_the_executions_of_the_attack_explain_a_case() -> None:
    case = examples.drop_exec()
    assert [event.kind for event in _runs(case)] == [Kind.EXEC]


def test_without_an_execution_the_drop_is_left_to_explain() -> None:
    case = examples.drop_exec(without="exec")
    assert list(_runs(case)) == []
    assert Kind.CLOSE in {event.kind for event in _drops(case)}


def test_nothing_outside_the_attack_explains_a_case() -> None:
    case = examples.drop_exec()
    assert case.stream is not None
    later = tuple(replace(event, time_ns=event.time_ns + 10**15) for event in case.stream.events)
    late = replace(case, stream=replace(case.stream, events=later))
    assert list(_runs(late)) == list(_drops(late)) == []
    assert list(_runs(replace(case, stream=None))) == []


def test_a_record_is_named_by_its_number_or_its_id() -> None:
    case = examples.drop_exec()
    assert case.stream is not None
    event: Event = replace(case.stream.events[0], id="mac/es/5", global_seq=7)
    assert named("7")(event)
    assert named("mac/es/5")(event)
    assert not named("5")(event)
    assert not named("mac/es/7")(event)
    assert not named("\N{ARABIC-INDIC DIGIT SEVEN}")(event), "digits of other scripts are no number"
    assert not named("7" * 5_000)(event), "longer than Python turns into a number"


def test_a_record_of_the_store_is_explained_as_it_was_delivered() -> None:
    store = examples.drop_exec().stream
    assert store is not None
    kept, *others = (
        replace(event, global_seq=number) for number, event in enumerate(store.events, start=40)
    )
    arrived = replace(kept, id="example/es.delivered/1", line=1)
    delivered = replace(store, events=(arrived,))
    whole = replace(store, events=(kept, *others))
    assert _as_delivered(kept.id, whole, delivered) == arrived.id
    assert _as_delivered("40", whole, delivered) == arrived.id
    with pytest.raises(UsageError, match=r"^record \S+ never reached its destination"):
        _as_delivered("41", whole, delivered)
    assert _as_delivered("99", whole, delivered) == "99", "nobody has it: said by who looks it up"
    assert _as_delivered("40", None, delivered) == "40"


def rules(item: Any) -> list[str]:
    """The rules that held of a record, as the analytic said them."""
    return [step.rule for step in item.account.steps if step.holds]


def test_a_case_is_explained_by_the_record_of_its_execution(played: Any) -> None:
    (found,) = why.case(played.seal(), "x01")
    assert (found.case.id, found.case.verdict) == ("x01-played:mac1", Verdict.DETECTED)
    assert found.missing == ()
    (item,) = found.records
    assert item.account.event.global_seq == 3
    assert {"B3", "B5"} <= set(rules(item))


def test_what_else_ran_meanwhile_explains_nothing(played: Any) -> None:
    other = deepcopy(played.records[3])
    other["process"]["audit_token"] = other["event"]["exec"]["target"]["audit_token"] = {
        "pid": 777,
        "pidversion": 7770,
    }
    other["event"]["exec"] |= {"args": ["/bin/ls"], "script": None}
    played.records.insert(4, other)
    played.number()
    (found,) = why.case(played.seal(), "x01")
    assert [item.account.event.global_seq for item in found.records] == [3]


def test_a_case_of_which_the_execution_is_missing_is_explained_by_its_drop(played: Any) -> None:
    del played.records[3]
    (found,) = why.case(played.seal(), "x01-played:mac1")
    assert found.case.verdict is Verdict.INCONCLUSIVE
    assert [item.account.event.kind for item in found.records] == [Kind.CLOSE]
    assert any("1 records are missing" in text for text in found.missing)
    assert len(found.missing) == len(set(found.missing)), "each reason once"


def test_a_case_on_a_host_without_a_source_asked_nobody(played: Any) -> None:
    def change(record: Any) -> Any:
        hosts = tuple(replace(host, sources=()) for host in record.plan.hosts)
        return replace(record, plan=replace(record.plan, hosts=hosts), collections=())

    played.change = change
    bag = played.seal()
    (found,) = why.case(bag, "x01")
    assert (found.reason, found.records) == ("nothing was asked of any source", ())
    with pytest.raises(UsageError, match=r"no such host and source in this bag; there are: none"):
        why.record(bag, "3")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("c0", r"^more than one case begins with 'c0': c01-before:mac1, c02-after:mac1$"),
        ("x01-plaid:mac1", r"this bag has 3 cases, such as x01-played:mac1"),
        ("%", r"such as c01-before:mac1, x01-played:mac1, c02-after:mac1$"),
    ],
)
def test_a_case_is_named_by_its_beginning_alone(played: Any, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        why.case(played.seal(), name)


def test_a_record_is_explained_by_its_number_or_its_id(played: Any) -> None:
    bag = played.seal()
    (by_number,) = why.record(bag, "3")
    (by_id,) = why.record(bag, "mac1/es/4", host="mac1", source="es")
    assert by_number.account.event == by_id.account.event
    assert "B3" in rules(by_number)


@pytest.mark.parametrize("asked", [{"host": "mac9"}, {"source": "other"}])
def test_a_host_or_source_that_is_none_is_said_with_those_there_are(
    played: Any, asked: dict[str, str]
) -> None:
    with pytest.raises(UsageError, match=r"there are: mac1/es$"):
        why.record(played.seal(), "3", **asked)


def test_a_record_that_is_not_there_is_told_with_what_is_known_of_its_absence(played: Any) -> None:
    del played.records[3]
    bag = played.seal()
    with pytest.raises(UsageError, match=r"^no record is 3 \(1 records are missing before line 4"):
        why.record(bag, "3")
    with pytest.raises(UsageError, match=r"^no record is mac1/es/99 \("):
        why.record(bag, "mac1/es/99")


def test_unreadable_lines_are_told_too(played: Any) -> None:
    played.records[3]["event"] = {"exec": {"target": "gone"}}
    with pytest.raises(
        UsageError, match=r"1 lines cannot be read\); the numbers here are 0 to 6: "
    ):
        why.record(played.seal(), "77")


def test_a_whole_stream_has_no_excuse_for_a_record_that_is_none(played: Any) -> None:
    with pytest.raises(UsageError, match=r"^no record is 77; the numbers here are 0 to 6: "):
        why.record(played.seal(), "77")


def test_nothing_collected_explains_nothing(played: Any) -> None:
    played.change = lambda record: replace(record, collections=())
    bag = played.seal()
    with pytest.raises(UsageError, match=r"nothing was collected of a source that was asked$"):
        why.record(bag, "3")
    (found,) = why.case(bag, "x01")
    assert found.records == ()
    assert any("was not collected" in text for text in found.missing)


def test_a_number_that_two_records_have_is_no_name(played: Any) -> None:
    played.records[5]["global_seq_num"] = 3
    with pytest.raises(UsageError, match=r"^more than one record is 3; name one of mac1/es/4, mac"):
        why.record(played.seal(), "3")


def test_a_record_of_a_source_with_a_destination_is_explained_as_it_arrived(played: Any) -> None:
    played.delivers()
    del played.arrived[5]
    bag = played.seal()
    (found,) = why.record(bag, "mac1/es/4")
    assert found.account.event.id == "mac1/es.delivered/4"
    with pytest.raises(UsageError, match=r"^record mac1/es/6 never reached its destination"):
        why.record(bag, "mac1/es/6")
