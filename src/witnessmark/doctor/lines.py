"""What the doctor says: a line for each thing that was looked at, with the mend if it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from witnessmark.model.verdicts import Status

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing on one host: ``error`` where nobody could look, which is never the same as no."""

    host: str
    name: str
    status: Status
    message: str
    mend: str = ""


def exit_code(lines: Iterable[Line], hosts: Iterable[str]) -> int:
    """What the doctor tells its caller.

    0 all is well; 1 something failed; 3 no host could be used at all; 4 nothing failed, but
    something is not known.
    """
    found = list(lines)
    usable = {item.host for item in found if item.name == "consent" and item.status is Status.PASS}
    if not usable & set(hosts):
        return 3
    said = {item.status for item in found}
    if Status.FAIL in said:
        return 1
    return 4 if Status.ERROR in said else 0
