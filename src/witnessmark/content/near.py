"""What a misspelt name may have meant."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE = 0.6
"""As ``difflib.get_close_matches`` has it."""


def near(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The known names that are most like ``name``, or that begin with something most like it."""
    scored = [(max(_alike(name, item), _alike(name, item[: len(name)])), item) for item in known]
    close = sorted((-score, item) for score, item in scored if score >= ALIKE)
    return tuple(dict.fromkeys(item for _, item in close))[:most]


def meant(name: str, known: Iterable[str]) -> str:
    """``; did you mean NAME?``, or nothing where no known name is like it."""
    found = near(name, known, 1)
    return f"; did you mean {found[0]}?" if found else ""


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """A sentence about a name that nothing has: the nearest one, else all there are."""
    names = sorted(set(known))
    return what + (meant(name, names) or f"; there are: {', '.join(names) or 'none'}")


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()
