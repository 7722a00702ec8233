"""Sources that name processes by pid alone, or with pidversion only at times (K1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from witnessmark.analytic import detect, load
from witnessmark.analytic.sameness import same_task
from witnessmark.analytic.tasks import Image, Task
from witnessmark.model.detections import Answer
from witnessmark.model.events import Coverage, Event, FileRef, Kind, Process, Stream, Token

CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
T0 = 1_790_000_000_000_000_000
SECOND = 10**9
UNKNOWN = frozenset({"signing_id", "cs_flags", "platform_binary", "start_ns", "pidversion"})


def image(pid: int, path: str, ppid: int = 1, **given: Any) -> Process:
    given.setdefault("simulated", UNKNOWN)
    return Process(token=Token(pid=pid), path=path, ppid=ppid, **given)


def run(pid: int, path: str, *, ppid: int = 1, at: float = 0, **given: Any) -> Event:
    args = given.pop("args", (path, "-c", "x"))
    before = image(pid, "", ppid)
    return event(Kind.EXEC, before, at, target=image(pid, path, ppid), args=args, **given)


def event(kind: Kind, process: Process, at: float, **given: Any) -> Event:
    time = T0 + round(at * SECOND)
    return Event(
        id=f"m/s/{time}", host="m", source="s", line=1, kind=kind, time_ns=time, process=process,
        **given,
    )  # fmt: skip


def answers(*events: Event) -> list[tuple[str, Answer, str | None]]:
    stream = Stream(host="m", source="s", events=events, coverage=Coverage())
    found = detect(stream, load().parameters)
    return [(item.branch.value, item.answer, item.reason) for item in found]


FIRED_A = [("A", Answer.FIRED, None)]


def test_a_parent_is_the_pids_current_process() -> None:
    assert answers(run(300, CHROME), run(301, "/bin/sh", ppid=300, at=1)) == FIRED_A


def test_a_second_exec_of_a_pid_is_no_repetition() -> None:
    first = run(301, "/usr/bin/true", ppid=300, at=1)
    assert answers(run(300, CHROME), first, run(301, "/bin/sh", ppid=300, at=2)) == FIRED_A


def test_a_pid_that_another_parent_uses_again_is_another_process() -> None:
    events = [
        run(300, CHROME),
        run(400, "/bin/zsh", at=1),
        run(301, "/bin/sh", ppid=400, at=2),
        run(301, "/bin/sh", ppid=300, at=3),
    ]
    assert answers(*events) == FIRED_A
    assert answers(*events[:3]) == []


def test_an_orphan_stays_what_it_was() -> None:
    orphan = event(Kind.CLOSE, image(301, "/bin/sh"), 2, file=FileRef(path="/x"), modified=True)
    later = run(302, "/bin/sh", ppid=301, at=3)
    events = [run(300, CHROME), run(301, "/bin/sh", ppid=300, at=1), orphan, later]
    stream = Stream(host="m", source="s", events=tuple(events), coverage=Coverage())
    (found,) = detect(stream, load().parameters)
    assert [run.pid for run in found.matched] == [301, 302], "both are below the one browser"


def test_an_image_that_a_file_event_names_counts_for_its_children() -> None:
    write = event(Kind.CLOSE, image(300, CHROME), 0, file=FileRef(path="/x"), modified=True)
    assert answers(write, run(301, "/bin/sh", ppid=300, at=1)) == FIRED_A


def test_a_parent_known_by_pid_alone_may_be_a_browser() -> None:
    fork = event(Kind.FORK, image(300, ""), 0, child=image(301, "", ppid=300))
    (found,) = answers(fork, run(301, "/bin/sh", ppid=300, at=1))
    assert found == ("A", Answer.UNDETERMINED, "parent unknown")


def test_a_record_that_describes_the_parent_makes_it_known() -> None:
    alone = run(301, "/bin/sh", ppid=300)
    assert answers(alone) == [("A", Answer.UNDETERMINED, "parent unknown")]
    told = replace(alone, parent=image(300, CHROME))
    assert answers(told) == FIRED_A
    assert answers(replace(alone, parent=image(300, "/bin/zsh"))) == []


@pytest.mark.parametrize("version", [None, 7])
def test_pidversion_in_some_records_only(version: int | None) -> None:
    exec_ = run(301, "/bin/sh", ppid=300, at=1)
    assert exec_.target is not None
    exec_ = replace(exec_, target=replace(exec_.target, token=Token(pid=301, pidversion=version)))
    write = event(Kind.CLOSE, image(301, "/bin/sh", 300), 2, file=FileRef(path="/x"), modified=True)
    again = run(301, "/bin/bash", ppid=300, at=3)
    assert answers(run(300, CHROME), exec_, write, again) == FIRED_A, "one process, one alert"


def test_a_platform_browser_is_known_by_path_where_the_source_has_no_such_flag() -> None:
    safari = "/Applications/Safari.app/Contents/MacOS/Safari"
    given = {"signing_id": "com.apple.Safari", "simulated": frozenset({"platform_binary"})}
    start = event(Kind.OTHER, image(300, safari, **given), 0)
    assert answers(start, run(301, "/bin/sh", ppid=300, at=1)) == FIRED_A
    known = dict(given, platform_binary=False, simulated=frozenset())
    start = event(Kind.OTHER, image(300, safari, **known), 0)
    assert answers(start, run(301, "/bin/sh", ppid=300, at=1)) == []


def test_a_team_without_a_signing_id_leaves_the_path_to_decide() -> None:
    start = event(Kind.OTHER, image(300, CHROME, team_id="EQHXZ8M8AV"), 0)
    assert answers(start, run(301, "/bin/sh", ppid=300, at=1)) == FIRED_A


def test_only_a_browser_that_still_runs_may_be_responsible() -> None:
    unknown = UNKNOWN | {"responsible"}
    target = image(400, "/bin/sh", simulated=unknown)
    before = image(400, "", simulated=unknown)
    job = event(Kind.EXEC, before, 5, target=target, args=("sh", "-c", "x"))
    chrome, gone = run(300, CHROME), event(Kind.EXIT, image(300, CHROME), 3)
    other = run(300, "/bin/zsh", at=4)
    maybe = ("A", Answer.UNDETERMINED, "responsible process unknown")
    assert answers(chrome, job) == [maybe]
    assert answers(job) == []
    assert answers(chrome, gone, job) == []
    assert answers(chrome, other, job) == [], "the browser's pid runs something else now"


@pytest.mark.parametrize(
    ("known", "seen", "same"),
    [
        ({"pidversion": 5}, {"pidversion": 6}, False),
        ({"pidversion": 5}, {"pidversion": None}, True),
        ({"pidversion": None}, {"pidversion": 6}, True),
        ({"pidversion": 5, "ppid": 7}, {"pidversion": None, "ppid": 8}, False),
        ({"pidversion": 5, "ppid": 7}, {"pidversion": None, "ppid": 1}, True),
        ({"pidversion": 5, "start_ns": T0}, {"pidversion": 6, "start_ns": T0 + 1}, True),
        ({"pidversion": 5, "start_ns": T0}, {"pidversion": 6, "start_ns": T0 + SECOND}, False),
    ],
)
def test_another_token_of_a_pid_is_its_process_only_where_nothing_differs(
    known: dict[str, Any], seen: dict[str, Any], same: bool
) -> None:
    def process(pidversion: int | None, ppid: int = 1, start_ns: int | None = None) -> Process:
        token = Token(pid=9, pidversion=pidversion)
        return Process(token=token, path="/bin/sh", ppid=ppid, start_ns=start_ns)

    current = Image(process(**known), Task(pid=9, spawn_ns=None))
    assert same_task(current, process(**seen)) is same
    assert same_task(Image(process(**known), Task(pid=9, spawn_ns=None, row=True)), process(**seen))
