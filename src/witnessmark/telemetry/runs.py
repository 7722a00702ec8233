"""Records that simply follow each other, so that they can be accounted for at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

NOBODY: Final = (None, "")
"""Whose records a run's are: of the stream's one host and its one sensor."""


@dataclass(slots=True)
class Own:
    """The records of one event type in a run."""

    first: int
    """Its own number (``seq_num``) of the first; those behind it follow without a hole."""
    times: list[int]
    last: int
    """Which of the run's records is the last of this type."""


@dataclass(slots=True)
class Run:
    """Records of one host and one sensor, the next ones in its numbering."""

    first: int
    """``global_seq_num`` of the first."""
    times: list[int]
    contents: list[int]
    """A hash of each line, to know a repeated one by."""
    own: dict[str, Own]
    others: int
    """How many are of a kind that the model does not know."""


def forget(recent: dict[Any, int], most: int) -> None:
    """Forget the oldest of what is remembered, many at a time, so that no more than 17 sixteenths
    of ``most`` stay. One at a time, each would be searched for among all that went before it.
    """
    spare = most // 16
    while len(recent) > most + spare:
        for key in list(islice(recent, spare or 1)):
            del recent[key]
