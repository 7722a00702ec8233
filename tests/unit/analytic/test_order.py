"""Order, lateness and repetition change no answer; and one pass holds little."""

from __future__ import annotations

import random
import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from witnessmark.analytic import Engine, detect, load
from witnessmark.analytic.order import Order
from witnessmark.model.events import FileRef, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.events import Event, Stream

HOME = "/Users/kim"
SECOND = 1_000_000_000


def busy(tape: Any, dice: random.Random, steps: int = 40) -> None:
    """A random but lawful course of events around drops, moves, runs and browsers."""
    chrome = tape.chrome()
    tasks = [tape.terminal, chrome]
    places = [f"{HOME}/Downloads", f"{HOME}/Library/Caches", "/private/tmp"]
    names = [f"{place}/{name}" for place in places for name in ("a.sh", "b", "c.crdownload")]
    names += [f"{HOME}/Downloads/d.dmg", "/Volumes/L/a.sh"]
    for _ in range(steps):
        task, path, other = dice.choice(tasks), dice.choice(names), dice.choice(names)
        act = dice.randrange(12)
        if act == 0:
            tape.write(path, task, size=dice.choice([0, 60]))
        elif act == 1 and path != other:
            tape.rename(path, other, task)
        elif act == 2 and path != other:
            tape.clone(path, other)
        elif act == 3:
            tape.unlink(path) if path in tape.inodes else tape.create(path, task)
        elif act in (4, 5):
            tasks.append(tape.spawn(task, "/bin/sh", ["sh", path]))
        elif act == 6:
            tasks.append(tape.spawn(task, path))
        elif act == 7 and len(tasks) > 3:
            tape.exit(tasks.pop(dice.randrange(2, len(tasks))))
        elif act == 9:
            point = dice.choice([[], ["-mountpoint", "/Volumes/L"]])
            words = ["hdiutil", "attach", f"{HOME}/Downloads/d.dmg", *point]
            tasks.append(tape.spawn(task, "/usr/bin/hdiutil", words))
        elif act == 10:
            kind = dice.choice([Kind.MOUNT, Kind.UNMOUNT])
            to, device = FileRef(path="/Volumes/L"), FileRef(path="/dev/disk4s1")
            tape.event(kind, task, file=to, source_file=device)
        elif act == 11:
            wrapper = dice.choice([["sudo", "-n"], ["env", "A=b"], ["nohup"]])
            tape.spawn(task, f"/usr/bin/{wrapper[0]}", [*wrapper, "sh", path])
        tape.wait(dice.choice([0, 0, 1, 20, 400]))


@pytest.fixture(params=["default", "all"])
def switched(request: Any) -> Any:
    """The defaults, and with every optional rule switched on (B5 quarantine, B7)."""
    if request.param == "default":
        return load().parameters
    return replace(load(profile="provenance").parameters, require_quarantine=True)


def said(stream: Stream, params: Any) -> list[str]:
    plain = [replace(item, received_ns=None) for item in detect(stream, params)]
    return sorted(map(repr, plain))


@settings(deadline=None, max_examples=60,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(seed=st.integers(0, 10**9))
def test_shuffled_within_late_arrival_and_repeated(
    seed: int, switched: Any, make_tape: Any
) -> None:
    dice = random.Random(seed)
    tape = make_tape(standin=dice.random() < 0.3)
    busy(tape, dice)
    whole = replace(tape.stream(), lacks_wrapped_execs=dice.random() < 0.5)
    expected = said(whole, switched)
    late = int(switched.late_arrival * SECOND)
    arrivals = [(event.time_ns + dice.randrange(late // 2), event) for event in tape.events]
    arrivals += dice.choices(arrivals, k=10)
    arrivals.sort(key=lambda item: item[0])
    stream = replace(whole, events=tuple(event for _, event in arrivals))
    assert said(stream, switched) == expected


@settings(deadline=None, max_examples=40,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(seed=st.integers(0, 10**9))
def test_without_numbers_the_times_rule(seed: int, switched: Any, make_tape: Any) -> None:
    dice = random.Random(seed)
    tape = make_tape()
    busy(tape, dice)
    expected = said(tape.stream(), switched)
    plain = [replace(event, global_seq=None) for event in tape.events]
    late = int(switched.late_arrival * SECOND)
    plain.sort(key=lambda event: event.time_ns + dice.randrange(late // 2))
    found = said(replace(tape.stream(), events=tuple(plain)), switched)
    assert len(found) == len(expected)


@settings(deadline=None, max_examples=40,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(seed=st.integers(0, 10**9))
def test_K1_reused_pids_change_no_answer(seed: int, switched: Any, make_tape: Any) -> None:
    """Where every pid is given out again at once, pidversions still tell the processes apart."""
    dice = random.Random(seed)
    tape = make_tape()
    busy(tape, dice, 60)
    reused = replace(tape.stream(), events=tuple(recycled(tape.events)))
    found = said(reused, switched)
    without = [
        sorted(map(plain_of_pids, items)) for items in (found, said(tape.stream(), switched))
    ]
    assert without[0] == without[1]


def plain_of_pids(text: str) -> str:
    return re.sub(r"pid=\d+", "pid", text)


def recycled(events: list[Event]) -> Iterator[Event]:
    """The same events, in which a new process takes the pid that was freed last."""
    names: dict[int, int] = {}
    free: list[int] = []
    for event in events:
        if event.kind is Kind.FORK and event.child is not None:
            pid = event.child.token.pid
            names[pid] = free.pop() if free else pid
        yield renamed(event, names)
        if event.kind is Kind.EXIT:
            free.append(names.get(event.process.token.pid, event.process.token.pid))


def renamed(item: Any, names: dict[int, int]) -> Any:
    """A record with other pids."""
    if not is_dataclass(item) or isinstance(item, type):
        return item
    changed = {
        entry.name: names.get(value, value)
        if entry.name in ("pid", "ppid", "original_ppid")
        else renamed(value, names)
        for entry in fields(item)
        for value in [getattr(item, entry.name)]
    }
    return replace(item, **changed)


@settings(deadline=None, max_examples=40,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(seed=st.integers(0, 10**9))
def test_any_events_at_all_never_crash_the_engine(seed: int, switched: Any, make_tape: Any) -> None:
    dice = random.Random(seed)
    tape = make_tape()
    busy(tape, dice)
    events = dice.choices(tape.events, k=80)
    torn = []
    for event in events:
        lost = dice.choice(["target", "child", "file", "source_file", "args", "cwd", "script"])
        torn.append(replace(event, **{lost: None}))
    detect(replace(tape.stream(), events=tuple(torn)), switched)


def test_in_order_events_pass_at_once(tape: Any) -> None:
    tape.write("/a")
    order = Order(120 * SECOND)
    for event in tape.events:
        assert list(order.feed(event)) == [event]


def test_a_hole_holds_back_until_it_is_filled(tape: Any) -> None:
    order = Order(120 * SECOND)
    events = [tape.write("/a") for _ in range(4)]
    events = tape.events
    first, second, third, *_ = events
    assert list(order.feed(first)) == [first]
    assert list(order.feed(third)) == []
    assert list(order.feed(second)) == [second, third]


def test_a_hole_is_given_up_after_late_arrival(tape: Any) -> None:
    order = Order(10 * SECOND)
    first, lost, third, *_ = [*tape.events, tape.write("/a")]
    list(order.feed(first))
    assert list(order.feed(third)) == []
    assert list(order.advance(third.time_ns + 10 * SECOND)) == [third]
    assert list(order.feed(lost)) == [lost]
    assert order.late == 1


def test_repetitions_pass_once(tape: Any) -> None:
    order = Order(10 * SECOND)
    tape.write("/a")
    tape.write("/b")
    events = list(tape.events)
    first, second, third, fourth = events
    passed = [item for event in (first, third, third, second, first, second, fourth)
              for item in order.feed(event)]  # fmt: skip
    assert passed == events
    assert order.late == 0


def test_a_capture_that_began_later_waits_for_smaller_numbers(tape: Any) -> None:
    order = Order(10 * SECOND)
    one, two = (replace(tape.write("/a"), global_seq=number) for number in (70, 71))
    assert list(order.feed(two)) == []
    assert list(order.feed(one)) == []
    assert list(order.finish()) == [one, two]


def test_a_restarted_sensor_is_followed(tape: Any, answers: Any) -> None:
    tape.write(f"{HOME}/Downloads/x.sh")
    for _ in range(5):
        tape.write("/noise")
    tape.wait(3)
    tape._seq = 0
    tape.spawn(tape.terminal, "/bin/sh", ["sh", f"{HOME}/Downloads/x.sh"])
    assert answers.fired(tape) == ["B"]


def test_memory_is_bounded_by_time_not_by_length(tape: Any, params: Any) -> None:
    engine = Engine(params)
    for number in range(30_000):
        path = f"{HOME}/Library/Caches/c/{number}"
        for event in tape.events:
            engine.feed(event)
        tape.events.clear()
        tape.inodes.clear()
        child = tape.fork(tape.terminal)
        tape.write(path, child)
        tape.exit(child)
        tape.wait(1)
    assert len(engine._drops.table) < 1_200
    assert len(engine._drops.table._by_ino) < 1_200
    assert len(engine._lineage.images) < 1_200
    assert len(engine._lineage._ended) < 1_200


@pytest.mark.parametrize("drops", [20_000])
def test_many_drops_and_many_runs_stay_quick(tape: Any, params: Any, drops: int) -> None:
    for number in range(drops):
        tape.write(f"{HOME}/Downloads/{number}")
    for _ in range(500):
        tape.spawn(tape.terminal, "/bin/sh", ["sh", f"{HOME}/Downloads/7"])
    assert len(detect(tape.stream(), params)) == 1
