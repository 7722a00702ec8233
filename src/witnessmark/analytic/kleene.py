"""Three-valued logic: True, False, and None for "the telemetry does not say"."""

from __future__ import annotations

from typing import TypeAlias

Known: TypeAlias = bool | None


def both(first: Known, second: Known) -> Known:
    """Conjunction: one False settles it, whatever the other is."""
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def either(first: Known, second: Known) -> Known:
    """Disjunction: one True settles it, whatever the other is."""
    if first is True or second is True:
        return True
    return None if first is None or second is None else False


def opposite(value: Known) -> Known:
    """Negation: the unknown stays unknown."""
    return None if value is None else not value
