"""What a journal adds up to, entry by entry; an entry that fits no plan is refused by its line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.journal.conftest import CASES, RUN, T0, case, facts, plan, played

from witnessmark.errors import JournalError
from witnessmark.journal.past import read
from witnessmark.model.journal import (
    Acted,
    Closed,
    Finished,
    Judged,
    Kept,
    PhaseBegan,
    PhaseEnded,
    Prepared,
    Reached,
    Resumed,
    Reverted,
    Sealed,
)
from witnessmark.model.parts import Hole
from witnessmark.model.run import Collection
from witnessmark.model.scenario import Phase


def test_a_run_that_only_began_did_nothing_yet(journal: Any) -> None:
    past = journal.read()
    assert (past.part, past.done, past.over, past.sealed) == (0, set(), None, False)
    assert [item.id for item in past.cases] == [item.id for item in plan().cases]
    assert past.last_ns == T0


def test_no_entry_means_that_nothing_was_touched(journal: Any) -> None:
    assert read(journal.path, []) is None


def test_hosts_come_as_far_as_the_journal_says(journal: Any) -> None:
    journal.add(Prepared, host="mac1", ok=False, reason="asleep")
    assert journal.read().prepared == set()
    journal.add(Prepared, host="mac1", ok=True)
    assert journal.read().prepared == {"mac1"}
    journal.add(Reached, facts=facts(clock_offset_s=0.5, clock_uncertainty_s=0.25))
    past = journal.read()
    assert (past.facts["mac1"].clock_offset_s, past.offsets) == (0.5, {"mac1": {0: 0.5}})
    assert past.done == set()
    journal.add(Closed, facts=facts(left_behind=()))
    past = journal.read()
    assert (past.closed, past.finished, past.done) == ({"mac1"}, set(), {"mac1"})


def test_a_clock_is_as_inexact_as_it_ever_was(journal: Any) -> None:
    for unsure in (0.25, 0.125, 0.5, None):
        journal.add(Reached, facts=facts(clock_uncertainty_s=unsure))
    widest = [replace(journal, entries=journal.entries[:end]).read() for end in (2, 3, 4, 5)]
    assert [item.facts["mac1"].clock_uncertainty_s for item in widest] == [0.25, 0.25, 0.5, None]


def test_a_case_is_under_way_from_its_first_phase_until_it_was_played(journal: Any) -> None:
    journal.add(PhaseBegan, mark=journal.mark(CASES[0], Phase.SETUP))
    journal.add(PhaseEnded, mark=journal.mark(CASES[0], Phase.SETUP), status=0)
    journal.add(PhaseBegan, mark=journal.mark(CASES[0], Phase.ATTACK))
    assert journal.read().phases == {CASES[0]: "attack"}
    journal.add(Acted, act=played(CASES[0]))
    journal.add(PhaseEnded, mark=journal.mark(CASES[0], Phase.CLEANUP), status=0)
    past = journal.read()
    assert past.phases == {}
    assert past.acts[CASES[0]].part == 0


def test_the_first_word_on_a_case_stands(journal: Any) -> None:
    journal.add(Acted, act=played(CASES[0], error="first"))
    journal.add(Resumed)
    journal.add(Acted, act=played(CASES[0], error="second"))
    journal.add(Acted, act=played(CASES[1]))
    past = journal.read()
    assert past.acts[CASES[0]].error == "first"
    assert (past.acts[CASES[0]].part, past.acts[CASES[1]].part, past.part) == (0, 1, 1)
    assert [(item.since_ns, item.until_ns) for item in past.absences] == [
        (T0 + 10**9, T0 + 2 * 10**9)
    ]


def test_a_resume_may_plan_controls_once_more(journal: Any) -> None:
    journal.add(Resumed, cases=(case("c01.before-2:mac1", 5, "before"),))
    assert journal.read().cases[-1].id == "c01.before-2:mac1"
    journal.add(Resumed, cases=(case("c01.before-2:mac1", 6, "before"),))
    with pytest.raises(JournalError, match="more than one case"):
        journal.read()


def test_what_was_collected_grows_until_a_collector_tells_all(journal: Any) -> None:
    first = {"host": "mac1", "source": "es", "start": 7}
    journal.add(Kept, **first, chunks=((10, T0),))
    journal.add(Kept, **first, chunks=((20, T0 + 1),), grain_ns=5)
    past = journal.read()
    item = past.collected["mac1", "es"]
    assert (item.start, item.chunks, item.grain_ns) == (7, [(10, T0), (20, T0 + 1)], 5)
    hole = Hole(part=1, offset=20, lost=True)
    journal.add(Kept, **first, chunks=((20, None), (30, T0)), whole=True, holes=(hole,))
    item = journal.read().collected["mac1", "es"]
    assert (item.chunks, item.holes) == ([(20, None), (30, T0)], [hole])
    assert journal.read().arrived == {}


def test_what_arrived_and_alerts_are_kept_apart_from_the_store(journal: Any) -> None:
    journal.add(Kept, host="mac1", source="es", start=0, chunks=((3, T0),), delivered=True)
    journal.add(Kept, host="mac1", source="es.alerts", start=0, delivered=True)
    past = journal.read()
    assert past.collected == {}
    assert past.arrived["mac1", "es"].chunks == [(3, T0)]
    assert past.arrived["mac1", "es.alerts"].chunks == []


def test_a_finished_host_tells_all_at_once(journal: Any) -> None:
    journal.add(
        Finished,
        facts=facts(),
        acts=(played(CASES[0]), played(CASES[1])),
        collections=(Collection(host="mac1", source="es", chunks=((3, T0),), problem="torn"),),
        deliveries=(Collection(host="mac1", source="es", start=2, grain_ns=9),),
    )
    past = journal.read()
    assert (past.finished, past.done, set(past.acts)) == ({"mac1"}, {"mac1"}, set(CASES))
    assert (past.collected["mac1", "es"].problem, past.arrived["mac1", "es"].grain_ns) == (
        "torn",
        9,
    )


@pytest.mark.parametrize(
    ("kind", "given", "over", "sealed"),
    [
        (Sealed, {"digest": "ab"}, None, True),
        (Judged, {}, "it was sealed and judged", False),
        (Reverted, {"why": "its hosts were cleaned"}, "it was reverted: its hosts were", False),
    ],
)
def test_how_a_run_ended(
    journal: Any, kind: type[Any], given: dict[str, Any], over: str | None, sealed: bool
) -> None:
    past = journal.add(kind, **given).read()
    assert past.sealed is sealed
    assert (past.over or "").startswith(over or "")
    assert (past.over is None) is (over is None)


STRANGE = Collection(host="mac1", source="other")


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (Prepared, {"host": "mac9", "ok": True}, "names the host 'mac9'"),
        (Reached, {"facts": facts(name="mac9")}, "names the host 'mac9'"),
        (Kept, {"host": "mac1", "source": "nope", "start": 0}, "names the source 'nope'"),
        (
            Kept,
            {"host": "mac1", "source": "es", "start": 0, "chunks": ((9, T0), (3, T0))},
            "has chunks that do not follow each other",
        ),
        (Kept, {"host": "mac1", "source": "es", "start": -1}, "has chunks that do not follow"),
        (PhaseBegan, {"mark": "wm-other-001a"}, "names the mark 'wm-other-001a'"),
        (Acted, {"act": played("x99:mac1")}, "names the case 'x99:mac1'"),
        (Finished, {"facts": facts(), "collections": (STRANGE,)}, "names the source 'other'"),
        (Finished, {"facts": facts(), "deliveries": (STRANGE,)}, "names the source 'other'"),
        (Finished, {"facts": facts(), "acts": (played("x99:mac1"),)}, "names the case 'x99"),
    ],
)
def test_an_entry_that_fits_no_plan_is_refused_by_its_line(
    journal: Any, kind: type[Any], given: dict[str, Any], said: str
) -> None:
    journal.add(Judged)
    journal.add(kind, **given)
    with pytest.raises(JournalError, match=said) as caught:
        journal.read()
    assert f"{journal.path}:3" in str(caught.value)


def test_a_journal_that_does_not_begin_as_one_is_refused(journal: Any) -> None:
    line, begun = journal.entries[0]
    for entries, said in (
        ([(1, Judged(at_ns=T0))], "does not say what was planned"),
        ([(1, replace(begun, format=99))], "has format 99, and this version reads"),
        ([(1, replace(begun, plan=replace(begun.plan, run_id="x")))], "its plan has the run id"),
        ([(line, begun), (2, begun)], "begins the run a second time"),
    ):
        with pytest.raises(JournalError, match=said):
            read(journal.path, entries)
    with pytest.raises(JournalError, match=f"is of run {RUN}, and lies in another's folder"):
        read(journal.path.parents[1] / "other" / "journal.jsonl", journal.entries)
