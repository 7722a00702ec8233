"""By the chunk or line by line: the same answers, the same account, on anything.

The lines are synthetic: the generator's, and what chance makes of them. They are lost, repeated,
late, out of order, garbled, cut, joined, split, with other times and numbers, in any chunks.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache, partial
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from witnessmark.analytic.engine import Engine
from witnessmark.analytic.parameters import load
from witnessmark.analytic.skim import Skim
from witnessmark.telemetry import eslogger
from witnessmark.telemetry.bulk import SIZE as CHUNK
from witnessmark.telemetry.bulk import chunks
from witnessmark.telemetry.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Callable

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
EXAMPLES = int(os.environ.get("WITNESSMARK_FUZZ", "25"))
"""More of them look longer: WITNESSMARK_FUZZ=5000 pytest tests/unit/analytic/test_skim.py"""
SIZE = 700_000
Lines = list[bytes]
PARAMETERS = load().parameters


@lru_cache(maxsize=2)
def story(number: int) -> tuple[bytes, ...]:
    """What a host wrote, with as many planted stories as fit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        generate = import_module("generate")
        patch.setattr(generate, "EVERY_S", 15.0)
        patch.setattr(generate.daily, "RATE", 0.5)
        lines: Lines = []
        generate.host("mac", SIZE, number=number, late=0.01, write=lines.append)
        return tuple(lines)


def slowly(blob: bytes) -> Any:
    decoder = Decoder(eslogger, host="mac", source="eslogger")
    engine = Engine(PARAMETERS)
    found = [item for event in decoder.events(BytesIO(blob)) for item in engine.feed(event)]
    return told(decoder, engine, found)


def swiftly(blob: bytes, size: int = CHUNK) -> Any:
    decoder = Decoder(eslogger, host="mac", source="eslogger")
    engine = Engine(PARAMETERS)
    lane = Skim(engine, decoder)
    pieces = iter(partial(BytesIO(blob).read, size), b"")
    found = [item for chunk in chunks(pieces) for item in lane.feed(chunk)]
    return told(decoder, engine, found)


def told(decoder: Decoder, engine: Engine, found: list[Any]) -> Any:
    found = found + engine.finish()
    sums = engine.late, engine.unresolved, decoder.position, decoder.filled
    return found, decoder.coverage(), engine.misses, sums, inside(engine)


def inside(engine: Engine) -> Any:
    """What an engine knows: a difference need not show in the answers yet."""
    images = {
        name: (image.process, image.task.depth, image.task.execs, image.task.candidate is None)
        for name, image in engine._lineage.images.items()
    }
    files = {key: file.drop for key, file in engine._drops.table._by_key.items()}
    order = engine._order
    return images, files, order._next, order._top, order.newest_ns, order.pace.now_ns


def test_the_story_is_read_by_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the tests below compare one way with itself."""
    blob = b"".join(story(0))
    expected = slowly(blob)
    assert len(expected[0]) >= 10
    monkeypatch.setattr(Decoder, "feed", None)
    seen = []
    monkeypatch.setattr(Engine, "says_nothing_new", noted(Engine.says_nothing_new, seen))
    assert swiftly(blob) == expected
    assert sum(seen) > len(story(0)) / 8, "many are passed over"


def noted(method: Callable[..., bool], seen: list[bool]) -> Callable[..., bool]:
    def wrapped(*args: Any) -> bool:
        seen.append(method(*args))
        return seen[-1]

    return wrapped


def other(line: bytes, **fields: Any) -> bytes:
    """A record with other fields; a field of ``process`` has a dot before its name."""
    record = json.loads(line)
    for name, value in fields.items():
        record[name] = value
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def other_process(line: bytes, **fields: Any) -> bytes:
    record = json.loads(line)
    record["process"].update(fields)
    return json.dumps(record).encode() + b"\n"


def born(line: bytes, when: str) -> bytes:
    """The file of a file event, with another time of birth."""
    record = json.loads(line)
    for event in record["event"].values():
        event.get("target", {}).get("stat", {})["st_birthtimespec"] = when
    return json.dumps(record).encode() + b"\n"


def shifted(line: bytes, days: int) -> bytes:
    return line.replace(b'"time":"2026-10-04', f'"time":"2026-10-{4 + days:02}'.encode())


Change = st.sampled_from(
    [
        lambda line: b"",
        lambda line: line * 2,
        lambda line: line + other(line, mach_time=1),
        lambda line: b"\n \n" + line,
        lambda line: line[: len(line) // 2],
        lambda line: line[: len(line) // 2] + b"\n",
        lambda line: line[:-1],
        lambda line: line[:-1] + b" " + line,
        lambda line: line.replace(b',"', b',\n"', 1),
        lambda line: b" " + line,
        lambda line: b"\xef\xbb\xbf" + line,
        lambda line: line[:-1] + b"\r\n",
        lambda line: line.replace(b'"path":"', b'"path":"\xff', 1),
        lambda line: line.replace(b'"path":"', b'"path":"\xc3\xa9', 1),
        lambda line: line.replace(b'"event"', b'"\\u0065vent"').replace(b'"time"', b'"t\\u0069me"'),
        lambda line: line.replace(b'":', b'" : ').replace(b',"', b' ,\t"'),
        lambda line: b'{"a":' * 2_000 + b"\n" + line,
        lambda line: b"{}{}\n" + line,
        lambda line: line[:-1] + b" " + line.replace(b',"', b',\n"', 1),
        lambda line: line.replace(b'"action_type":1', b'"action_type":"\xff"'),
        lambda line: born(line, "when"),
        lambda line: born(line, "2026-10-04T10:00:10.5+00:00"),
        lambda line: b"{}\n" + line,
        lambda line: b"[1]\n" + line,
        lambda line: other(line, event={}),
        lambda line: other(line, event={"open": {}}),
        lambda line: other(line, event={"open": {}, "close": {}}),
        lambda line: other(line, event={"(more)": {}}),
        lambda line: other(line, event={"exit": {"stat": 0}, "unlink": {"target": {"path": "/x"}}}),
        lambda line: other(line, seq_num=None),
        lambda line: other(line, global_seq_num=None),
        lambda line: other(line, global_seq_num=1),
        lambda line: other(line, global_seq_num=100_000, seq_num=40_000),
        lambda line: other(line, seq_num=3),
        lambda line: other(line, seq_num="x"),
        lambda line: other(line, schema_version=9),
        lambda line: other(line, glob_seq_num=9),
        lambda line: other(line, x_standin={"unknown": ["signing_id", "cwd"]}),
        lambda line: other(line, time="yesterday"),
        lambda line: other(line, time="2026-10-04T10:00:10.5+00:00"),
        lambda line: shifted(line, 3),
        lambda line: shifted(line, -3),
        lambda line: other_process(line, ppid=-2),
        lambda line: other_process(line, start_time="2025-01-01T00:00:00Z"),
        lambda line: other_process(line, start_time="soon"),
        lambda line: other_process(line, executable={"path": "/x" * 600}),
        lambda line: other_process(line, executable={"path": ""}),
        lambda line: other_process(line, audit_token={"pid": -1}),
        lambda line: other_process(line, audit_token={"pid": 700}),
        lambda line: other_process(line, audit_token=[1, 2]),
        lambda line: line.replace(b"birthtimespec\":\"2026", b"birthtimespec\":\"when", 3),
    ]
)  # fmt: skip


Days = st.sampled_from([-3, -1, 1, 3])


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(
    number=st.sampled_from([0, 2]),
    changes=st.dictionaries(st.integers(0, 280), Change, max_size=8),
    spans=st.lists(st.tuples(st.integers(0, 280), st.integers(1, 99), Days), max_size=2),
    moves=st.lists(st.tuples(st.integers(0, 280), st.integers(0, 280)), max_size=3),
    size=st.sampled_from([500, 5_000, 40_000, CHUNK]),
)
@example(number=0, changes={}, spans=[], moves=[], size=5_000)
def test_whatever_comes_both_ways_say_the_same(
    number: int,
    changes: dict[int, Callable[[bytes], bytes]],
    spans: list[tuple[int, int, int]],
    moves: list[tuple[int, int]],
    size: int,
) -> None:
    lines = list(story(number))
    for start, to in moves:
        lines.insert(to, lines.pop(start))
    for start, length, days in spans:
        lines[start : start + length] = [shifted(line, days) for line in lines[start:][:length]]
    for place, change in changes.items():
        lines[place] = change(lines[place])
    blob = b"".join(lines)
    assert swiftly(blob, size) == slowly(blob)


@pytest.mark.parametrize(
    "kind", ['"modified":false', '"exec":{', '"fork":{', '"exit":{', '"rename":{', '"create":{']
)
def test_every_change_alone_is_told_alike(kind: str) -> None:
    """Each on a record of each kind, with what comes after it."""
    lines = list(story(0))
    place = next(place for place in range(60, 280) if kind.encode() in lines[place])
    for change in Change.elements:
        blob = b"".join([*lines[:place], change(lines[place]), *lines[place + 1 : place + 20]])
        assert swiftly(blob, 60_000) == slowly(blob)
