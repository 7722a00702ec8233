"""How much text is looked through before a capture is given up: records are attacker-shaped.

What is encoded in a text is decoded from every place where it may begin, and that again: a text
made for it would take hours. Letters are counted, not time, so the same capture ends the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from witnessmark.errors import PackError

if TYPE_CHECKING:
    from witnessmark.qualify.private import Private

MOST: Final = 40_000_000
"""Letters. A capture of three sensors takes less than 3 million."""


class Effort:
    """Counts down, and remembers what was found in which text."""

    def __init__(self, most: int = MOST) -> None:
        self.left = most
        self.found: dict[tuple[str, int], tuple[Private, ...]] = {}

    def spend(self, text: str) -> None:
        """Raises PackError once too much was looked through."""
        self.left -= len(text) + 1
        if self.left < 0:
            raise PackError(
                "no pack is written: the host's records hold so much that may be encoded that "
                "nobody could promise to scrub it; look at what else runs there"
            )
