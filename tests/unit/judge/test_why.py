"""Which records explain a case: its executions, or what is left where none was recorded."""

from dataclasses import replace

import pytest

from witnessmark.errors import UsageError
from witnessmark.judge import examples
from witnessmark.judge.why import _as_delivered, _drops, _runs, named
from witnessmark.model.events import Event, Kind


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
