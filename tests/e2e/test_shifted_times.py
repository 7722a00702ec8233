"""A sensor whose times are wrong, on a host whose clock is right, costs no case a false verdict."""

import dataclasses
import datetime as dt
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from witnessmark.bag.read import Bag, open_bag
from witnessmark.judge import evidence
from witnessmark.judge.run import judge
from witnessmark.model.verdicts import CaseVerdict, Link, Status, Verdict
from witnessmark.standin.launch import refusal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(180),
]

STAMP = re.compile(rb'"time":"([0-9T:-]{19})')


@dataclasses.dataclass(frozen=True)
class Late:
    """A bag whose sensor wrote some of its times five minutes early."""

    bag: Bag
    wanted: Callable[[bytes], bool]

    def __getattr__(self, name: str) -> object:
        return getattr(self.bag, name)

    def raw(self, host: str, source: str, suffix: str = "ndjson") -> bytes | None:
        data = self.bag.raw(host, source, suffix)
        if data is None or suffix != "ndjson":
            return data
        lines = data.splitlines(keepends=True)
        return b"".join(
            STAMP.sub(early, line, count=1) if self.wanted(line) else line for line in lines
        )


def early(found: re.Match[bytes]) -> bytes:
    when = dt.datetime.fromisoformat(found[1].decode()) - dt.timedelta(seconds=300)
    return b'"time":"' + when.strftime("%Y-%m-%dT%H:%M:%S").encode()


def judged(bag: object) -> Mapping[str, CaseVerdict]:
    return {item.id.split(":")[0]: item for item in judge(bag).cases}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Bag:
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "witnessmark", "demo", "-s", "p11", "--quiet"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return open_bag(folder / "reports/latest")


def test_the_run_measured_its_hosts_clock_twice(bag: Bag) -> None:
    (facts,) = bag.record.facts
    assert facts.clock_offset_s is not None
    assert facts.clock_offset_end_s is not None
    assert all(item.verdict is Verdict.DETECTED for item in judged(bag).values())


def test_times_that_are_all_shifted_make_every_case_inconclusive(bag: Bag) -> None:
    for item in judged(Late(bag, lambda _: True)).values():
        assert item.verdict is Verdict.INCONCLUSIVE
        links = dict(item.links)
        assert links[Link.ACTED] is Status.PASS
        assert links[Link.RETAINED] is Status.ERROR
        assert any("clock cannot be trusted" in found.message for found in item.findings)


def test_one_shifted_record_is_inconclusive_not_blind_and_costs_no_other_case(bag: Bag) -> None:
    mine, other = "p11-quarantined-download.downloads", "p11-quarantined-download.caches"
    act = next(item for item in bag.record.acts if mine in item.case_id)
    mark = act.phases[1].mark.encode()
    found = judged(Late(bag, lambda line: mark in line and b'"event_type":9' in line))
    assert found[mine].verdict is Verdict.INCONCLUSIVE
    assert found[other].verdict is Verdict.DETECTED


def test_the_tolerance_is_the_one_in_the_bags_own_analytic(bag: Bag, tmp_path: Path) -> None:
    text = bag.file(evidence.ANALYTIC).read_text("utf-8")
    changed = tmp_path / "analytic.yaml"
    changed.write_text(text.replace("clock_skew_tolerance: 2s", "clock_skew_tolerance: 7s"))
    params = evidence.load(changed).parameters
    assert params.clock_skew_tolerance == 7.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "parameters", lambda _: params)
        cases = [case for each in evidence.assemble(bag, 0) for case in each.cases]
    assert {case.clock_tolerance_s for case in cases} == {7.0}
