"""The unified log judged: its canaries, what it hides, how far back it reaches without a hole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.judge import examples, matrix, oslog
from witnessmark.judge.log_examples import logged
from witnessmark.judge.log_findings import log_findings
from witnessmark.judge.oslog import Redaction
from witnessmark.judge.run import judge_case, validators
from witnessmark.model.events import BadLine, Event, Kind, Process, Token
from witnessmark.model.matrix import State
from witnessmark.model.run import RetentionProfile, Step
from witnessmark.model.unifiedlog import Sounding
from witnessmark.model.verdicts import Link, Status, Verdict
from witnessmark.validators import recorded_log, retained

if TYPE_CHECKING:
    from witnessmark.judge.api import CaseEvidence

DAY = RetentionProfile(id="a-day", title="a day", required="24h", why="example")


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("hello", Redaction.CLEAR),
        ("<private>", Redaction.PRIVATE),
        ("path <private>, hash <mask.hash: 'abc='>", Redaction.PRIVATE),
        ("<mask.hash: 'Jg3OWLn0Y2bBHbxA0uNqxw=='>", Redaction.HASH),
        ("GK performScan: PST: (path: 0123456789abcdef), (team: T)", Redaction.HASH),
        ("0123456789ABCDEF", Redaction.HASH),
        ("witnessmark canary 0123456789abcdef", Redaction.CLEAR),
    ],
)
def test_what_a_message_hides(message: str, state: Redaction) -> None:
    assert oslog.redaction(message) is state


def altered(case: CaseEvidence, **changes: Any) -> CaseEvidence:
    """With changes to what the first canary's record says."""
    assert case.stream is not None
    first, *rest = case.stream.events
    events = (replace(first, **changes), *rest)
    return replace(case, stream=replace(case.stream, events=events))


def seen(case: CaseEvidence) -> list[str]:
    return [item.redaction.value for item in oslog.canaries(case)]


def test_a_canary_is_known_by_its_words_or_by_its_process_and_moment() -> None:
    assert seen(logged()) == ["clear", "clear"]
    assert seen(logged(hidden=True)) == ["private", "private"]
    hidden = logged(hidden=True)
    other = Process(token=Token(pid=99), path="/usr/bin/logger")
    assert seen(altered(hidden, process=other)) == ["unknown", "private"]
    late = examples.T0 + 60 * examples.SECOND
    assert seen(altered(hidden, time_ns=late)) == ["unknown", "private"]
    assert seen(altered(logged(), time_ns=late)) == ["clear", "clear"], "nobody else has its words"
    forged = Process(token=Token(pid=77), path="/Users/x/logger")
    assert seen(altered(logged(), process=forged)) == ["unknown", "clear"]
    assert seen(altered(logged(), message="something else")) == ["unknown", "clear"]


def must(case: CaseEvidence) -> list[tuple[str, str]]:
    found = [item for item in recorded_log.check(case) if item.message.startswith("must")]
    return [(item.status.value, item.message) for item in found]


def bad(case: CaseEvidence) -> CaseEvidence:
    assert case.stream is not None
    cover = replace(case.stream.coverage, bad=(BadLine(line=3, reason="cut off"),))
    return replace(case, stream=replace(case.stream, coverage=cover))


def unknown_pid(case: CaseEvidence) -> CaseEvidence:
    assert case.collection is not None
    assert case.collection.log is not None
    log = case.collection.log
    written = tuple(replace(item, pid=None) for item in log.canaries)
    collection = replace(case.collection, log=replace(log, canaries=written))
    return replace(case, collection=collection)


def only_one_written(case: CaseEvidence) -> CaseEvidence:
    assert case.collection is not None
    assert case.collection.log is not None
    log = replace(case.collection.log, canaries=case.collection.log.canaries[:1])
    return replace(case, collection=replace(case.collection, log=log))


def uncollected(case: CaseEvidence) -> CaseEvidence:
    assert case.collection is not None
    return replace(case, collection=replace(case.collection, problem="half an answer"))


@pytest.mark.parametrize(
    ("case", "statuses", "why"),
    [
        (logged(), ["pass", "pass"], "is in the log"),
        (logged(hidden=True), ["pass", "pass"], "its words hidden (private)"),
        (logged(kept=(1,)), ["fail", "pass"], "is not in the log that was read"),
        (logged(kept=()), ["fail", "fail"], "is not in the log that was read"),
        (logged(asked=False), ["error"], "not asked a last time"),
        (logged(failed=True), ["error"], "logger ended with 1"),
        (bad(logged(kept=())), ["error"], "cut off"),
        (bad(logged()), ["pass", "pass"], "is in the log"),
        (unknown_pid(logged(hidden=True)), ["error"], "its pid is not known"),
        (unknown_pid(logged()), ["pass", "pass"], "is in the log"),
        (only_one_written(logged()), ["error"], "not both"),
        (uncollected(logged()), ["error"], "half an answer"),
        (logged(kept=(), kind="eslogger-oslog"), ["skip", "skip"], "is not in the log"),
    ],
)
def test_what_a_log_must_show(case: CaseEvidence, statuses: list[str], why: str) -> None:
    found = must(case)
    assert [status for status, _ in found] == statuses
    assert why in found[0][1]


@pytest.mark.parametrize(
    ("case", "verdict", "broken"),
    [
        (logged(), Verdict.NOT_ASSESSED, None),
        (logged(hidden=True), Verdict.NOT_ASSESSED, None),
        (logged(kept=(0,)), Verdict.BLIND, Link.RECORDED),
        (logged(asked=False), Verdict.INCONCLUSIVE, Link.RECORDED),
        (logged(intact=False), Verdict.NOT_ASSESSED, Link.RETAINED),
    ],
)
def test_each_gets_exactly_its_verdict(
    case: CaseEvidence, verdict: Verdict, broken: Link | None
) -> None:
    result = judge_case(replace(case, retention=DAY), validators())
    said = [(item.link, item.status, item.message) for item in result.findings]
    assert (result.verdict, result.first_broken_link) == (verdict, broken), said
    assert not result.ok


def test_what_it_can_never_show_is_its_gap_and_not_of_a_log_with_eslogger_in_it() -> None:
    def gaps(case: CaseEvidence) -> list[str]:
        found = recorded_log.check(case)
        return [item.message for item in found if item.message.startswith("coverage gap")]

    assert len(gaps(logged())) == 1
    assert gaps(logged(kind="eslogger-oslog")) == []
    assert [item.status for item in recorded_log.check(examples.drop_exec())] == [Status.SKIP]


def with_said(case: CaseEvidence, path: str, message: str, subsystem: str = ":") -> CaseEvidence:
    assert case.stream is not None
    said = Event(
        id="example/log/9", host=examples.HOST, source=examples.SOURCE, line=9, kind=Kind.LOG,
        time_ns=examples.T0 + 6 * examples.SECOND, message=message, subsystem=subsystem,
        process=Process(token=Token(pid=5), path=path),
    )  # fmt: skip
    return replace(case, stream=replace(case.stream, events=(*case.stream.events, said)))


def should(case: CaseEvidence) -> list[tuple[str, str]]:
    found = [item for item in recorded_log.check(case) if item.message.startswith("should")]
    return [(item.status.value, item.message) for item in found]


def on_a_mac(case: CaseEvidence) -> CaseEvidence:
    return replace(case, facts=replace(case.facts, origin="mac"))


def test_a_scan_of_a_fresh_executable_should_be_there() -> None:
    bare = logged(form="executable")
    ((status, why),) = should(bare)
    assert (status, "a stand-in is no Mac" in why) == ("skip", True)
    mac = on_a_mac(bare)
    ((status, why),) = should(mac)
    assert (status, "no link is broken" in why) == ("skip", True)
    daemon, own = "/usr/libexec/syspolicyd", "com.apple.syspolicy.exec:default"
    named = f"GK performScan: PST: (path: {examples.PATH}), (team: (null))"
    assert should(with_said(mac, daemon, named, own))[0][0] == "pass"
    hidden = with_said(mac, daemon, "GK performScan: PST: (path: 0123456789abcdef)", own)
    assert "something that it hides" in should(hidden)[0][1]
    for wrong in (
        with_said(mac, daemon, "GK performScan: PST: (path: /another)", own),
        with_said(mac, "/tmp/syspolicyd", named, own),
        with_said(mac, daemon, named, "com.example:x"),
    ):
        assert should(wrong)[0][0] == "skip"
    assert should(on_a_mac(logged())) == [], "a script is not scanned"


def test_what_launchd_started_should_be_named() -> None:
    bare = on_a_mac(logged())
    phases = tuple(
        replace(
            item,
            steps=(*item.steps, Step(step="agent", path="/x/agent", to=None, pid=55, ppid=1,
                                     status=0)) if item.steps else (),
        )
        for item in bare.act.phases
    )  # fmt: skip
    case = replace(bare, act=replace(bare.act, phases=phases))
    assert should(case)[0][0] == "skip"
    told = "Successfully spawned agent[55] because ipc (mach)"
    assert should(with_said(case, "/sbin/launchd", told))[0][0] == "pass"
    other = told.replace("[55]", "[555]")
    assert should(with_said(case, "/sbin/launchd", other))[0][0] == "skip"
    tracked = "Now tracking process: [app<application.org.x.1.2(501)>:55]"
    assert should(with_said(case, "/usr/libexec/runningboardd", tracked))[0][0] == "pass"


@pytest.mark.parametrize(
    ("case", "status"),
    [
        (logged(oldest_days=2, dense_days=(0.5, 1.0)), Status.PASS),
        (logged(oldest_days=31, dense_days=(0.5,)), Status.ERROR),
        (logged(oldest_days=31, dense_days=()), Status.ERROR),
        (logged(oldest_days=0.5, dense_days=(0.25,)), Status.PENDING),
        (logged(oldest_days=2, intact=False), Status.FAIL),
        (logged(oldest_days=2, intact=None), Status.ERROR),
    ],
)
def test_a_log_covers_a_time_only_without_a_hole(case: CaseEvidence, status: Status) -> None:
    found = {item.status for item in retained.check(replace(case, retention=DAY))}
    assert status in found
    assert found <= {status, Status.PASS}


@pytest.mark.parametrize("records", [None, 0, 9])
def test_a_sounding_that_failed_or_found_little_covers_nothing_before_it(
    records: int | None,
) -> None:
    case = logged(dense_days=(0.5, 1.0, 3.0))
    assert oslog.covered_s(case) == pytest.approx(3 * 86_400)
    assert case.collection is not None
    assert case.collection.log is not None
    first, second, third = case.collection.log.soundings
    thin = (first, Sounding(at_ns=second.at_ns, records=records), third)
    log = replace(case.collection.log, soundings=thin)
    holed = replace(case, collection=replace(case.collection, log=log))
    assert oslog.covered_s(holed) == pytest.approx(86_400 / 2)


def test_the_source_matrix_tells_gaps_and_canaries() -> None:
    def states(case: CaseEvidence) -> set[tuple[str, str, State]]:
        return {(item.record, item.field, item.state) for item in matrix.cells(case)}

    gaps = {("drop", "", State.NEVER), ("exec", "", State.NEVER)}
    assert states(logged()) == {("canary", "message", State.PRESENT), *gaps}
    assert states(logged(hidden=True)) == {("canary", "message", State.REDACTED), *gaps}
    assert ("canary", "message", State.MISSING) in states(logged(kept=(0,)))
    assert ("canary", "message", State.UNKNOWN) in states(bad(logged(kept=(0,))))
    told = judge_case(logged(), validators())
    fields = matrix.quality("es", [logged()], [told]).dimensions[1]
    assert fields.share is None, "a gap counts against nobody, and a canary for nobody"
    assert fields.text == "unknown; 2 records are never in a source of this kind"


def said(case: CaseEvidence) -> dict[str, tuple[str, str]]:
    found = list(log_findings([case, case]))
    names = [item.name.partition(" ")[0] for item in found]
    assert len(names) == len(set(names)), "once for each host and source"
    return {n: (x.status.value, x.observed) for n, x in zip(names, found, strict=True)}


def test_what_is_said_of_a_log_beside_the_cases() -> None:
    assert said(logged()) == {
        "canary": ("pass", "2 of 2"),
        "redaction": ("pass", "clear; 0 of 2 messages hide something"),
        "reach": ("pass", "48.0 h, without a hole for at least 24 h"),
        "log-config": ("error", ""),
    }
    assert said(logged(hidden=True))["redaction"][0] == "fail"
    assert said(logged(kept=()))["redaction"][0] == "error"
    assert said(logged(kept=()))["canary"] == ("fail", "0 of 2")
    assert said(bad(logged(kept=())))["canary"] == ("error", "0 of 2")
    assert said(replace(logged(), oldest_ns=None))["reach"][0] == "error"
    assert list(log_findings([examples.drop_exec()])) == []


def test_how_a_log_is_configured_is_told_in_its_own_words() -> None:
    case = logged()
    assert case.collection is not None
    assert case.collection.log is not None
    config = "System mode = INFO"
    log = replace(case.collection.log, config=config)
    asked = replace(case, collection=replace(case.collection, log=log))
    assert said(asked)["log-config"] == ("pass", config)


def test_records_that_were_cut_are_counted_beside_the_cases() -> None:
    case = logged(kind="eslogger-oslog")
    assert case.stream is not None
    cover = replace(case.stream.coverage, kinds=(("logEvent", 2), ("truncated", 3)))
    cut = replace(case, stream=replace(case.stream, coverage=cover))
    assert said(cut)["cut"] == ("fail", "3 cut")
