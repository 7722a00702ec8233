"""Explanations: the tree of processes, the words of each step, nothing that acts on a reader."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from witnessmark.analytic.explanation import Explanation
from witnessmark.analytic.tasks import Candidate, Image, Task
from witnessmark.analytic.trace import Account, Step
from witnessmark.judge.why import CaseWhy
from witnessmark.model.detections import Answer, Branch, Detection, ExecRef
from witnessmark.model.events import Event, FileRef, Kind, Process, Token
from witnessmark.report import explain, explain_json, lineage

BROWSER = Process(token=Token(pid=7, pidversion=1), path="/Applications/B")
SHELL = Process(token=Token(pid=8, pidversion=2), path="/bin/sh")


def an_exec(pid: int, path: str, above: tuple[Process, ...], found: Candidate | None) -> Account:
    image = Process(token=Token(pid=pid, pidversion=pid * 10), path=path)
    event = Event(
        id=f"mac/es/{pid}", host="mac", source="es", line=pid, kind=Kind.EXEC, time_ns=pid,
        process=image, target=image, global_seq=pid,
    )  # fmt: skip
    task = Task(pid=pid, spawn_ns=0, ancestry=above, candidate=found)
    return Account(event=event, image=Image(image, task))


def explained(account: Account, *kin: Account, **more: Any) -> Explanation:
    given: dict[str, Any] = {"detections": (), "history": ()} | more
    return Explanation(account=account, kin=kin or (account,), **given)


def test_the_tree_begins_with_the_browser_and_shows_every_program_of_a_process() -> None:
    found = Candidate(BROWSER, "parent", 0)
    launchd = Process(token=Token(pid=1), path="/sbin/launchd")
    first = an_exec(8, "/usr/bin/env", (BROWSER, launchd), found)
    again = an_exec(8, "/bin/sh", (BROWSER, launchd), found)
    below = an_exec(9, "/usr/bin/curl", (SHELL, BROWSER, launchd), found)
    told = explain.of_records([explained(below, first, again, below)])
    assert (
        "  lineage, by spawn-time parents\n"
        "    /Applications/B (pid 7)\n"
        "      /usr/bin/env (pid 8)\n"
        "        then /bin/sh\n"
        "        /usr/bin/curl  <- this record (pid 9)\n"
    ) in told
    (item,) = json.loads(explain_json.of_records([explained(below, first, again, below)]))
    (root,) = item["lineage"]["processes"]
    assert (root["pid"], root["children"][0]["programs"]) == (7, ["/usr/bin/env", "/bin/sh"])


def test_the_responsible_browser_stands_above_what_launchd_spawned() -> None:
    found = Candidate(BROWSER, "responsible", 0)
    told = explain.of_records([explained(an_exec(8, "/bin/sh", (), found))])
    assert "    /Applications/B (pid 7)\n      /bin/sh  <- this record (pid 8)\n" in told


def test_each_step_says_what_became_of_its_rule() -> None:
    account = an_exec(8, "/bin/sh", (), None)
    account.steps += [
        Step(rule="A1", holds=False, text="no"),
        Step(rule="B1", holds=True, text="yes"),
        Step(rule="B5", holds=None, text="who knows"),
    ]
    told = explain.of_records([explained(account)]).splitlines()
    a, b = told.index("branch A: silent"), told.index("branch B: silent")
    assert told[a + 1] == "  A1       stops    no"
    assert told[b + 1 : b + 3] == ["  B1       holds    yes", "  B5       unknown  who knows"]


def test_what_a_host_cannot_know_is_named() -> None:
    account = an_exec(8, "/bin/sh", (), None)
    ref = ExecRef(
        pid=8, pidversion=80, seq=8, event_id="mac/es/8", path="/bin/sh", script=None, time_ns=8
    )
    open_ = Detection(
        answer=Answer.UNDETERMINED, branch=Branch.A, rules=("A4",), host="mac", exec=ref,
        reason="signing unknown", simulated=("team_id",),
    )  # fmt: skip
    told = explain.of_records([explained(account, detections=(open_,))])
    assert (
        "  why: signing unknown\n  missing: team_id, which this host or source cannot know\n"
        in told
    )


def test_a_record_that_no_rule_asks_about_says_so() -> None:
    event = replace(an_exec(8, "/bin/sh", (), None).event, kind=Kind.EXIT, target=None)
    told = explain.of_records(
        [Explanation(account=Account(event=event), detections=(), kin=(), history=())]
    )
    assert "no rule decides by exit records" in told


def test_a_source_without_numbers_shows_none() -> None:
    account = an_exec(8, "/bin/sh", (), None)
    account.event = replace(account.event, global_seq=None)
    assert "seq" not in explain.of_records([explained(account)])


def test_hostile_text_stays_inert(nasty: str, judged: Any) -> None:
    process = replace(SHELL, path=nasty)
    event = Event(
        id=nasty, host=nasty, source=nasty, line=1, kind=Kind.RENAME, time_ns=1, process=process,
        file=FileRef(path=nasty), source_file=FileRef(path=nasty),
    )  # fmt: skip
    drop = Account(event=event, steps=[Step(rule="B1", holds=False, text=nasty)])
    ran = an_exec(8, nasty, (process,), None)
    ran.script = nasty
    items = [explained(drop, history=(drop, ran)), explained(ran)]
    why = CaseWhy(case=judged(), reason=nasty, missing=(nasty,), records=tuple(items))
    for text in (explain.of_case([why]), explain_json.of_case([why])):
        assert all(char == "\n" or char.isprintable() for char in text)
    assert "##[" not in explain.of_case([why])
    assert not any(line.lstrip().startswith("::") for line in explain.of_case([why]).splitlines())


def test_a_reason_that_several_findings_give_is_told_once(judged: Any) -> None:
    case = judged(without="exec")
    doubled = replace(case, findings=(*case.findings, *case.findings))
    told = explain.of_case([CaseWhy(case=doubled, reason="r", missing=(), records=())])
    lines = told.splitlines()
    assert any(line.startswith("  recorded fail: ") for line in lines)
    assert len(lines) == len(set(lines))


def test_an_exec_that_tells_no_image_is_shown_as_such() -> None:
    account = an_exec(8, "/bin/sh", (), None)
    mute = Account(event=replace(account.event, target=None))
    assert explain.described(mute) == "seq 8  exec of an image that is not told"
    assert list(lineage.tree(explained(mute))) == []
    assert lineage.forest(explained(mute)) == {"processes": []}


def test_a_process_that_stands_above_others_is_shown_with_what_it_ran() -> None:
    below = an_exec(9, "/usr/bin/curl", (SHELL,), None)
    first = an_exec(8, "/bin/sh", (), None)
    first.script = "/x.sh"
    told = list(lineage.tree(explained(below, below, first)))
    assert told[1:] == ["  /bin/sh /x.sh (pid 8)", "    /usr/bin/curl  <- this record (pid 9)"]


def test_a_file_record_without_its_file_is_shown_as_such() -> None:
    event = replace(an_exec(8, "/bin/sh", (), None).event, kind=Kind.CLOSE, target=None)
    assert explain.described(Account(event=event)).startswith(
        "seq 8  close a file that is not told"
    )


def test_a_browser_among_the_ancestors_is_where_the_tree_begins() -> None:
    found = Candidate(BROWSER, "parent", 0)
    launchd = Process(token=Token(pid=1), path="/sbin/launchd")
    first = an_exec(8, "/bin/sh", (BROWSER, launchd), found)
    item = explained(first, first, Account(event=first.event))
    assert next(iter(lineage.forest(item)["processes"]))["pid"] == 7  # type: ignore[call-overload]
    assert "launchd" not in "".join(lineage.tree(item))
    unknown = an_exec(8, "/bin/sh", (SHELL, launchd), Candidate(None, "parent", 0, unknown="x"))
    assert list(lineage.tree(explained(unknown)))[1] == "  /sbin/launchd (pid 1)"
