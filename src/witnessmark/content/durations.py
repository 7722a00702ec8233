"""Durations as people write them: ``500ms``, ``600s``, ``10m``, ``2h``, ``90d``."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from witnessmark.content.quoting import quoted

PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d)$"
_SHAPE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: object) -> float:
    """Seconds that a duration such as ``"10m"`` stands for; a bare number is refused.

    Raises:
        ValueError: with a sentence that says what a duration looks like.
    """
    found = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(
            f"{quoted(text)} is not a duration: write a number and a unit (ms, s, m, h or d), "
            'such as "600s"'
        )
    return float(found[1]) * _SECONDS[found[2]]


Duration: TypeAlias = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema({"type": "string", "pattern": PATTERN}),
]
"""Field type for content dataclasses: a duration string in YAML, float seconds in Python."""
