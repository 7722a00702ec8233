"""What a pack says of itself: its manifest, and the shapes of its records."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from witnessmark import __version__
from witnessmark.qualify.probes import PROBES
from witnessmark.qualify.shapes import label, shapes, unread
from witnessmark.telemetry.kinds import decoder_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from witnessmark.qualify.own import Record
    from witnessmark.qualify.pack import Capture
    from witnessmark.qualify.scrub import Scrubber

FORMAT: Final = 1
MANIFEST: Final = "pack.json"
SHAPES: Final = "shapes.json"


def text_of(record: Record) -> str:
    """A line as text that can become the same bytes again."""
    return record.line.decode("utf-8", "surrogateescape")


def foreign(rows: Sequence[Record]) -> list[Record]:
    """Records of others that no decoder knows: only their shape is kept."""
    return [row for row in rows if not row.own and row.bad is not None and row.bad.unknown_shape]


def shapes_told(
    kind: str, kept: Sequence[tuple[Record, str]], strange: Sequence[Record]
) -> dict[str, Any]:
    """Keys and types of each kind of record; which keys the decoder does not read."""
    found = shapes([row for row, _ in kept], [text for _, text in kept])
    names = {name for paths in found.values() for path in paths for name in path.split("/")}
    others = shapes(strange, map(text_of, strange), names)
    longest = _one_of_each(kept)
    told: dict[str, Any] = {
        name: {
            "keys": {path: "|".join(types) for path, types in paths.items()},
            "not_read": unread(decoder_of(kind), longest[name]) if name in longest else [],
        }
        for name, paths in found.items()
    }
    for name, paths in others.items():
        told[f"{name} of others"] = {"keys": {path: "|".join(paths[path]) for path in paths}}
    return told


def _one_of_each(kept: Sequence[tuple[Record, str]]) -> dict[str, str]:
    """The longest record of each kind of event."""
    found: dict[str, str] = {}
    for row, text in kept:
        if row.bad is None:
            found[label(row)] = max(found.get(label(row), ""), text, key=len)
    return found


def source_told(name: str, kind: str, rows: Sequence[Record]) -> dict[str, Any]:
    """What of a source was kept and what was not."""
    kept: dict[str, int] = {}
    for row in rows:
        for event in row.events if row.own else ():
            kept[event.kind.value] = kept.get(event.kind.value, 0) + 1
    return {
        "file": name,
        "kind": kind,
        "records": sum(1 for row in rows if row.own and row.bad is None),
        "events": dict(sorted(kept.items())),
        "left_out": sum(1 for row in rows if not row.own),
        "unknown": sum(1 for row in rows if row.bad is not None and row.bad.unknown_shape),
        "unreadable": sum(1 for row in rows if row.bad is not None and not row.bad.unknown_shape),
    }


def manifest(
    capture: Capture,
    told: Sequence[Mapping[str, Any]],
    files: Mapping[str, bytes],
    hidden: Mapping[str, int],
    scrubber: Scrubber,
) -> dict[str, Any]:
    """Where the pack comes from, how the probes went, and the sums of its other files."""
    done = {probe.name: scrubber.text(capture.done.get(probe.name, "")) for probe in PROBES}
    return {
        "format": FORMAT,
        "origin": capture.origin.value,
        "made_by": f"witnessmark {__version__}",
        "run": capture.run_id,
        "system": {key: scrubber.text(value) for key, value in sorted(capture.system.items())},
        "probes": done,
        "sources": list(told),
        "scrubbed": dict(hidden),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }


def as_json(value: object) -> bytes:
    """A value as the text of a file."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
