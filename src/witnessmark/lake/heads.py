"""What a lake says of the parameters that its keys were made with."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from witnessmark.lake.manifest import FORMAT, Head

if TYPE_CHECKING:
    from witnessmark.analytic.parameters import Analytic


def head_of(analytic: Analytic) -> Head:
    """The head of a lake that is written with these parameters."""
    params = analytic.parameters
    return Head(
        format=FORMAT,
        analytic=analytic.analytic,
        version=analytic.version,
        profile=analytic.profile,
        parameters=hashlib.sha256(msgspec.json.encode(params)).hexdigest(),
        compared={
            "drop_exec_window_ns": int(params.drop_exec_window * 1e9),
            "high_severity_within_ns": int(params.high_severity_within * 1e9),
            "spawn_load_window_ns": int(params.spawn_load_window * 1e9),
            "clock_skew_tolerance_ns": int(params.clock_skew_tolerance * 1e9),
            "max_depth": params.max_depth,
            "require_quarantine": int(params.require_quarantine),
        },
        dedupe_ns=int(params.dedupe_window * 1e9),
    )
