"""Any sensor fault on any records of a clean run: no case that it touches ends as it should be.

The clean host's evidence is broken offline, by faults drawn from a seed, and judged again. What was
touched is worked out from the raw lines and the receipts; the suite's decoders have no part in it.
So many faults cost little, and each repeats exactly.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.broken import CLEAN
from tests.e2e.clean import Evidence, Line, alone

from witnessmark.bag import manifest
from witnessmark.bag.read import open_bag
from witnessmark.judge.run import judge
from witnessmark.standin.faults.known import Fault
from witnessmark.standin.faults.sensor import SensorFaults
from witnessmark.standin.launch import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tests.e2e.broken import Run

    from witnessmark.model.run import Act, Case

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(bool(refusal()), reason=str(refusal())),
    pytest.mark.timeout(600),
]

SEEDS = range(32)
NUMBERED_THEN_LOST = {"lose", "corrupt", "reshape"}
"""Something of unknown content is missing: silence proves nothing near it."""
ACTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("drop", {}),
    ("lose", {}),
    ("strip", {"fields": ["parent_audit_token", "ppid", "original_ppid"]}),
    ("clock", {"seconds": -300}),
    ("clock", {"seconds": 300}),
    ("corrupt", {}),
    ("reshape", {}),
    ("reshape", {"schema": 2}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What a fault made of a store."""

    fault: Fault
    lines: tuple[tuple[bytes, int], ...]
    """Each line with when it was received."""
    touched: tuple[Line, ...]


@pytest.fixture(scope="module")
def evidence(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The clean host alone."""
    return alone(run, tmp_path_factory.mktemp("clean") / "bag")


def needs(case: Case, act: Act, lines: Iterable[Line]) -> list[list[Line]]:
    """For each record that the case must have, the lines any one of which is that record."""
    steps = [item for phase in act.phases if phase.phase == "attack" for item in phase.steps]
    return [
        [
            line
            for line in lines
            if line.event in pattern.event
            and (
                line.pid == step.pid
                if line.event == "exec"
                else (step.to or step.path) in line.names
            )
        ]
        for pattern in case.scenario.records
        for step in steps
        if step.step == pattern.step
    ]


def cut_off(case: Case, act: Act, lines: Sequence[Line], broken: Broken) -> bool:
    """Whether every line of some record that the case must have was touched."""
    touched: Sequence[Line] = broken.touched
    if broken.fault.action == "strip":  # only an execution needs its parent
        touched = [line for line in touched if line.event == "exec"]
    return any(own and all(line in touched for line in own) for own in needs(case, act, lines))


def attacked_at(act: Act, line: Line) -> bool:
    """Whether a line was written while the attack went on."""
    return any(
        item.started_ns <= line.time_ns <= item.finished_ns
        for item in act.phases
        if item.phase == "attack"
    )


def broken_by(seed: int, evidence: Evidence) -> Broken:
    """Some fault of a sensor on some of the records, perhaps on just one that a case needs."""
    chance = random.Random(seed)
    action, settings = ACTIONS[seed % len(ACTIONS)]
    acts = evidence.acts(control=False) + evidence.acts(control=True)
    own = [line for one in acts for some in needs(*one, evidence.lines) for line in some]
    victim = chance.choice(own if chance.random() < 0.8 else evidence.lines)
    fault = Fault(
        action=action,
        settings=settings,
        events=frozenset({victim.event}),
        path=victim.names[-1] if victim.names and chance.random() < 0.7 else None,
        every=chance.choice((1, 1, 1, 2, 3)),
        left=chance.choice((None, None, 1, 5)),
    )
    return injected(fault, evidence.lines)


def injected(fault: Fault, lines: Sequence[Line]) -> Broken:
    """What the stand-in's own fault makes of a store: what vanishes leaves no number free."""
    touched: list[Line] = []
    out: list[tuple[bytes, int]] = []
    gone: Counter[str] = Counter()
    current = lines[0]
    sensor = SensorFaults([fault], lambda *_: touched.append(current))
    for current in lines:
        if not sensor.admits(current.event, current.names):
            gone[current.event] += 1
            continue
        text, (number, overall) = current.text, current.numbers
        for key, old, less in (
            (b'"seq_num":%d,', number, gone[current.event]),
            (b'"global_seq_num":%d,', overall, gone.total()),
        ):
            assert key % old in text
            text = text.replace(key % old, key % (old - less), 1)
        for one in sensor.lines(current.event, current.names, text):
            out.append((one, current.received_ns))
    return Broken(fault=fault, lines=tuple(out), touched=tuple(touched))


def judged(evidence: Evidence, lines: Iterable[tuple[bytes, int]], folder: Path) -> dict[str, bool]:
    """The clean host's evidence with this store in place of what was collected: case -> ok."""
    bag = folder / "bag"
    shutil.copytree(evidence.bag.folder, bag)
    raw, chunks = b"", []
    for text, received in lines:
        raw += text
        chunks.append([len(raw), received])
    for name in ("eslogger.ndjson", "eslogger.delivered.ndjson"):
        (bag / "data/raw" / CLEAN / name).write_bytes(raw)
    path = bag / "data/run.json"
    record = json.loads(path.read_bytes())
    for item in (*record["collections"], *record["deliveries"]):
        item["chunks"] = chunks
    path.write_text(json.dumps(record))
    manifest.seal(bag, {})
    verdicts = judge(open_bag(bag))
    shutil.rmtree(bag)
    return {case.id: case.ok for case in verdicts.cases}


def test_unbroken_every_case_is_good_and_needs_records_that_are_there(
    evidence: Evidence, tmp_path: Path
) -> None:
    lines = [(line.text, line.received_ns) for line in evidence.lines]
    assert set(judged(evidence, lines, tmp_path).values()) == {True}
    for case, act in evidence.acts(control=False) + evidence.acts(control=True):
        assert all(needs(case, act, evidence.lines)), case.id


@pytest.mark.parametrize("seed", SEEDS)
def test_what_any_fault_touches_is_never_good(
    evidence: Evidence, tmp_path: Path, seed: int
) -> None:
    broken = broken_by(seed, evidence)
    ok = judged(evidence, broken.lines, tmp_path)
    controls = {
        case.scenario.branch
        for case, act in evidence.acts(control=True)
        # Without the parents a control of branch B fires all the same.
        if broken.fault.action != "strip" and cut_off(case, act, evidence.lines, broken)
    }
    for case, act in evidence.acts(control=False):
        touched = cut_off(case, act, evidence.lines, broken)
        if case.scenario.expect.answer == "silent":  # silence must be earned
            touched |= case.scenario.branch in controls
            touched |= broken.fault.action in NUMBERED_THEN_LOST and any(
                attacked_at(act, line) for line in broken.touched
            )
        if touched:
            assert not ok[case.id], (broken.fault, case.id)


def test_the_faults_meet_cases_and_spare_others(evidence: Evidence, tmp_path: Path) -> None:
    met, spared = 0, 0
    for seed in SEEDS[:8]:
        said = judged(evidence, broken_by(seed, evidence).lines, tmp_path / str(seed))
        met += sum(not ok for ok in said.values())
        spared += sum(said.values())
    assert met >= 4
    assert spared >= 4
