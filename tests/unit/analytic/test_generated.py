"""The generator of benchmarks/: what it plants is what the analytic answers, and nothing else."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from witnessmark.analytic.engine import Engine
from witnessmark.analytic.parameters import load
from witnessmark.telemetry import eslogger
from witnessmark.telemetry.decoder import Decoder

if TYPE_CHECKING:
    from witnessmark.model.detections import Detection

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
SIZE = 4_000_000


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("generate")


def answers(lines: list[bytes], name: str) -> list[tuple[Any, ...]]:
    engine = Engine(load().parameters)
    decoder = Decoder(eslogger, host=name, source="eslogger")
    found = [item for event in decoder.events(lines) for item in engine.feed(event)]
    found += engine.finish()
    cover = decoder.coverage()
    assert not cover.bad
    assert not cover.gaps
    assert cover.out_of_order
    return sorted(map(told, found), key=str)


def told(item: Detection) -> tuple[Any, ...]:
    ref = item.drop.seq if item.drop else item.browser.pid if item.browser else None
    return item.host, item.branch.value, item.answer.value, item.rules, item.exec.seq, ref


def planted(truth: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    rows = [
        (row["host"], row["branch"], row["answer"], tuple(row["rules"]), row["exec"], row["ref"])
        for row in truth
        if row["answer"] != "silent"
    ]
    return sorted(rows, key=str)


@pytest.mark.parametrize("number", [0, 2], ids=["objects", "arrays"])
def test_every_planted_answer_is_given_and_no_other(
    generate: Any, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "EVERY_S", 10.0)
    monkeypatch.setattr(generate.daily, "RATE", 1.0)
    lines: list[bytes] = []
    truth = generate.host("mac9", SIZE, number=number, late=0.01, write=lines.append)
    kinds = {row["kind"] for row in truth}
    assert len(kinds) == 31
    assert answers(lines, "mac9") == planted(truth)


def test_the_same_seed_gives_the_same_bytes(generate: Any, tmp_path: Path) -> None:
    for folder, seed in (("one", 1), ("two", 1), ("three", 2)):
        list(generate.fleet(tmp_path / folder, 100_000, hosts=2, seed=seed))
    one, two, three = (
        [item.read_bytes() for item in sorted((tmp_path / name).iterdir())]
        for name in ("one", "two", "three")
    )
    assert one == two
    assert one[0] != three[0]
    assert sum(map(len, one)) >= 100_000
