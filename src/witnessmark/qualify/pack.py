"""Makes a pack of golden lines out of a capture: pure, so the same capture gives the same pack."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.errors import PackError
from witnessmark.model.hosts import Origin
from witnessmark.qualify.effort import Effort
from witnessmark.qualify.finds import in_line
from witnessmark.qualify.judged import judged
from witnessmark.qualify.manifest import (
    MANIFEST,
    SHAPES,
    as_json,
    foreign,
    manifest,
    shapes_told,
    source_told,
    text_of,
)
from witnessmark.qualify.own import is_a_stand_ins, records
from witnessmark.qualify.probes import MARK
from witnessmark.qualify.scrub import Scrubber
from witnessmark.qualify.survivors import survivors
from witnessmark.telemetry.format import Fill
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from witnessmark.doctor.lines import Line
    from witnessmark.model.events import Event
    from witnessmark.qualify.own import Record
    from witnessmark.qualify.private import Private


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What one source wrote while the probes were made."""

    kind: str
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """All that was brought home from one host. It is never written down as it is."""

    origin: Origin
    system: Mapping[str, str]
    """os, os_version, os_build, machine, chip."""
    run_id: str
    privates: tuple[Private, ...]
    pids: tuple[int, ...]
    done: Mapping[str, str]
    """Of each probe ``did``, ``missing``, or why it failed."""
    sources: tuple[Captured, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """The files of a pack, and what qualifying found out."""

    files: Mapping[str, bytes]
    lines: tuple[Line, ...]
    hidden: Mapping[str, int]
    """How many values of each kind were taken out."""


def build(capture: Capture) -> Pack:
    """A whole pack of scrubbed lines.

    Raises:
        PackError: something private would survive in it, or its records would say something else
            than those that were captured.
    """
    named = _names(capture)
    found = {
        name: records(decoder_of(item.kind), item.raw, capture.run_id, capture.pids)
        for name, item in named.items()
    }
    _is_of_its_origin(capture, found)
    mine = (text_of(row) for rows in found.values() for row in rows if row.own)
    effort = Effort()
    seen_there = (item for text in mine for item in in_line(text, effort))
    scrubber = Scrubber([*capture.privates, *seen_there])
    files: dict[str, bytes] = {}
    told, seen = [], {}
    lines: list[Line] = []
    for name, item in named.items():
        kept = [(row, scrubber.line(text_of(row))) for row in found[name] if row.own]
        _the_same(name, item.kind, capture, kept)
        files |= _files(name, kept)
        seen[name] = shapes_told(item.kind, kept, foreign(found[name]))
        told.append(source_told(name, item.kind, found[name]))
        mark = MARK.format(run=capture.run_id)
        lines += judged(decoder_of(item.kind), name, found[name], mark, capture.done)
    hidden = _counted(scrubber.privates)
    files[SHAPES] = as_json(seen)
    files[MANIFEST] = as_json(manifest(capture, told, files, hidden, scrubber))
    _clean(files, scrubber)
    return Pack(files=dict(sorted(files.items())), lines=tuple(lines), hidden=hidden)


def _counted(privates: Iterable[Private]) -> dict[str, int]:
    """How many values of each kind; one that is spelled in two ways is one."""
    kinds = {item.value.casefold(): item.what.value for item in privates}
    return dict(sorted(Counter(kinds.values()).items()))


def _is_of_its_origin(capture: Capture, found: Mapping[str, Sequence[Record]]) -> None:
    """Nothing that a stand-in recorded is ever called a Mac's."""
    marked = any(is_a_stand_ins(row.line) for rows in found.values() for row in rows if row.own)
    if capture.origin is Origin.MAC and (marked or capture.system.get("os") != "Darwin"):
        raise PackError(
            "the inventory calls the host a Mac, and it is none (a stand-in, or another system); "
            "correct the inventory: such records never become a Mac's"
        )


def _names(capture: Capture) -> dict[str, Captured]:
    """Sources by the names of their files: an inventory's own names may tell whose it is."""
    found: dict[str, Captured] = {}
    for item in capture.sources:
        same = sum(1 for name in found if found[name].kind == item.kind)
        name = item.kind if not same else f"{item.kind}-{same + 1}"
        found[f"{name}.{capture.origin.value}"] = item
    return found


def _files(name: str, kept: Sequence[tuple[Record, str]]) -> dict[str, bytes]:
    good = [text for row, text in kept if row.bad is None]
    bad = [text for row, text in kept if row.bad is not None and row.bad.unknown_shape]
    files = {name: "".join(good).encode("utf-8", "surrogateescape")}
    if bad:
        files[f"{name}.unknown"] = "".join(bad).encode("utf-8", "surrogateescape")
    return files


def _the_same(name: str, kind: str, capture: Capture, kept: Sequence[tuple[Record, str]]) -> None:
    """Scrubbing may change names, and nothing that a decoder makes of a record."""
    counted = decoder_of(kind).FILLS["args"] is Fill.PRESENT  # else words are split at blanks

    def bones(event: Event) -> tuple[object, ...]:
        words = len(event.args) if event.args is not None and counted else None
        return event.kind, event.time_ns, event.process.token, event.seq, event.global_seq, words

    def said(lines: Iterable[str]) -> list[Record]:  # of these lines alone: some readers remember
        raw = "".join(lines).encode("utf-8", "surrogateescape")
        return records(decoder_of(kind), raw, capture.run_id, capture.pids)

    good = [(row, text) for row, text in kept if row.bad is None]
    before, after = said(text_of(row) for row, _ in good), said(text for _, text in good)
    for (row, _), was, now in zip(good, before, after, strict=True):
        if [*map(bones, was.events)] != [*map(bones, now.events)]:
            raise PackError(
                f"{name}: scrubbed, line {row.number} says something else than before, as if a "
                "name that was taken out were also a word of the records; qualify the Mac with "
                "another login or name"
            )


def _clean(files: Mapping[str, bytes], scrubber: Scrubber) -> None:
    """The last look at the very bytes that are about to be written."""
    for name, data in files.items():
        text = f"{name}\n{data.decode('utf-8', 'surrogateescape')}"
        left = survivors(text, scrubber.privates, scrubber.tokens.values())
        if left:
            told = ", ".join(dict.fromkeys(f"{item.what} {item.value!r}" for item in left[:5]))
            raise PackError(
                f"no pack is written: in {name} there would still be the {told}; name it in a file "
                "for --words, or qualify the Mac with another login or name"
            )
