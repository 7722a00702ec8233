"""Every decoder on bad input: cut, mutated, mixed, huge, not UTF-8. No line is lost, none raises.

The stories in data/ are synthetic; each decoder's own tests read the real samples.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from witnessmark.telemetry.decoder import Decoder
from witnessmark.telemetry.format import MILLISECOND
from witnessmark.telemetry.kinds import KINDS, decoder_of, looks_like

DATA = Path(__file__).parent / "data"
LINES = {
    kind: (DATA / f"{kind}.synthetic").read_bytes().splitlines(keepends=True) for kind in KINDS
}
JSON_KINDS = tuple(kind for kind in KINDS if kind != "santa")
LIKE = {"mac-monitor": "eslogger", "eslogger-oslog": "unifiedlog"}
"""A kind whose records are another's."""


def account(kind: str, *lines: bytes) -> Any:
    """Decode, and hold that every line is accounted for and every reason is one short sentence."""
    decoder = Decoder(decoder_of(kind), host="mac", source="s")
    events = list(decoder.events(lines))
    cover = decoder.coverage()
    assert cover.lines == len(lines)
    assert cover.read + len(cover.bad) + cover.blank == cover.lines + cover.more
    assert len(events) == cover.events + cover.other
    for bad in cover.bad:
        assert bad.reason
        assert "\n" not in bad.reason
        assert len(bad.reason) <= 200
    return events, cover


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_story_is_read(kind: str) -> None:
    events, cover = account(kind, *LINES[kind])
    assert not cover.bad
    assert not cover.gaps
    assert len(events) >= 3
    first = min(event.time_ns for event in events if event.kind.value != "other")
    assert 0 <= first - 1_791_108_000 * 10**9 < 5 * 10**9
    assert all(event.time_ns % decoder_of(kind).TIME_RESOLUTION == 0 for event in events)


@pytest.mark.parametrize("kind", KINDS)
def test_each_event_lies_where_it_says(kind: str) -> None:
    blob = b"".join(LINES[kind])
    events, _ = account(kind, *LINES[kind])
    for event in events:
        line = LINES[kind][event.line - 1]
        assert blob[event.offset : event.offset + len(line)] == line


@pytest.mark.parametrize("kind", KINDS)
def test_every_cut_is_bad_or_tells_nothing_else(kind: str) -> None:
    for line in LINES[kind]:
        (told, _) = account(kind, line)
        for cut in range(1, len(line) - 1, 11):
            (found, cover) = account(kind, line[:cut])
            # A banner that was cut is still a banner, and no event.
            assert found == []
            assert len(cover.bad) == 1 or not told


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_line_costs_only_itself(kind: str) -> None:
    for place, line in enumerate(LINES[kind]):
        lines = list(LINES[kind])
        lines[place] = line[: len(line) // 2] + b"\n"
        _, cover = account(kind, *lines)
        assert [bad.line for bad in cover.bad] in ([], [place + 1])
        _, others = account(kind, *lines[:place], *lines[place + 1 :])
        assert cover.read >= others.read


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_are_no_utf8_are_named(kind: str) -> None:
    line = next(item for item in LINES[kind] if b"invoice.sh" in item)
    _, cover = account(kind, line.replace(b"invoice", b"in\xffoice"))
    (bad,) = cover.bad
    assert bad.reason.startswith("not UTF-8: byte ")


@pytest.mark.parametrize("kind", KINDS)
def test_lines_of_all_other_kinds_take_nothing_away(kind: str) -> None:
    own = LINES[kind]
    others = [line for name in KINDS if name != kind for line in LINES[name]]
    alone, _ = account(kind, *own)
    _, mixed = account(kind, *others, b"\n", b"{}\n", b"\x00\n")
    decoder = Decoder(decoder_of(kind), host="mac", source="s")
    found = []
    for line in own:
        found += decoder.feed(line)
        for other in (b"\n", b"garbage\n", b"[1, 2]\n", b"null\n", b"\xfe\xff\n"):
            assert decoder.feed(other) == []
    assert [event.process for event in found] == [event.process for event in alone]
    assert [event.time_ns for event in found] == [event.time_ns for event in alone]
    assert mixed.lines == len(others) + 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_is_known_for_what_it_is(kind: str) -> None:
    likely = looks_like(LINES[kind][1])
    assert likely in (kind, LIKE.get(kind))


@pytest.mark.parametrize("kind", ["santa", "osquery", "elastic"])
def test_a_line_of_fifty_megabytes_is_a_line(kind: str) -> None:
    line = next(item for item in reversed(LINES[kind]) if b"sh /Users/kim" in item)
    long = line.replace(b"/Users/kim/Downloads/invoice.sh", b"/" + b"x" * 50_000_000, 1)
    lines = [LINES[kind][0], long, LINES[kind][-1]]
    events, cover = account(kind, *lines)
    assert (len(events), cover.bad) == (3, ())


@pytest.mark.parametrize("kind", JSON_KINDS)
@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_a_field_that_is_nested_too_deeply_costs_its_line(kind: str, depth: int) -> None:
    line = next(item for item in LINES[kind] if item.startswith(b"{"))
    deep = b'{"x": ' + b"[" * depth + b"]" * depth + b"," + line[1:]
    _, cover = account(kind, deep, line)
    assert [bad.line for bad in cover.bad] == [1]
    assert "deep" in cover.bad[0].reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_line_that_is_cut_is_one_bad_line(kind: str) -> None:
    line = LINES[kind][1].rstrip() + b"," * 1_000_000 + b"\n"
    _, cover = account(kind, LINES[kind][0], line)
    assert len(cover.bad) <= 1


def places(item: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, inner ones too."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(item, dict):
        inner = list(item.items())
    elif isinstance(item, list):
        inner = list(enumerate(item))
    return [way, *(found for key, value in inner for found in places(value, (*way, key)))]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(
        ["2026-10-04T10:00:00", "9999-99-99", "-1", "0", "18446744073709551616", "=="]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@pytest.mark.parametrize("kind", JSON_KINDS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_value_anywhere_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    lines = [line for line in LINES[kind] if line.startswith(b"{")]
    document = json.loads(data.draw(st.sampled_from(lines)))
    way = data.draw(st.sampled_from(places(document)))
    value = data.draw(VALUES)
    if way:
        place = document
        for part in way[:-1]:
            place = place[part]
        place[way[-1]] = value
    else:
        document = value
    account(kind, json.dumps(document).encode() + b"\n", LINES[kind][-1])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_bytes_anywhere_are_read_or_refused(kind: str, data: st.DataObject) -> None:
    line = bytearray(data.draw(st.sampled_from(LINES[kind])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(line) - 1))
        line[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    account(kind, *bytes(line).splitlines(keepends=True))


@pytest.mark.parametrize("kind", KINDS)
@given(lines=st.lists(st.binary(max_size=60), max_size=6))
def test_random_bytes_never_raise(kind: str, lines: list[bytes]) -> None:
    account(kind, *lines)


def test_events_of_a_coarse_clock_are_whole_units() -> None:
    assert decoder_of("santa").TIME_RESOLUTION == MILLISECOND


class _Stumbling:
    """A reader that fails on some lines, as a decoder does on a record that nobody foresaw."""

    def __init__(self, inner: Any, error: BaseException) -> None:
        self._inner, self._error = inner, error

    def read(self, line: bytes, whole: bool) -> Any:
        if b"stumble" in line:
            raise self._error
        return self._inner.read(line, whole)


@pytest.mark.parametrize(
    "error",
    [
        OverflowError("cannot convert float infinity to integer"),
        ZeroDivisionError("division by zero"),
        KeyError("pid"),
        IndexError("list index out of range"),
        ValueError("Exceeds the limit (4300 digits)"),
        TypeError("'NoneType' object is not subscriptable"),
        AttributeError("'NoneType' object has no attribute 'pid'"),
        StopIteration(),
        RecursionError("maximum recursion depth exceeded"),
    ],
)
def test_whatever_a_reader_stumbles_over_is_one_bad_line_with_its_place(
    error: BaseException,
) -> None:
    form = decoder_of("eslogger")
    decoder = Decoder(form, host="mac", source="s")
    decoder._reader = _Stumbling(decoder._reader, error)
    first, *rest = LINES["eslogger"]
    events = list(decoder.events([first, b'{"stumble": 1}\n', *rest]))
    assert len(events) == len(LINES["eslogger"])
    (bad,) = decoder.coverage().bad
    assert bad.line == 2
    assert bad.unknown_shape != isinstance(error, RecursionError)
    if not isinstance(error, ValueError | RecursionError):
        assert type(error).__name__ in bad.reason


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), OSError("disk")])
def test_what_is_no_fault_of_a_line_is_not_taken_for_one(error: BaseException) -> None:
    decoder = Decoder(decoder_of("eslogger"), host="mac", source="s")
    decoder._reader = _Stumbling(decoder._reader, error)
    with pytest.raises(type(error)):
        decoder.feed(b'{"stumble": 1}\n')


STAMPED = tuple(kind for kind in KINDS if re.search(rb"[0-9]T[0-9:]{8}[.][0-9]+Z", LINES[kind][1]))
"""Kinds whose times are RFC 3339 in UTC."""
STAMP = re.compile(rb"([0-9]T[0-9:]{8}[.][0-9]+)Z")


def test_most_kinds_stamp_their_records() -> None:
    assert len(STAMPED) >= 6


@pytest.mark.parametrize("kind", STAMPED)
def test_a_time_without_a_zone_is_refused_and_never_guessed(kind: str) -> None:
    events, cover = account(kind, STAMP.sub(rb"\1", LINES[kind][1]))
    assert events == []
    assert len(cover.bad) == 1


@pytest.mark.parametrize("kind", [kind for kind in STAMPED if kind != "mac-monitor"])
def test_a_time_of_another_zone_is_the_same_moment(kind: str) -> None:
    """Mac Monitor's older versions called local time UTC, so any other form of it is refused."""
    (plain,), _ = account(kind, LINES[kind][1])
    (found,), _ = account(kind, STAMP.sub(rb"\1+02:00", LINES[kind][1]))
    assert plain.time_ns - found.time_ns == 7_200 * 10**9


SAMPLES = {
    "santa": "santa/santa.log",
    "osquery": "osquery/panther_osquery_result_tests.ndjson",
    "eslogger": "eslogger",
    "crowdstrike": "crowdstrike",
    "jamf-alerts": "jamf_protect/alerts",
    "unifiedlog": "unifiedlogs",
}
"""Real records, beside the project where they are at hand."""


@pytest.mark.parametrize("kind", SAMPLES)
def test_real_records_cut_mutated_and_mixed_are_all_accounted_for(kind: str, sample: Any) -> None:
    place = sample(SAMPLES[kind])
    files = [place] if place.is_file() else sorted(place.rglob("*.*"))[:6]
    lines = [line[:4_000] + b"\n" for file in files for line in file.read_bytes().splitlines()[:60]]
    chance = random.Random(kind)
    broken = []
    for line in lines:
        broken.append(line[: chance.randrange(1, len(line) + 1)])
        torn = bytearray(line)
        for _ in range(3):
            torn[chance.randrange(len(torn))] = chance.randrange(256)
        broken += [bytes(torn), chance.choice(lines)[:-1] + line]
    strangers = [line for name in KINDS if name != kind for line in LINES[name][:2]]
    mixed = [*lines, *broken, *strangers]
    chance.shuffle(mixed)
    account(kind, *mixed)
