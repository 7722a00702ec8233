"""What the judge adds to the analytic, and only for what a lab put there itself."""

from dataclasses import replace

import pytest

from witnessmark.analytic import Miss, load
from witnessmark.analytic.identity import CS_ADHOC, CS_SIGNED, Identity
from witnessmark.analytic.keys import Paths
from witnessmark.judge import examples
from witnessmark.judge.api import Controls
from witnessmark.judge.evidence import _for, _misses
from witnessmark.judge.seen import _age, _oldest, _received, _with_stub
from witnessmark.model.events import Process, Token
from witnessmark.model.hosts import Host, Origin
from witnessmark.telemetry import eslogger

STUB = "/Applications/Lab Browser.app/Contents/MacOS/Lab Browser"
MAC = Host(name="mac1", origin=Origin.MAC, connection="ssh", lab=True, browser=STUB)
ADHOC = Process(
    token=Token(pid=9), path=STUB, signing_id="dash-5555", cs_flags=CS_ADHOC | CS_SIGNED
)


def is_browser(host: Host, image: Process) -> bool:
    params = _with_stub(load().parameters, host)
    return Identity(params, Paths()).browser(image) is not None


def test_a_real_macs_stub_is_a_browser_by_its_path_alone() -> None:
    assert is_browser(MAC, ADHOC)
    assert not is_browser(MAC, replace(ADHOC, path="/tmp/Lab Browser"))
    assert not is_browser(MAC, replace(ADHOC, team_id="TEAM123456", cs_flags=CS_SIGNED))


def test_nothing_is_added_without_a_stub_or_on_a_stand_in() -> None:
    assert not is_browser(replace(MAC, browser=None), ADHOC)
    assert not is_browser(replace(MAC, origin=Origin.STAND_IN), ADHOC)


def test_a_case_of_both_branches_needs_both_controls() -> None:
    case = examples.drop_exec()
    both = replace(case, case=replace(case.case, scenario=replace(case.case.scenario, branch="AB")))
    yes, no = Controls(before=True, after=True), Controls(before=True, after=False, reason="no")
    assert _for(both, {"A": yes, "B": yes}).both
    assert not _for(both, {"A": yes, "B": no}).both
    assert not _for(both, {"A": no, "B": yes}).both
    assert _for(case, {"A": no, "B": yes}).both, "a case of branch B does not need A's control"


def test_only_this_cases_near_misses_are_told() -> None:
    case = examples.drop_exec()
    near = Miss(rule="B5", host="example", exec=case.detections[0].exec, reason="5 s > 4 s")
    other = replace(near, exec=replace(near.exec, pid=999, script="/elsewhere"))
    late = replace(near, exec=replace(near.exec, time_ns=examples.T0 + examples.DAY))
    assert _misses(case, [other, near, late]) == ("B5: 5 s > 4 s",)


@pytest.mark.parametrize(
    ("offset", "expected"), [(0, 7), (1, 7), (10, 7), (11, 8), (20, 8), (21, None)]
)
def test_a_record_was_received_with_the_chunk_that_completed_it(
    offset: int, expected: int | None
) -> None:
    assert _received([(10, 7), (20, 8)])(offset) == expected


def test_the_oldest_record_is_read_from_whole_lines_only() -> None:
    for head in (None, b"", b'{"cut', b"not json\n"):
        assert _age(_oldest(head, eslogger, "s"), None) is None


def test_one_bogus_time_later_in_the_head_makes_no_store_old() -> None:
    from pathlib import Path

    sample = Path(__file__).parents[3].parent / "shared/samples/eslogger/eslogger-open.jsonl"
    if not sample.is_file():
        pytest.skip("the published eslogger sample is not beside this checkout")
    line = sample.read_bytes().splitlines()[0]
    old = line.replace(b"2026-10-04T00:01:54", b"1999-01-01T00:00:00")
    first = _age(_oldest(line + b"\n" + old + b"\n", eslogger, "s"), None)
    assert first is not None
    assert first == _age(_oldest(line + b"\n", eslogger, "s"), None)
