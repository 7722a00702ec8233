"""Rules as laws: what must hold for any gap, depth, spelling or course of moves."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from witnessmark.analytic import detect
from witnessmark.model.detections import Answer

SECOND = 1_000_000_000
HOME = "/Users/kim"
DOWN = f"{HOME}/Downloads"
quick = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def run(tape: Any, path: str) -> None:
    tape.spawn(tape.terminal, "/bin/sh", ["sh", path])


@quick
@given(gap=st.integers(3_000, 1_300 * SECOND))
@example(gap=600 * SECOND)
@example(gap=600 * SECOND + 1)
def test_B5_fires_iff_the_gap_is_within_the_window(gap: int, make_tape: Any, params: Any) -> None:
    tape = make_tape()
    dropped = tape.write(f"{DOWN}/x.sh")
    child = tape.fork(tape.terminal)
    tape.now = dropped.time_ns + gap
    tape.exec(child, "/bin/sh", ["sh", f"{DOWN}/x.sh"])
    found = detect(tape.stream(), params)
    assert [item.answer for item in found] == ([Answer.FIRED] if gap <= 600 * SECOND else [])
    assert all(item.gap_s == gap / 1e9 for item in found)
    wanted = "high" if gap <= 60 * SECOND else "medium"
    assert all(item.severity == wanted for item in found)


@quick
@given(depth=st.integers(0, 6), gap=st.integers(0, 60))
def test_A4_fires_iff_depth_and_time_are_within(
    depth: int, gap: int, make_tape: Any, params: Any
) -> None:
    """What stands between runs nothing that would fire by itself: a signed program of a vendor."""
    tape = make_tape()
    vendor = {"team_id": "ABCDE12345", "signing_id": "com.v", "cs_flags": 0x20010001}
    task = tape.chrome()
    for _ in range(depth):
        task = tape.spawn(task, "/Applications/V.app/Contents/MacOS/v", **vendor)
    tape.wait(gap)
    tape.spawn(task, "/bin/sh", ["sh", "-c", "id"])
    found = detect(tape.stream(), params)
    fires = depth <= params.max_depth and (depth == 0 or gap < params.spawn_load_window)
    assert [item.answer for item in found] == ([Answer.FIRED] if fires else [])


RESPELL = st.sampled_from(
    [
        str.upper,
        str.swapcase,
        lambda path: normalize("NFD", path),
        lambda path: path.replace("/Downloads", "/./Downloads"),
        lambda path: path.replace("/Downloads", "/Desktop/../Downloads"),
        lambda path: path.replace("/", "//"),
    ]
)


@quick
@given(
    data=st.sampled_from(["", "/System/Volumes/Data", "/system/volumes/data"]),
    ways=st.lists(RESPELL, max_size=4),
    name=st.text("aÄé\u0301 .日", min_size=1, max_size=6),
)
def test_K2_every_spelling_is_the_same_file(
    data: str, ways: list[Any], name: str, make_tape: Any, params: Any
) -> None:
    path = f"{DOWN}/x{name}.sh"
    spelled = path
    for way in ways:
        spelled = way(spelled)
    tape = make_tape()
    tape.write(path)
    run(tape, data + spelled)
    assert [item.answer for item in detect(tape.stream(), params)] == [Answer.FIRED]


PLACES = (DOWN, f"{HOME}/Library/Caches/a", f"{HOME}/Documents", "/opt", "/private/tmp")


@quick
@given(
    moves=st.lists(st.tuples(st.sampled_from(PLACES), st.integers(0, 200)), max_size=6),
    links=st.booleans(),
)
def test_B2_no_course_of_moves_changes_the_time_of_the_content(
    moves: list[tuple[str, int]], links: bool, make_tape: Any, params: Any
) -> None:
    tape = make_tape()
    dropped = tape.write(f"{DOWN}/x0.sh")
    path = f"{DOWN}/x0.sh"
    for number, (place, wait) in enumerate(moves, start=1):
        tape.wait(wait)
        moved = f"{place}/x{number}.sh"
        (tape.link if links else tape.rename)(path, moved)
        path = moved
    run(tape, path)
    age = tape.events[-1].time_ns - dropped.time_ns
    found = detect(tape.stream(), params)
    assert [item.answer for item in found] == ([Answer.FIRED] if age <= 600 * SECOND else [])
    assert all(item.drop.event_id == dropped.id for item in found)


@quick
@given(users=st.lists(st.sampled_from(["kim", "lee", "max"]), min_size=2, max_size=2, unique=True))
def test_K3_the_same_name_in_another_home_is_another_file(
    users: list[str], make_tape: Any, params: Any
) -> None:
    tape = make_tape()
    tape.write(f"/Users/{users[0]}/Downloads/x.sh")
    run(tape, f"/Users/{users[1]}/Downloads/x.sh")
    assert detect(tape.stream(), params) == []
