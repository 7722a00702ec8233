"""Every decoder by its kind; a module is imported when it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final, cast

from witnessmark.model.hosts import ALERTS_ONLY, SOURCE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.telemetry.format import Format

KINDS: Final = SOURCE_KINDS
"""What ``decode KIND``, ``detect --kind`` and an inventory's ``kind`` may name."""


def decoder_of(kind: str) -> Format:
    """The decoder of a kind.

    Raises:
        ValueError: no decoder has that kind.
    """
    if kind == ALERTS_ONLY:
        return cast("Format", importlib.import_module(f"{__package__}.no_records"))
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of telemetry; known are {', '.join(KINDS)}")
    return cast("Format", importlib.import_module(f"{__package__}.{kind.replace('-', '_')}"))


def records_runs(kind: str) -> bool:
    """Whether records of a kind could show that a command was run, and with which words."""
    from witnessmark.telemetry.format import Fill  # not before it is asked: `--help` needs none

    table = decoder_of(kind).FILLS
    return Fill.NEVER not in (table["exec"], table["args"])


def every() -> Iterator[Format]:
    """All decoders, in the order of ``KINDS``."""
    return map(decoder_of, KINDS)


def looks_like(line: bytes) -> str | None:
    """The kind that a line is a record of, or None; said where the wrong kind was named."""
    for form in every():
        try:
            form.reader().read(line.strip(), True)
        except (ValueError, RecursionError):
            continue
        return form.KIND
    return None
