"""Whether a run whose controller died can be finished just as it was begun."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from witnessmark import inventory
from witnessmark.content import scenarios
from witnessmark.errors import ContentError, UsageError
from witnessmark.journal.rest import rest
from witnessmark.model.hosts import Origin
from witnessmark.plan import in_profile
from witnessmark.stages import TOOL, content, digest
from witnessmark.stages import without_machine_paths as bare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from witnessmark.journal.past import Past
    from witnessmark.model.hosts import Host

CONNECTION = ("connection", "address", "port", "user", "connect_timeout_s", "lab")
"""What an inventory may have changed meanwhile: how a host is reached, not what it is."""


def gone(past: Past) -> bool:
    """A stand-in's inventory lies in its state folder and goes with it."""
    return all(host.origin is Origin.STAND_IN for host in past.begun.plan.hosts) and any(
        not Path(item).exists() for item in past.begun.inventories
    )


def hosts_now(past: Past, files: Sequence[Path]) -> tuple[Host, ...]:
    """The run's hosts as the inventories describe them now.

    Raises:
        UsageError: if the journal names no inventory.
        ContentError: if one cannot be read or lacks a host; says that another may be named.
    """
    if not files:
        raise UsageError("the run's journal names no inventory; name it with -i")
    names = [host.name for host in past.begun.plan.hosts]
    try:
        found = {host.name: host for host in inventory.load(files, limit=names).hosts}
    except ContentError as error:
        raise ContentError(
            [*error.problems, "mend it, or name another inventory with -i"]
        ) from error
    return tuple(found[name] for name in names)


def obstacles(past: Past, hosts: Sequence[Host]) -> Iterator[str]:
    """Why the run cannot be finished as it was begun."""
    begun = past.begun
    if begun.tool != TOOL:
        yield f"it was begun by {begun.tool}, and this is {TOOL}"
    if begun.content_sha256 != digest(content()):
        yield "the scenarios or the analytic were changed since"
    catalogue = {item.id: item for item in scenarios.load_all()}
    for case in past.cases:
        known = catalogue.get(case.scenario.id)
        profile = None if case.control else begun.plan.profile
        if known is None or in_profile(known, profile) != case.scenario:
            yield f"the scenario {case.scenario.id} was changed since"
    for old, now in zip(begun.plan.hosts, hosts, strict=True):
        if not now.lab:
            yield f"{now.name} is not declared a lab host any more"
        same = replace(bare(now), **{name: getattr(old, name) for name in CONNECTION})
        if same != old or (begun.plan.notice and _way(now) != _way(old)):
            yield f"{now.name} is described otherwise in the inventory now"
    yield from _unannounced(past)


def _way(host: Host) -> tuple[object, ...]:
    """How a host is reached, as a notice to the SOC tells it."""
    return (host.connection, host.user, host.address, host.port)


def _unannounced(past: Past) -> Iterator[str]:
    """A notice announces every mark of a run: what it does not announce is never played."""
    left = [host.name for host in past.begun.plan.hosts if host.name not in past.done]
    if past.begun.plan.notice and rest(past, left)[1]:
        yield "controls would have to be played again, and its notice does not announce their marks"
