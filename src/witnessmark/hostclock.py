"""How far a host's clock is ahead of the controller's, and how exactly that can be known.

A host is asked for its time, and its answer lies between the moment before it was asked and the one
after: the offset is then known to within half of that time (Cristian 1989). Several answers narrow
it down, because the offset has to fit all of them.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from witnessmark.hosts.transport import Transport

QUICK_S = 20.0
"""Limit in seconds for one answer."""
LONGEST_S = 100 * 365 * 86400.0
"""An offset of a clock beyond a century is no offset (and no bag would take it)."""
SAMPLES = 3
WHOLE_SAMPLES = 8
"""How often a host that has whole seconds only is asked: spread over a second, they narrow it."""
WHOLE_PAUSE_S = 0.13
ASK = (
    "zsh -f -c 'zmodload zsh/datetime && print -r -- $EPOCHREALTIME' 2> /dev/null && exit 0; "
    "perl -MTime::HiRes -e 'printf \"%.6f\\n\", Time::HiRes::time()' 2> /dev/null && exit 0; "
    "exec date +%s"
)
"""The finest clock that a stock Mac has: zsh's, perl's, or POSIX date's whole seconds. macOS's date
has no fraction, its bash 3.2 no clock, and its python3 may be a stub that opens a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """Seconds that a host's clock is ahead, and how far that may be wrong either way."""

    ahead_s: float
    uncertainty_s: float


def measure(transport: Transport, sleep: Callable[[float], None] = time.sleep) -> Offset | None:
    """Asks a host for its clock; None if it does not say. Changes nothing on the host."""
    found = []
    for number in range(WHOLE_SAMPLES):
        sample = _ask(transport)
        if sample is None:
            return None
        found.append(sample)
        whole = found[0].whole
        if number + 1 == (WHOLE_SAMPLES if whole else SAMPLES):
            break
        if whole:
            sleep(WHOLE_PAUSE_S)
    return _joined(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """The least and the most that the clock can be ahead, by one answer."""

    least_s: float
    most_s: float
    whole: bool


def _ask(transport: Transport) -> _Sample | None:
    before_ns = time.time_ns()
    try:
        result = transport.run(["/bin/sh", "-c", ASK], env={}, timeout_s=QUICK_S)
    except HostError:
        return None
    after_ns = time.time_ns()
    said = result.stdout.decode(errors="replace").strip() if result.status == 0 else ""
    if not re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,12})?", said):
        return None
    fraction = said.partition(".")[2]
    sample = _Sample(
        least_s=float(said) - after_ns / 1e9,
        most_s=float(said) + 10.0 ** -len(fraction) - before_ns / 1e9,
        whole=not fraction,
    )
    return sample if abs(sample.least_s) <= LONGEST_S else None


def _joined(samples: Sequence[_Sample]) -> Offset:
    least, most = max(item.least_s for item in samples), min(item.most_s for item in samples)
    if least > most:
        # No offset fits them all: the clock moved meanwhile. It was somewhere within them.
        least, most = min(item.least_s for item in samples), max(item.most_s for item in samples)
    return Offset(
        ahead_s=round((least + most) / 2, 4),
        uncertainty_s=math.ceil((most - least) / 2 * 1e4) / 1e4,
    )
