"""Stands for a source of alerts only: no record of it says anything, for it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from witnessmark.model.hosts import ALERTS_ONLY
from witnessmark.telemetry.format import Unreadable, fills

if TYPE_CHECKING:
    from witnessmark.telemetry.format import Found

KIND: Final = ALERTS_ONLY
TITLE: Final = "alerts only"
FILLS: Final = fills(present="")
TIME_RESOLUTION: Final = 1
LOSS_SIGNALS: Final = ()


def reader() -> _Reader:
    """A reader that takes no line."""
    return _Reader()


class _Reader:
    def read(self, line: bytes, whole: bool) -> Found:
        raise Unreadable("a source of alerts only has no records")
