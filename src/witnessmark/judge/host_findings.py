"""What a run says of a host itself: how it protects itself, its clock, its sensors.

These stand beside the cases and never change a verdict: a Mac without Gatekeeper can still record
and detect all that is asked here. What a host did not tell is an error (nobody could look).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from witnessmark.judge.match import clock_uncertainty
from witnessmark.model.verdicts import HostFinding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from witnessmark.model.run import Collection, HostFacts, RunRecord

UNTOLD = "the host did not tell"
SIP = "System Integrity Protection status: "


def host_findings(record: RunRecord, tolerance_s: float) -> tuple[HostFinding, ...]:
    """Every finding about every host, in the record's order.

    Args:
        record: the run, with what each host said of itself.
        tolerance_s: how far a clock may be off, or move during the run, in seconds.
    """
    return tuple(
        found
        for facts in record.facts
        for found in (
            *standing(facts, tolerance_s),
            *_sensors(facts, record),
            *_deployed(facts),
        )
    )


def standing(facts: HostFacts, tolerance_s: float) -> tuple[HostFinding, ...]:
    """How a host protects itself, and whether its clock can be compared with ours."""
    return (_gatekeeper(facts), _sip(facts), _safari(facts), _clock(facts, tolerance_s))


def _gatekeeper(facts: HostFacts) -> HostFinding:
    status, message = {
        "assessments enabled": (Status.PASS, "Gatekeeper assesses what is opened"),
        "assessments disabled": (
            Status.FAIL,
            "Gatekeeper is off: nothing is assessed",
        ),
    }.get(facts.gatekeeper, (Status.ERROR, UNTOLD))
    return _found(facts, "gatekeeper", status, message, facts.gatekeeper)


def _sip(facts: HostFacts) -> HostFinding:
    state = facts.sip.removeprefix(SIP).rstrip(".") if facts.sip.startswith(SIP) else ""
    status, message = {
        "enabled": (Status.PASS, "System Integrity Protection is on"),
        "disabled": (Status.FAIL, "System Integrity Protection is off: root may change the system"),
    }.get(state, (Status.ERROR, UNTOLD if not facts.sip else "only part of it is known"))
    return _found(facts, "sip", status, message, facts.sip)


def _safari(facts: HostFacts) -> HostFinding:
    said = facts.safari_safe_downloads
    if said == "absent" and facts.origin == "mac":
        why = "Safari opens files it takes for safe: AutoOpenSafeDownloads is not set, "
        why += "and on is its default"
        return _found(facts, "safari-safe-downloads", Status.FAIL, why, said)
    status, message = {
        "0": (Status.PASS, "Safari opens no download by itself"),
        "1": (
            Status.FAIL,
            "Safari opens files it takes for safe: AutoOpenSafeDownloads is on",
        ),
    }.get(said, (Status.ERROR, UNTOLD))
    return _found(facts, "safari-safe-downloads", status, message, said)


def _clock(facts: HostFacts, tolerance_s: float) -> HostFinding:
    start, end = facts.clock_offset_s, facts.clock_offset_end_s
    if start is None or end is None:
        when = "before its first case" if start is None else "after its last case"
        return _found(facts, "clock", Status.ERROR, f"its clock was not measured {when}", "")
    unsure = clock_uncertainty(facts)
    observed = f"{start:g} s ahead before its cases, {end:g} s after them, each \u00b1 {unsure:g} s"
    moved, off = abs(end - start), max(abs(start), abs(end))
    if moved - 2 * unsure > tolerance_s:
        return _found(facts, "clock", Status.FAIL, "its clock jumped during the run", observed)
    if off - unsure > tolerance_s:
        message = f"its clock is off by more than {tolerance_s:g} s"
        return _found(facts, "clock", Status.FAIL, message, observed)
    if max(moved + 2 * unsure, off + unsure) > tolerance_s:
        message = f"whether its clock is right within {tolerance_s:g} s was measured too coarsely"
        return _found(facts, "clock", Status.ERROR, message, observed)
    return _found(facts, "clock", Status.PASS, "its clock can be compared", observed)


def _sensors(facts: HostFacts, record: RunRecord) -> Iterator[HostFinding]:
    for item in record.collections:
        if item.host == facts.name:
            yield _sensor(facts, item)


def _sensor(facts: HostFacts, item: Collection) -> HostFinding:
    name = f"sensor {item.source}"
    if item.problem:
        return _found(facts, name, Status.ERROR, f"it could not be read: {item.problem}", "")
    if not item.chunks:
        message = "it said nothing at all during the run: it may lack the right to watch"
        return _found(facts, name, Status.FAIL, message, "0 bytes")
    observed = f"{item.chunks[-1][0]} bytes"
    return _found(facts, name, Status.PASS, "it wrote during the run", observed)


def _deployed(facts: HostFacts) -> Iterator[HostFinding]:
    """Which sensor, policy and rule were in place; nothing where the inventory asks for none."""
    for item in facts.sensors:
        name = f"deployed {item.source}"
        told = [("version", item.version), ("policy", item.policy), ("rule", item.rule_sha256)]
        observed = ", ".join(f"{what} {value}" for what, value in told if value)
        if item.problem:
            yield _found(facts, name, Status.ERROR, f"not known: {item.problem}", observed)
        elif observed:
            yield _found(facts, name, Status.PASS, "what is deployed is known", observed)


def _found(facts: HostFacts, name: str, status: Status, message: str, observed: str) -> HostFinding:
    return HostFinding(
        host=facts.name, name=name, status=status, message=message, observed=observed
    )
