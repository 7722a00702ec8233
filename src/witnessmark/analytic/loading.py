"""A4: what makes a browser-spawned process one that loads a script or an executable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.analytic.identity import untrusted

if TYPE_CHECKING:
    from witnessmark.analytic.identity import Identity
    from witnessmark.analytic.kleene import Known
    from witnessmark.model.events import Event, Process


def loads(identity: Identity, event: Event, process: Process) -> tuple[Known, str]:
    """A4 (a), (b) and (c), with the one that holds, or why none does."""
    if event.script is not None:
        return True, "(a) it is a script"
    listed = identity.interpreter(process)
    if listed is not None:
        return True, f"(a) it is an interpreter, {listed.name}"
    if identity.writable(process):
        return True, "(b) its image lies in a monitored or user-writable directory"
    unsigned = untrusted(process)
    if unsigned is None:
        return None, "neither (a) nor (b), and for (c) its signature is not known"
    if unsigned:
        return True, "(c) its image is unsigned or ad hoc signed"
    return False, "no interpreter, no script, in no user-writable directory, and signed"
